// Writes the pages of docs/ that are made from the code as a whole; a test checks that they are current.
import { writeFileSync } from 'node:fs';
import { apiPage } from './api-page.ts';
import { catalogueFieldsPage } from './catalogue-fields.ts';
import { costPage } from './cost-page.ts';
import { errorPage } from './error-page.ts';
import { parameterPage } from './parameter-page.ts';
import { permissionPage } from './permission-page.ts';

/** File -> text. */
export const referencePages = (): Record<string, string> => ({
  'docs/api.md': apiPage(),
  'docs/catalogue-fields.md': catalogueFieldsPage(),
  'docs/costs.md': costPage(),
  'docs/deployment-parameters.md': parameterPage(),
  'docs/errors.md': errorPage(),
  'docs/permissions.md': permissionPage(),
});

if (import.meta.main)
  for (const [file, text] of Object.entries(referencePages()))
    writeFileSync(new URL(`../${file}`, import.meta.url), text);
