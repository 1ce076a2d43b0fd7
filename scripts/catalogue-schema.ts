// Writes docs/access.schema.json, by which editors complete and check access.yml; a test holds the file to the shape.
import { writeFileSync } from 'node:fs';
import { toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { CatalogueData } from '../lib/catalogue-shape.ts';

/** JSON Schema of the catalogue as it is written. What spans entries is left to `npm run catalogue -- check`. */
export function catalogueSchema(): object {
  const whole = written(CatalogueData);
  const maps = Object.entries(CatalogueData.entries).flatMap(([name, schema]) => {
    const map = mapIn(schema);
    return map ? [[name, written(map)] as const] : [];
  });
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Latchkey access catalogue',
    ...whole,
    properties: { ...whole.properties, ...Object.fromEntries(maps) },
  };
}

type Parts = { type: string; wrapped?: Parts; pipe?: readonly Parts[] };

/** The map behind a field of named entries, which the converter cannot see: its first step takes anything, to look at the names. */
function mapIn(schema: Parts): GenericSchema | undefined {
  if (schema.wrapped) return mapIn(schema.wrapped);
  return schema.pipe?.find(({ type }) => type === 'record') as GenericSchema | undefined;
}

function written(schema: GenericSchema) {
  const { $schema: _, ...json } = toJsonSchema(schema, { typeMode: 'input', errorMode: 'ignore' });
  return json;
}

if (import.meta.main) writeFileSync(new URL('../docs/access.schema.json', import.meta.url), `${JSON.stringify(catalogueSchema(), null, 2)}\n`);
