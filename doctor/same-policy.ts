// Compares the meaning of two policies: ignores the order of statements, keys and lists, and treats a string like a list of one.

type Flat = ReadonlyMap<string, string>;

/**
 * The differences of two policies as `statement: path is ..., not ...`; none if they are equivalent. Sids are ignored.
 * @param found as IAM returns it
 * @param wanted as Latchkey writes it
 */
export function differences(found: unknown, wanted: unknown): string[] {
  const [a, b] = [flattened(found), flattened(wanted)];
  return [...new Set([...a.keys(), ...b.keys()])].sort().flatMap((path) => {
    const [is, should] = [a.get(path), b.get(path)];
    if (is === should) return [];
    if (is === undefined) return [`${path} is missing: ${should}`];
    return [should === undefined ? `${path} is ${is}, and should not be there` : `${path} is ${is}, not ${should}`];
  });
}

function flattened(policy: unknown): Flat {
  const statements = isObject(policy) ? [policy.Statement].flat().filter(isObject) : [];
  const flat = new Map<string, string>();
  for (const statement of statements) {
    const { Sid: _, ...rest } = statement;
    const name = `${String(statement.Effect)} ${text(statement.Action ?? statement.NotAction)}`.slice(0, 60);
    // keep two statements with the same actions apart
    const place = `${name}${flat.has(`${name}: Effect`) ? ` (${flat.size})` : ''}`;
    for (const [path, value] of leaves(rest)) flat.set(`${place}: ${path}`, value);
  }
  return flat;
}

function* leaves(value: Record<string, unknown>, prefix = ''): Generator<[string, string]> {
  for (const [key, inner] of Object.entries(value)) {
    if (isObject(inner)) yield* leaves(inner, `${prefix}${key}.`);
    else yield [`${prefix}${key}`, text(inner)];
  }
}

const text = (value: unknown): string => [value].flat().map(String).sort().join(', ');
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
