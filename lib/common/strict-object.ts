// Objects in a body as they were sent: no member that is not known, none left out without a word, and no list in their place.
import * as v from 'valibot';

/** What an unknown member of an object is told, and a list where an object is expected. */
export const unknownField = 'is not a known field';
export const noObject = 'must be an object';

/** valibot takes a list for an object. This step before an object refuses it, and carries the object for whoever describes the shape. */
const noList = <Shape extends v.GenericSchema>(object: Shape) => ({
  ...v.custom<v.InferInput<Shape>>((input) => !Array.isArray(input), noObject),
  object,
});

/** The object behind a step that refuses lists: what a JSON Schema has in the place of the step. */
export const objectBehind = (step: object): v.GenericSchema | undefined =>
  'object' in step ? (step.object as v.GenericSchema) : undefined;

/** Names and values. valibot's own record leaves out names such as `__proto__` without a word; here they are refused. */
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

/** An object with these members and no others. Every unknown one is named, where valibot's own check stops at the first. */
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
