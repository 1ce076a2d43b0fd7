// The catalogue that goes into a deployment: access.yml at the root of the repository.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { faultLines, readCatalogue } from '../lib/catalogue-file.ts';
import type { CatalogueData } from '../lib/catalogue-shape.ts';

/** @throws Error with file, line and column of every fault */
export function deployedCatalogue(): CatalogueData {
  const file = 'access.yml';
  const { data, faults } = readCatalogue(readFileSync(join(import.meta.dirname, '..', file), 'utf8'));
  if (data) return data;
  throw new Error(faultLines(file, faults).join('\n'));
}
