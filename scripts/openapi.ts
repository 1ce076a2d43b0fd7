// Writes docs/openapi.json; a test holds the file to what the routes say.
import { writeFileSync } from 'node:fs';
import { version } from '../lib/common/version.ts';
import { openApiDocument } from '../lib/http/openapi.ts';

writeFileSync(
  new URL('../docs/openapi.json', import.meta.url),
  `${JSON.stringify(openApiDocument(version), null, 2)}\n`,
);
