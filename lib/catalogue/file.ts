// Reads access.yml: YAML to checked data, or all errors with line and column. Used at build, package and start, never in a Lambda function.
import { type Place, readYaml } from '../common/yaml-file.ts';
import { checkCatalogue, soundPart } from './check.ts';
import type { CatalogueFinding } from './finding.ts';
import { warningsOf } from './lint.ts';
import { reachNotes } from './reach-lint.ts';
import type { CatalogueData } from './shape.ts';

export type FileFinding = { line: number; column: number; path: string; detail: string };

/** Data with warnings and notes for reviewers, or errors with the warnings about valid entries. */
export type ReadCatalogue =
  | { data: CatalogueData; errors: []; warnings: FileFinding[]; notes: FileFinding[] }
  | { data?: undefined; errors: FileFinding[]; warnings: FileFinding[] };

/**
 * Parses and checks a catalogue.
 * @param source the file's bytes, or its text
 * @param installErrors finds what cannot be installed in its accounts; only called for an otherwise valid catalogue
 */
export function readCatalogue(
  source: Uint8Array | string,
  installErrors: (data: CatalogueData) => Iterable<CatalogueFinding> = () => [],
): ReadCatalogue {
  const file = readYaml(source);
  if (!('placeOf' in file)) return { errors: file.errors.map((error) => ({ ...error, path: '' })), warnings: [] };
  const checked = checkCatalogue(file.data);
  const placed = (errors: readonly CatalogueFinding[]) => placedErrors(errors, file.placeOf);
  const uninstallable = checked.data ? [...installErrors(checked.data)] : [];
  if (!checked.data)
    return { errors: placed(checked.errors), warnings: placed(warningsBeside(soundPart(file.data, checked.errors))) };
  const warnings = placed([...warningsOf(checked.data)]);
  if (uninstallable.length > 0) return { errors: placed(uninstallable), warnings };
  return { ...checked, warnings, notes: placed([...reachNotes(checked.data)]) };
}

/** Only about accounts and roles, because other warnings may only follow from an entry that was left out. */
const warningsBeside = (data: CatalogueData | undefined): CatalogueFinding[] =>
  data ? [...warningsOf(data)].filter(({ path: [section] }) => section === 'accounts' || section === 'roles') : [];

/** `access.yml:12:5 roles.x.duration: must be ...`, one line per finding. */
export const findingLines = (file: string, errors: readonly FileFinding[]): string[] =>
  errors.map(
    ({ line, column, path, detail }) => `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${detail}`,
  );

/** The same for warnings: what is valid but probably a mistake. */
export const warningLines = (file: string, warnings: readonly FileFinding[]): string[] =>
  findingLines(file, warnings).map((line) => `warning: ${line}`);

/** Why a file could not be read; undefined if the error has nothing to do with the file. */
export function unreadable(file: string, error: unknown): string | undefined {
  switch ((error as { code?: unknown } | undefined)?.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `File ${file} not found.`;
    case 'EISDIR':
      return `${file} is a folder. Name a file.`;
    case 'EACCES':
    case 'EPERM':
      return `No permission to read ${file}.`;
    default:
      return undefined;
  }
}

/** An error in an anchor is reported once, for the first path that leads to it. */
function placedErrors(
  errors: readonly CatalogueFinding[],
  placeOf: (path: CatalogueFinding['path']) => Place,
): FileFinding[] {
  const found = new Map<string, FileFinding>();
  for (const { path, detail } of errors) {
    const { line, column } = placeOf(path);
    const key = `${line}:${column} ${path.at(-1)} ${detail}`;
    if (!found.has(key)) found.set(key, { line, column, path: path.join('.'), detail });
  }
  return [...found.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}
