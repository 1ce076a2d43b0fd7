// Reads a YAML file that a person wrote: its data with the place of every part, or all errors with line and column.
import {
  type Alias,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import { textOfFile } from './text-file.ts';

/** Line and column count from 1. */
export type Place = { line: number; column: number };
export type YamlError = Place & { detail: string };
type Path = ReadonlyArray<string | number>;
export type YamlFile =
  /** `placeOf`: the place of the deepest part of the path that exists, which is the key of an entry or the item of a list */
  { data: unknown; placeOf(path: Path): Place; errors: [] } | { data?: undefined; errors: YamlError[] };

/** How many values a file may have with its aliases expanded. A list of a thousand people in a thousand roles is one million. */
const MOST_VALUES = 2_000_000;

/** @param source a file's bytes, or text that is known to be UTF-8 */
export function readYaml(source: Uint8Array | string): YamlFile {
  const decoded = typeof source === 'string' ? { text: source } : textOfFile(source);
  if ('error' in decoded) return { errors: [decoded.error] };
  const lines = new LineCounter();
  // merge keys (<<) are not part of YAML 1.2, but authors know them from other tools
  const document = parseDocument(decoded.text, {
    lineCounter: lines,
    uniqueKeys: true,
    stringKeys: true,
    merge: true,
    schema: 'core',
  });
  const anchors = new Map<Alias, Node>();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const errors = [...syntaxErrors(document), ...aliasErrors(document, anchors)];
  if (errors.length > 0) return { errors: errors.map(({ offset, detail }) => ({ ...placeAt(offset), detail })) };
  // countErrors limits aliases by their expanded size
  return {
    data: document.toJS({ maxAliasCount: -1 }),
    placeOf: (path) => placeAt(offsetOf(document.contents, path, anchors)),
    errors: [],
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

type Located = { offset: number; detail: string };

function syntaxErrors({ errors, warnings }: Document): Located[] {
  const tooDeep = errors.find(({ message }) => message.startsWith('Maximum call stack'));
  if (tooDeep) return [{ offset: tooDeep.pos[0], detail: 'is nested too deeply' }];
  return [...errors, ...warnings].map(({ pos, message }) => ({
    offset: pos[0],
    detail: message.split('\n')[0]!.replace(/^With stringKeys, | at line \d+, column \d+:?$/g, ''),
  }));
}

/** Invalid or too large aliases and merges, whose place the parser does not report. Fills in the node that each alias stands for. */
function aliasErrors(document: Document, anchors: Map<Alias, Node>): Located[] {
  const errors: Located[] = [];
  const named = new Map<string, Node>();
  visit(document, {
    Node(_, node, path) {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) named.set(node.anchor, node);
        return;
      }
      const target = named.get(node.source);
      if (!target) errors.push({ offset: startOf(node), detail: `no anchor &${node.source} before this alias` });
      else if (path.includes(target))
        errors.push({
          offset: startOf(node),
          detail: `*${node.source} is inside &${node.source}, so it would contain itself`,
        });
      else anchors.set(node, target);
    },
  });
  if (errors.length > 0) return errors;
  visit(document, {
    Pair(_, pair) {
      if (!isMerge(pair) || mergedInto(pair, anchors)) return;
      errors.push({
        offset: startOf(pair.value ?? pair.key),
        detail: '<< merges maps: give it a map, an alias of a map, or a list of these',
      });
    },
  });
  return errors.length > 0 ? errors : countErrors(document, anchors);
}

function countErrors({ contents }: Document, anchors: ReadonlyMap<Alias, Node>): Located[] {
  const counts = new Map<unknown, number>();
  const countOf = (node: unknown): number => {
    const known = counts.get(node);
    if (known !== undefined) return known;
    const count = partsOf(node, anchors).reduce((sum: number, part) => sum + countOf(part), 1);
    counts.set(node, count);
    return count;
  };
  const all = countOf(contents);
  if (all <= MOST_VALUES) return [];
  const [largest] = [...anchors.keys()].sort((a, b) => countOf(b) - countOf(a) || startOf(a) - startOf(b));
  const detail = largest
    ? `*${largest.source} repeats so much that the file has more than ${MOST_VALUES.toLocaleString('en')} values with its aliases expanded`
    : `has more than ${MOST_VALUES.toLocaleString('en')} values`;
  return [{ offset: startOf(largest), detail }];
}

function partsOf(node: unknown, anchors: ReadonlyMap<Alias, Node>): unknown[] {
  if (isAlias(node)) return [anchors.get(node)];
  if (isCollection(node)) return node.items;
  return isPair(node) ? [node.value] : [];
}

const isMerge = ({ key }: Pair<unknown, unknown>): boolean =>
  isScalar(key) && key.value === '<<' && key.type === 'PLAIN';

/** The maps that a merge key takes entries from; undefined if its value has anything other than maps. */
function mergedInto({ value }: Pair<unknown, unknown>, anchors: ReadonlyMap<Alias, Node>): unknown[] | undefined {
  const meant = (node: unknown) => (isAlias(node) ? anchors.get(node) : node);
  const from = meant(value);
  const maps = isSeq(from) ? from.items.map(meant) : [from];
  return maps.every(isMap) ? maps : undefined;
}

/** The start of the deepest part of the path that exists. */
function offsetOf(root: unknown, path: Path, anchors: ReadonlyMap<Alias, Node>): number {
  let node = root;
  let offset = startOf(root);
  for (const part of path) {
    const found = childOf(isAlias(node) ? anchors.get(node) : node, part, anchors);
    if (!found) break;
    offset = startOf(found.at);
    node = found.node;
  }
  return offset;
}

function childOf(
  node: unknown,
  part: string | number,
  anchors: ReadonlyMap<Alias, Node>,
): { at: unknown; node: unknown } | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(part)];
    return item === undefined ? undefined : { at: item, node: item };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
  if (pair) return { at: pair.key, node: pair.value };
  for (const merge of node.items.filter(isMerge))
    for (const source of mergedInto(merge, anchors) ?? []) {
      const found = childOf(source, part, anchors);
      if (found) return found;
    }
  return undefined;
}

const startOf = (node: unknown): number => (node as Node | null | undefined)?.range?.[0] ?? 0;
