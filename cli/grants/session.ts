// Gets a session of a grant; with --cache, reuses the kept session or keeps the new one.
import type { CredentialsView } from '../../lib/http/answers.ts';
import { findSigner } from '../api/signer.ts';
import { keepSession, recallSession } from '../aws/kept-sessions.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import type { Settings } from '../options/settings.ts';
import { type Issue, issueSession } from './issue-session.ts';

export type SessionOptions = Issue & {
  /** reuse and keep the session in a 0600 file */
  cache?: boolean;
};

/** @param target a role, or the id of a request @throws Failure `no-grant`, and any refusal of the API */
export async function sessionOf(
  world: World,
  settings: Settings,
  target: string,
  { duration, cache = false, filing }: SessionOptions = {},
): Promise<CredentialsView> {
  const signer = await findSigner(world, settings);
  const { who } = signer;
  const kept = cache && duration === undefined ? recallSession(world, settings.url, who, target) : undefined;
  if (kept) return kept;
  const credentials = await issueSession(world, settings, signer, target, { duration, filing });
  if (cache) orSay(world, () => keepSession(world, settings.url, who, target, credentials));
  return credentials;
}

// -- internal --------------------------------------------------------------------------------------------------------

/** Credentials that were issued are returned even if the disk is full or read-only. */
function orSay(world: World, keep: () => void): void {
  try {
    keep();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    world.err(`latchkey: ${error.message} The credentials are valid, but were not kept.\n`);
  }
}
