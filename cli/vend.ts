// Gets a session of a grant: from the cache if that is wanted, else by one call; and files the request first if that is wanted.
import type { CredentialsView } from '../lib/schema.ts';
import { openApi } from './api.ts';
import { Failure } from './exit.ts';
import { withGrant } from './grant.ts';
import { keepSession, recallSession } from './kept-sessions.ts';
import { rememberGrant } from './remembered-grants.ts';
import type { Settings } from './settings.ts';
import { findSigner } from './signer.ts';
import type { World } from './world.ts';

export type Filing = { reason: string; duration: string | undefined; ticket: string | undefined; scope?: Record<string, string> | undefined };
export type VendOptions = {
  /** of the session, as the API takes it: `15m` */
  duration?: string | undefined;
  /** uses and keeps a session in a 0600 file */
  cache?: boolean;
  /** what to file, and wait for, where there is no grant */
  filing?: Filing | undefined;
};

/** @param target a role, or the id of a request @throws Failure `no-grant` and whatever the API refuses */
export async function vend(world: World, settings: Settings, target: string, { duration, cache = false, filing }: VendOptions = {}): Promise<CredentialsView> {
  const signer = await findSigner(world, settings);
  const { who } = signer;
  const kept = cache && duration === undefined ? recallSession(world, settings.url, who, target) : undefined;
  if (kept) return kept;
  const api = openApi(world, settings, signer);
  const issue = (id: string) =>
    api.call<CredentialsView>({ method: 'POST', path: `/requests/${id}/credentials`, body: duration === undefined ? {} : { duration } });
  const credentials = await withGrant(world, api, target, issue).catch(async (error: unknown) => {
    if (filing === undefined || !(error instanceof Failure) || error.exit !== 'no-grant') throw error;
    const { fileAndWait } = await import('./file-request.ts');
    return issue((await fileAndWait(world, api, target, filing)).id);
  });
  await carryOn(world, async () => {
    if (cache) keepSession(world, settings.url, who, target, credentials);
    if (target !== credentials.RequestId) await rememberGrant(world, settings.url, who, target, credentials.RequestId, Date.parse(credentials.GrantEndsAt));
  });
  return credentials;
}

/** Says on stderr what could not be kept. A disk that is full or read-only takes nothing away from credentials that were issued. */
async function carryOn(world: World, keep: () => Promise<void>): Promise<void> {
  try {
    await keep();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    world.err(`latchkey: ${error.message} The credentials are good all the same.\n`);
  }
}
