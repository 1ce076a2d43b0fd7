// The catalogue that goes into a deployment: access.yml at the root of the repository.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { doubtLines, faultLines, type ReadCatalogue, readCatalogue } from '../lib/catalogue-file.ts';
import type { CatalogueData } from '../lib/catalogue-shape.ts';

const file = 'access.yml';

/** @throws Error with file, line and column of every fault */
export function deployedCatalogue(): CatalogueData {
  const { data, faults } = readDeployed();
  if (data) return data;
  throw new Error(faultLines(file, faults).join('\n'));
}

/** What it may say but probably does not mean, one line each. Nothing of a catalogue with faults. */
export function deployedDoubts(read: ReadCatalogue = readDeployed()): string[] {
  return read.data ? doubtLines(file, read.doubts) : [];
}

const readDeployed = (): ReadCatalogue => readCatalogue(readFileSync(join(import.meta.dirname, '..', file)));
