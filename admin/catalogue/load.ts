// Opens a catalogue file for an admin command, or says why it cannot be read.
import { readFileSync } from 'node:fs';
import { type Catalogue, openCatalogue, type Role } from '../../lib/catalogue/catalogue.ts';
import { findingLines, type ReadCatalogue, readCatalogue, unreadable } from '../../lib/catalogue/file.ts';
import type { CatalogueData } from '../../lib/catalogue/shape.ts';
import { didYouMean } from '../../lib/common/suggestion.ts';
import { installErrors } from '../../lib/target/target.ts';
import { CannotAnswer } from '../answer.ts';
import { sizeErrors } from '../template-text.ts';

/** @throws CannotAnswer if the file is missing or cannot be read */
export function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const reason = unreadable(file, error);
    throw reason === undefined ? error : new CannotAnswer(reason);
  }
}

/** Also reports what `target` would refuse, so that a valid catalogue can be installed. */
export const readFile = (file: string): ReadCatalogue =>
  readCatalogue(bytesOf(file), (data) => installErrors(data, sizeErrors));

/** @throws CannotAnswer with all errors of the file */
export function loadCatalogue(file: string): { data: CatalogueData; catalogue: Catalogue } {
  const { data, errors } = readFile(file);
  if (!data) throw new CannotAnswer(findingLines(file, errors).join('\n'), 1);
  return { data, catalogue: openCatalogue(data) };
}

/** @throws CannotAnswer with a suggestion for an unknown ID */
export function roleNamed(catalogue: Catalogue, id: string): Role {
  const role = catalogue.roles.get(id);
  if (role) return role;
  const ofTemplate = [...catalogue.roles.values()].filter(({ entry }) => entry === id).map((one) => one.id);
  const hint =
    ofTemplate.length > 0
      ? `; it is a template, so name one of its roles: ${ofTemplate.slice(0, 5).join(', ')}${ofTemplate.length > 5 ? ', ...' : ''}`
      : didYouMean(id, catalogue.roles.keys());
  throw new CannotAnswer(`Role "${id}" not found${hint}`);
}
