// The catalogue that goes into a deployment: access.yml at the root of the repository, or the file that LATCHKEY_CATALOGUE names.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { doubtLines, faultLines, type ReadCatalogue, readCatalogue, unreadable } from '../lib/catalogue/file.ts';
import type { CatalogueData } from '../lib/catalogue/shape.ts';

/** osls and the build are processes of their own, so `npm run package -- --catalogue FILE` tells them through the environment. */
export const catalogueVariable = 'LATCHKEY_CATALOGUE';

/** @throws Error with file, line and column of every fault, or one that says why there is no such file */
export function deployedCatalogue(): CatalogueData {
  const { data, faults } = readDeployed();
  if (data) return data;
  throw new Error(faultLines(shownFile(), faults).join('\n'));
}

/** Its warnings, one line each. Nothing of a catalogue with faults. */
export function deployedDoubts(read: ReadCatalogue = readDeployed()): string[] {
  return read.data ? doubtLines(shownFile(), read.doubts) : [];
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
