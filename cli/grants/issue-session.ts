// Gets a new session in one call; with --request, files a request and waits for it first.
import type { CredentialsView } from '../../lib/http/answers.ts';
import { type Api, openApi } from '../api/api.ts';
import type { Signer } from '../api/signed-call.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import type { Settings } from '../options/settings.ts';
import { fileAndWait } from './file-request.ts';
import { issue } from './grant.ts';
import type { Filing } from './request-fields.ts';
import { waitForDecision } from './wait.ts';

export type Issue = {
  /** length of the session in the API's form: `15m` */
  duration?: string | undefined;
  /** the request to file and wait for if there is no grant */
  filing?: Filing | undefined;
};

/** @param target a role, or the id of a request @throws Failure `no-grant`, and any refusal of the API */
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

/** The pending request if there is one, otherwise a new one. @throws `missing` for a request that only starts later */
async function grantedId(world: World, api: Api, role: string, filing: Filing, missing: Failure): Promise<string> {
  const open = missing.problem?.request;
  if (open === undefined) return (await fileAndWait(world, api, role, filing)).id;
  if (open.status !== 'pending') throw missing;
  world.err(`Your request ${open.id} for ${role} is already pending.\n`);
  return (await waitForDecision(world, api, open)).id;
}
