// Strict objects for valibot: unknown members, reserved names and lists in place of objects are errors.
import * as v from 'valibot';

/** Messages for an unknown member, and for a list where an object is expected. */
export const unknownField = 'is not a known field';
export const noObject = 'must be an object';

/** valibot accepts a list as an object. This step rejects it, and carries the object for generators of schemas. */
const noList = <Shape extends v.GenericSchema>(object: Shape) => ({
  ...v.custom<v.InferInput<Shape>>((input) => !Array.isArray(input), noObject),
  object,
});

/** The object behind a step that rejects lists, which a JSON Schema has in place of the step. */
export const objectBehind = (step: object): v.GenericSchema | undefined =>
  'object' in step ? (step.object as v.GenericSchema) : undefined;

/** A record of names and values. valibot's own record silently drops names such as `__proto__`; here they are errors. */
export const named = <Value extends v.GenericSchema>(name: v.GenericSchema<string>, value: Value) => {
  const record = v.record(name, value);
  return v.pipe(
    noList(record),
    v.rawCheck(({ dataset, addIssue }) => {
      const input: Record<string, unknown> = dataset.typed ? Object(dataset.value) : {};
      for (const key of ['__proto__', 'prototype', 'constructor'].filter((reserved) => Object.hasOwn(input, reserved)))
        addIssue({ message: unknownField, path: [{ type: 'object', origin: 'key', input, key, value: input[key] }] });
    }),
    record,
  );
};

/** An object with these members and no others. Reports every unknown member, where valibot's own check stops at the first. */
export const strict = <const Entries extends v.ObjectEntries>(entries: Entries) => {
  const object = v.strictObject(entries);
  const shape = v.pipe(
    noList(object),
    object,
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
  return { ...shape, entries };
};
