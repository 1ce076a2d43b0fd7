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
  if (target !== credentials.RequestId) await rememberGrant(world, settings.url, who, target, credentials.RequestId, Date.parse(credentials.GrantEndsAt));
  if (cache) keepSession(world, settings.url, who, target, credentials);
  return credentials;
}
