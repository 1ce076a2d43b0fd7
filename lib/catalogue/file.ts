// Reads access.yml: YAML to checked data, or every fault at once with line and column. Used at build, package and start; no Lambda carries it.
import { type Place, readYaml } from '../common/yaml-file.ts';
import { checkCatalogue, soundPart } from './check.ts';
import type { CatalogueFault } from './finding.ts';
import { doubtsOf } from './lint.ts';
import { reachNotes } from './reach-lint.ts';
import type { CatalogueData } from './shape.ts';

export type FileFault = { line: number; column: number; path: string; detail: string };

/** Data with warnings and what a reviewer should know, or errors with the warnings about entries that have none. */
export type ReadCatalogue =
  | { data: CatalogueData; faults: []; doubts: FileFault[]; notes: FileFault[] }
  | { data?: undefined; faults: FileFault[]; doubts: FileFault[] };

/**
 * Parses and checks a catalogue.
 * @param source the file's bytes, or its text
 * @param installFaults what cannot be installed in its accounts; only asked of a catalogue that is right otherwise
 */
export function readCatalogue(
  source: Uint8Array | string,
  installFaults: (data: CatalogueData) => Iterable<CatalogueFault> = () => [],
): ReadCatalogue {
  const file = readYaml(source);
  if (!('placeOf' in file)) return { faults: file.faults.map((fault) => ({ ...fault, path: '' })), doubts: [] };
  const checked = checkCatalogue(file.data);
  const placed = (faults: readonly CatalogueFault[]) => placedFaults(faults, file.placeOf);
  const uninstallable = checked.data ? [...installFaults(checked.data)] : [];
  if (!checked.data)
    return { faults: placed(checked.faults), doubts: placed(doubtsBeside(soundPart(file.data, checked.faults))) };
  const doubts = placed([...doubtsOf(checked.data)]);
  if (uninstallable.length > 0) return { faults: placed(uninstallable), doubts };
  return { ...checked, doubts, notes: placed([...reachNotes(checked.data)]) };
}

/** Only about accounts and roles: of everything else an entry that was left out may be the reason. */
const doubtsBeside = (data: CatalogueData | undefined): CatalogueFault[] =>
  data ? [...doubtsOf(data)].filter(({ path: [section] }) => section === 'accounts' || section === 'roles') : [];

/** `access.yml:12:5 roles.x.duration: must be ...`, one line per fault. */
export const faultLines = (file: string, faults: readonly FileFault[]): string[] =>
  faults.map(
    ({ line, column, path, detail }) => `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${detail}`,
  );

/** The same for warnings: what is valid but probably a mistake. */
export const doubtLines = (file: string, doubts: readonly FileFault[]): string[] =>
  faultLines(file, doubts).map((line) => `warning: ${line}`);

/** Why a file could not be read, for whoever named it; undefined for a fault that has nothing to do with the file. */
export function unreadable(file: string, error: unknown): string | undefined {
  switch ((error as { code?: unknown } | undefined)?.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `There is no file ${file}.`;
    case 'EISDIR':
      return `${file} is a folder; name the file in it.`;
    case 'EACCES':
    case 'EPERM':
      return `${file} may not be read by you.`;
    default:
      return undefined;
  }
}

/** What an anchor says wrong is said once, by the first path that comes to it. */
function placedFaults(
  faults: readonly CatalogueFault[],
  placeOf: (path: CatalogueFault['path']) => Place,
): FileFault[] {
  const found = new Map<string, FileFault>();
  for (const { path, detail } of faults) {
    const { line, column } = placeOf(path);
    const key = `${line}:${column} ${path.at(-1)} ${detail}`;
    if (!found.has(key)) found.set(key, { line, column, path: path.join('.'), detail });
  }
  return [...found.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}
