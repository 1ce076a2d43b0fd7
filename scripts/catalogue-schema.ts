// Writes docs/access.schema.json, by which editors complete and check access.yml; a test holds the file to the shape.
import { writeFileSync } from 'node:fs';
import { toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { CatalogueData } from '../lib/catalogue/shape.ts';
import { objectBehind } from '../lib/common/strict-object.ts';
import { durationPattern } from '../lib/common/time.ts';
import { words } from './catalogue-words.ts';

/** JSON Schema of the catalogue as it is written. What spans entries is left to `npm run catalogue -- check`. */
export function catalogueSchema(): object {
  const whole = written(CatalogueData);
  const maps = Object.entries(CatalogueData.entries).flatMap(([name, schema]) => {
    const map = mapIn(schema);
    return map ? [[name, written(map)] as const] : [];
  });
  const schema = described(
    { ...whole, properties: { ...whole.properties, ...Object.fromEntries(maps) } },
    '',
  ) as object;
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'Latchkey access catalogue', ...schema };
}

/**
 * The key in `words` for the entry at a place: the longest end of the place that there are words for.
 * @param place names with dots between them, `*` for a name of the author's choice
 * @throws Error where there are none
 */
export function wordsFor(place: string): string {
  for (let end = place; ; end = end.slice(end.indexOf('.') + 1)) {
    if (Object.hasOwn(words, end)) return end;
    if (!end.includes('.')) throw new Error(`scripts/catalogue-words.ts has nothing for ${place}`);
  }
}

/** The schema with words at every entry. */
function described(part: unknown, place: string): unknown {
  if (Array.isArray(part)) return part.map((one) => described(one, place));
  if (typeof part !== 'object' || part === null) return part;
  const inside = (name: string) => (place === '' ? name : `${place}.${name}`);
  return Object.fromEntries(
    Object.entries(part).map(([name, inner]) => {
      if (name === 'properties') {
        const entries = Object.entries(inner as Record<string, object>);
        return [
          name,
          Object.fromEntries(
            entries.map(([key, one]) => [
              key,
              { description: words[wordsFor(inside(key))], ...(described(one, inside(key)) as object) },
            ]),
          ),
        ];
      }
      return [name, described(inner, name === 'additionalProperties' ? inside('*') : place)];
    }),
  );
}

const messageOf = (action: object): string | undefined =>
  'message' in action && typeof action.message === 'string' ? action.message : undefined;

type Parts = { type: string; wrapped?: Parts; pipe?: readonly Parts[] };

/** The map behind a field of named entries, which the converter cannot see: its first step takes anything, to look at the names. */
function mapIn(schema: Parts): GenericSchema | undefined {
  if (schema.wrapped) return mapIn(schema.wrapped);
  return schema.pipe?.find(({ type }) => type === 'record') as GenericSchema | undefined;
}

function written(schema: GenericSchema) {
  const { $schema: _, ...json } = toJsonSchema(schema, {
    typeMode: 'input',
    errorMode: 'ignore',
    overrideSchema: ({ valibotSchema }) => {
      const object = objectBehind(valibotSchema);
      return object && written(object);
    },
    // a check is code, which no schema holds; that of a duration has a form that can be written down
    overrideAction: ({ valibotAction, jsonSchema }) =>
      messageOf(valibotAction)?.startsWith('must be a duration')
        ? { ...jsonSchema, pattern: durationPattern }
        : undefined,
  });
  return json;
}

if (import.meta.main)
  writeFileSync(
    new URL('../docs/access.schema.json', import.meta.url),
    `${JSON.stringify(catalogueSchema(), null, 2)}\n`,
  );
