// The catalogue that goes into a deployment: access.yml at the root of the repository, or the file that LATCHKEY_CATALOGUE names.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { findingLines, type ReadCatalogue, readCatalogue, unreadable, warningLines } from '../lib/catalogue/file.ts';
import type { CatalogueData } from '../lib/catalogue/shape.ts';

/** osls and the build are processes of their own, so `npm run package -- --catalogue FILE` tells them through the environment. */
export const catalogueVariable = 'LATCHKEY_CATALOGUE';

/** @throws Error with file, line and column of every error, or one that says why there is no such file */
export function deployedCatalogue(): CatalogueData {
  const { data, errors } = readDeployed();
  if (data) return data;
  throw new Error(findingLines(shownFile(), errors).join('\n'));
}

/** Its warnings, one line each. Nothing of a catalogue with errors. */
export function deployedWarnings(read: ReadCatalogue = readDeployed()): string[] {
  return read.data ? warningLines(shownFile(), read.warnings) : [];
}

const fileOf = (): string => process.env[catalogueVariable] || join(import.meta.dirname, '..', 'access.yml');
const shownFile = (): string => relative(process.cwd(), fileOf());

function readDeployed(): ReadCatalogue {
  try {
    return readCatalogue(readFileSync(fileOf()));
  } catch (error) {
    const reason = unreadable(shownFile(), error);
    throw reason === undefined ? error : new Error(reason);
  }
}
