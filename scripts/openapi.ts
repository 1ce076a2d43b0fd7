// Writes docs/openapi.json; a test holds the file to what the routes say.
import { writeFileSync } from 'node:fs';
import { openApiDocument } from '../lib/openapi.ts';
import { version } from '../lib/version.ts';

writeFileSync(
  new URL('../docs/openapi.json', import.meta.url),
  `${JSON.stringify(openApiDocument(version), null, 2)}\n`,
);
