// Writes docs/access.schema.json, by which editors complete and check access.yml; a test holds the file to the shape.
import { writeFileSync } from 'node:fs';
import { toJsonSchema } from '@valibot/to-json-schema';
import { CatalogueData } from '../lib/catalogue-shape.ts';

/** JSON Schema of the catalogue as it is written. What spans entries is left to `npm run catalogue -- check`. */
export const catalogueSchema = (): object => ({
  ...toJsonSchema(CatalogueData, { typeMode: 'input', errorMode: 'ignore' }),
  title: 'Latchkey access catalogue',
});

if (import.meta.main) writeFileSync(new URL('../docs/access.schema.json', import.meta.url), `${JSON.stringify(catalogueSchema(), null, 2)}\n`);
