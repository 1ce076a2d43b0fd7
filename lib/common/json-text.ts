// Finds duplicate members in JSON, which JSON.parse accepts silently.

type Open = { names: Set<string> | undefined; at: string | number };

/** A string or a structural character (RFC 8259, 2). */
const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

/**
 * @param text valid JSON
 * @returns a path of names and indexes for each duplicate member; names are compared after unescaping
 */
export function repeatedMembers(text: string): Array<Array<string | number>> {
  const found: Array<Array<string | number>> = [];
  const open: Open[] = [];
  let before = '';
  for (const [part] of text.matchAll(token)) {
    const inner = open.at(-1);
    if (part === '{') open.push({ names: new Set(), at: '' });
    else if (part === '[') open.push({ names: undefined, at: 0 });
    else if (part === '}' || part === ']') open.pop();
    else if (part === ',' && typeof inner?.at === 'number') inner.at += 1;
    else if (inner?.names && part !== ':' && part !== ',' && (before === '{' || before === ',')) {
      inner.at = JSON.parse(part) as string;
      if (inner.names.has(inner.at)) found.push(open.map(({ at }) => at));
      inner.names.add(inner.at);
    }
    before = part;
  }
  return found;
}
