// Objects in a body as they were sent: no member that is not known, none left out without a word, and no list in their place.
import * as v from 'valibot';

/** What an unknown member of an object is told. */
export const unknownField = 'is not a known field';

/** A schema of objects for which a list is none, as it is for valibot's own. */
const noList = <Schema extends v.GenericSchema>(schema: Schema): Schema => ({
  ...schema,
  '~run': (dataset, config) => schema['~run'](Array.isArray(dataset.value) ? { value: null } : dataset, config),
});

/** Names and values. valibot's own record leaves out names such as `__proto__` without a word; here they are refused. */
export const named = <Value extends v.GenericSchema>(name: v.GenericSchema<string>, value: Value) => {
  const record = noList(v.record(name, value));
  const run: (typeof record)['~run'] = (dataset, config) => {
    const input = dataset.value as Record<string, unknown> | null;
    const judged = record['~run'](dataset, config);
    for (const [key, held] of Object.entries(input ?? {})) {
      if (!v._isValidObjectKey(input ?? {}, key))
        v._addIssue(record, 'key', judged, config, {
          message: unknownField,
          path: [{ type: 'object', origin: 'key', input: input ?? {}, key, value: held }],
        });
    }
    return judged;
  };
  return { ...record, '~run': run };
};

/** An object with these members and no others. Every unknown one is named, where valibot's own check stops at the first. */
export const strict = <const Entries extends v.ObjectEntries>(entries: Entries) =>
  v.pipe(
    noList(v.strictObject(entries)),
    v.rawCheck(({ dataset, addIssue }) => {
      const first = dataset.issues?.find(
        ({ type, expected, path }) => type === 'strict_object' && expected === 'never' && path?.length === 1,
      )?.path?.[0];
      const input = (first?.input ?? {}) as Record<string, unknown>;
      for (const [key, value] of Object.entries(input)) {
        if (!Object.hasOwn(entries, key) && key !== first?.key)
          addIssue({ message: unknownField, path: [{ type: 'object', origin: 'key', input, key, value }] });
      }
    }),
  );
