// Reads access.yml: YAML to checked data, or every fault at once with line and column. Used at build, package and start; no Lambda carries it.
import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { type CatalogueFault, checkCatalogue } from './catalogue-check.ts';
import { doubtsOf } from './catalogue-doubts.ts';
import type { CatalogueData } from './catalogue-shape.ts';
import { reachNotes } from './reach-lint.ts';

export type FileFault = { line: number; column: number; path: string; detail: string };

/** Data with what is allowed but probably not meant and what a reviewer should know, or what is wrong. */
export type ReadCatalogue =
  | { data: CatalogueData; faults: []; doubts: FileFault[]; notes: FileFault[] }
  | { data?: undefined; faults: FileFault[] };

/**
 * Parses and checks the text of a catalogue.
 * @param installFaults what cannot be installed in its accounts; only asked of a catalogue that is right otherwise
 */
export function readCatalogue(
  text: string,
  installFaults: (data: CatalogueData) => Iterable<CatalogueFault> = () => [],
): ReadCatalogue {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    stringKeys: true,
    merge: false,
    schema: 'core',
  });
  const broken = [...document.errors, ...document.warnings, ...danglingAliases(document)].map(
    ({ pos, message }): FileFault => {
      const { line, col } = lines.linePos(pos[0]);
      return {
        line,
        column: col,
        path: '',
        detail: message.split('\n')[0]!.replace(/^With stringKeys, | at line \d+, column \d+:?$/g, ''),
      };
    },
  );
  if (broken.length > 0) return { faults: broken };

  const checked = checkCatalogue(document.toJS({ maxAliasCount: 100 }));
  const placed = (faults: readonly CatalogueFault[]) =>
    faults
      .map(({ path, detail }): FileFault => {
        const { line, col } = lines.linePos(offsetOf(document.contents, path));
        return { line, column: col, path: path.join('.'), detail };
      })
      .sort((a, b) => a.line - b.line || a.column - b.column);
  const uninstallable = checked.data ? [...installFaults(checked.data)] : [];
  if (uninstallable.length > 0) return { faults: placed(uninstallable) };
  return checked.data
    ? { ...checked, doubts: placed([...doubtsOf(checked.data)]), notes: placed([...reachNotes(checked.data)]) }
    : { faults: placed(checked.faults) };
}

/** `access.yml:12:5 roles.x.duration: must be ...`, one line per fault. */
export const faultLines = (file: string, faults: readonly FileFault[]): string[] =>
  faults.map(
    ({ line, column, path, detail }) => `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${detail}`,
  );

/** The same for what is allowed but probably not meant. */
export const doubtLines = (file: string, doubts: readonly FileFault[]): string[] =>
  faultLines(file, doubts).map((line) => `doubt: ${line}`);

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

/** Aliases without an anchor before them, which the reader itself finds too late to say where. */
function danglingAliases(document: Document): Array<{ pos: [number]; message: string }> {
  const found: Array<{ pos: [number]; message: string }> = [];
  visit(document, {
    Alias(_, alias) {
      if (!alias.resolve(document))
        found.push({ pos: [startOf(alias)], message: `there is no anchor &${alias.source} before this alias` });
    },
  });
  return found;
}

/** Where the deepest part of the path that exists begins: the key of an entry, or the item of a list. */
function offsetOf(root: unknown, path: ReadonlyArray<string | number>): number {
  let node: unknown = root;
  let offset = startOf(root);
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (!pair) break;
      offset = startOf(pair.key);
      node = pair.value;
    } else {
      node = (node as { get?: (key: unknown, keep: boolean) => unknown } | null)?.get?.(part, true);
      if (node === undefined) break;
      offset = startOf(node);
    }
  }
  return offset;
}

const startOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0;
