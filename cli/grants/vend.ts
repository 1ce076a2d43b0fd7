// Gets a session of a grant: the kept one if that is wanted, else a new one, which it keeps if that is wanted.
import type { CredentialsView } from '../../lib/http/answers.ts';
import { findSigner } from '../api/signer.ts';
import { keepSession, recallSession } from '../aws/kept-sessions.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import type { Settings } from '../options/settings.ts';
import { type Issue, issueSession } from './issue-session.ts';

export type VendOptions = Issue & {
  /** uses and keeps a session in a 0600 file */
  cache?: boolean;
};

/** @param target a role, or the id of a request @throws Failure `no-grant` and whatever the API refuses */
export async function vend(
  world: World,
  settings: Settings,
  target: string,
  { duration, cache = false, filing }: VendOptions = {},
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

/** A disk that is full or read-only takes nothing away from credentials that were issued. */
function orSay(world: World, keep: () => void): void {
  try {
    keep();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    world.err(`latchkey: ${error.message} The credentials are good all the same.\n`);
  }
}
