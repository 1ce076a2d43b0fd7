// Which request was the grant for a role the last time, so that credentials take one call. Wrong memories cost one more call and nothing else.
import { parsedJson } from './json-text.ts';
import { grantsPath } from './places.ts';
import { readText, withLock, writeWhole } from './whole-file.ts';
import type { World } from './world.ts';

type Remembered = Record<string, { id: string; endsAt: number }>;

const keyOf = (url: string, who: string, role: string): string => `${url} ${who} ${role}`;

export function recallGrant(world: World, url: string, who: string, role: string): string | undefined {
  const found = readAll(world)[keyOf(url, who, role)];
  return found && found.endsAt > world.now() && typeof found.id === 'string' ? found.id : undefined;
}

/** @param endsAt epoch milliseconds */
export async function rememberGrant(
  world: World,
  url: string,
  who: string,
  role: string,
  id: string,
  endsAt: number,
): Promise<void> {
  const key = keyOf(url, who, role);
  const known = readAll(world)[key];
  if (known?.id === id && known.endsAt === endsAt) return;
  await withLock(world, grantsPath(world), () => {
    const live = Object.entries(readAll(world)).filter(([, grant]) => grant.endsAt > world.now());
    writeWhole(grantsPath(world), JSON.stringify({ ...Object.fromEntries(live), [key]: { id, endsAt } }), {
      mode: 0o600,
    });
  });
}

function readAll(world: World): Remembered {
  const text = readText(grantsPath(world));
  if (text === undefined) return {};
  const found = parsedJson(text);
  if (
    found !== null &&
    typeof found === 'object' &&
    Object.values(found).every((grant) => typeof grant?.endsAt === 'number')
  )
    return found as Remembered;
  world.err(`latchkey: ${grantsPath(world)} is damaged and is ignored.\n`);
  return {};
}
