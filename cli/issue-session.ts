// Asks for a new session of a grant by one call; and files the request first if that is wanted.
import type { CredentialsView } from '../lib/schema.ts';
import { openApi } from './api.ts';
import { Failure } from './exit.ts';
import { fileAndWait } from './file-request.ts';
import { withGrant } from './grant.ts';
import type { Settings } from './settings.ts';
import type { Signer } from './signer.ts';
import type { World } from './world.ts';

export type Filing = {
  reason: string;
  duration: string | undefined;
  ticket: string | undefined;
  scope?: Record<string, string> | undefined;
};
export type Issue = {
  /** of the session, as the API takes it: `15m` */
  duration?: string | undefined;
  /** what to file, and wait for, where there is no grant */
  filing?: Filing | undefined;
};

/** @param target a role, or the id of a request @throws Failure `no-grant` and whatever the API refuses */
export async function issueSession(
  world: World,
  settings: Settings,
  signer: Signer,
  target: string,
  { duration, filing }: Issue,
): Promise<CredentialsView> {
  const api = openApi(world, settings, signer);
  const issue = (id: string) =>
    api.call<CredentialsView>({
      method: 'POST',
      path: `/requests/${id}/credentials`,
      body: duration === undefined ? {} : { duration },
    });
  try {
    return await withGrant(world, api, target, issue);
  } catch (error) {
    if (filing === undefined || !(error instanceof Failure) || error.exit !== 'no-grant') throw error;
    return await issue((await fileAndWait(world, api, target, filing)).id);
  }
}
