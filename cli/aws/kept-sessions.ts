// The sessions that `--cache` keeps: one 0600 file per role or request, used until shortly before it expires.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HOUR, MINUTE, SECOND } from '../../lib/common/time.ts';
import type { CredentialsView } from '../../lib/http/answers.ts';
import { jsonObject } from '../machine/json-text.ts';

import { sessionPath, sessionsDirectory } from '../machine/places.ts';
import { readText, writeWhole } from '../machine/whole-file.ts';
import type { World } from '../machine/world.ts';
import { isLastSession, marginOf } from './session-end.ts';

/** The deployment, caller and role or request of a session; it is used only if all match. `at`: when it was issued, in epoch milliseconds. */
type Kept = { url: string; who: string; target: string; at?: number; credentials: CredentialsView };

/** A kept session that is not close to its end: 5 minutes or a third of its length left, or 30 seconds if the grant allows no newer one. */
export function recallSession(world: World, url: string, who: string, target: string): CredentialsView | undefined {
  const path = sessionPath(world, target);
  const text = readText(path);
  if (text === undefined) return undefined;
  const kept = parsed(text);
  if (!kept) {
    world.err(`latchkey: ${path} is damaged and is ignored.\n`);
    return undefined;
  }
  if (kept.url !== url || kept.who !== who || kept.target !== target) return undefined;
  const end = Date.parse(kept.credentials.Expiration);
  const length = kept.at === undefined ? HOUR : end - kept.at;
  const needed = isLastSession(kept.credentials) ? 30 * SECOND : marginOf(5 * MINUTE, length);
  return end - world.now() > needed ? kept.credentials : undefined;
}

export const keepSession = (
  world: World,
  url: string,
  who: string,
  target: string,
  credentials: CredentialsView,
): void =>
  writeWhole(
    sessionPath(world, target),
    JSON.stringify({ url, who, target, at: world.now(), credentials } satisfies Kept),
    { mode: 0o600, force: true },
  );

/** Removes the sessions of a request that has ended. */
export function dropSessions(world: World, requestId: string): void {
  for (const file of filesIn(sessionsDirectory(world))) {
    const path = join(sessionsDirectory(world), file);
    if (parsed(readText(path) ?? '')?.credentials.RequestId === requestId) rmSync(path, { force: true });
  }
}

// -- internal --------------------------------------------------------------------------------------------------------

function parsed(text: string): Kept | undefined {
  const kept = jsonObject(text) as Partial<Kept>;
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration, GrantEndsAt } = (kept.credentials ??
    {}) as Partial<CredentialsView>;
  const isWhole = [AccessKeyId, SecretAccessKey, SessionToken, Expiration, GrantEndsAt].every(
    (value) => typeof value === 'string' && value !== '',
  );
  return isWhole ? (kept as Kept) : undefined;
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((file) => file.endsWith('.json'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
