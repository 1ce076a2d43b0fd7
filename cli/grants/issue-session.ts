// Asks for a new session of a grant by one call; and files the request first if that is wanted.
import type { CredentialsView } from '../../lib/http/answers.ts';
import { type Api, openApi } from '../api/api.ts';
import type { Signer } from '../api/signed-call.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import type { Settings } from '../options/settings.ts';
import { fileAndWait } from './file-request.ts';
import { issue } from './grant.ts';
import { waitForDecision } from './wait.ts';
import type { Filing } from './wish.ts';

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
  // JSON leaves out what is undefined
  const of = (role: string) => issue<CredentialsView>(world, api, role, 'credentials', { duration });
  try {
    return await of(target);
  } catch (error) {
    if (filing === undefined || !(error instanceof Failure) || error.exit !== 'no-grant') throw error;
    return await of(await grantedId(world, api, target, filing, error));
  }
}

// -- internal --------------------------------------------------------------------------------------------------------

/** The request that is granted in the end: the one that waits already, or else a new one. @throws `missing` for one that only starts later */
async function grantedId(world: World, api: Api, role: string, filing: Filing, missing: Failure): Promise<string> {
  const open = missing.problem?.request;
  if (open === undefined) return (await fileAndWait(world, api, role, filing)).id;
  if (open.status !== 'pending') throw missing;
  world.err(`Your request ${open.id} for ${role} waits already.\n`);
  return (await waitForDecision(world, api, open)).id;
}
