// The output of `request` and `extend`: the request and the next steps, or the open request that prevents a new one.
import type { RequestView } from '../../lib/http/answers.ts';
import type { Api } from '../api/api.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import type { Options, Values } from '../options/command.ts';
import { nextSteps, requestText } from '../text/request-text.ts';
import { json, painter, timesOf } from '../text/terminal-text.ts';
import { findRequest } from './grant.ts';
import { waitForDecision } from './wait.ts';

export const filedOptions = {
  wait: { type: 'flag', summary: 'wait for the decision' },
  'idempotency-key': {
    type: 'text',
    placeholder: 'KEY',
    summary: 'for scripts: calls with the same key file one request, however often they run',
  },
} as const satisfies Options;

/** @throws Failure `not-granted` or `interrupted` while waiting */
export async function showFiled(
  world: World,
  api: Api,
  filed: RequestView,
  { wait, json: asJson }: Values<typeof filedOptions> & { json: boolean },
): Promise<void> {
  if (wait && !asJson && filed.status === 'pending') world.err(`Filed request ${filed.id}.\n`);
  const known = wait ? await waitForDecision(world, api, filed) : filed;
  if (asJson) world.out(json(known));
  else world.out(`${requestText(painter(world), known, timesOf(world))}\n${nextSteps(known).join('\n')}\n`);
}

/**
 * Runs `work`. If it is refused because a request is already open, adds the next steps for that request.
 * @param target the role, or the id of a request for it
 */
export async function besideOpen<T>(api: Api, target: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure && error.problem?.code === 'overlap')
      throw new Failure(error.exit, error.message, nextSteps(await openBeside(api, target)), error.problem);
    throw error;
  }
}

// -- internal --------------------------------------------------------------------------------------------------------

/** The newest open request, which is the extension if there is one. */
async function openBeside(api: Api, target: string): Promise<RequestView> {
  const found = await findRequest(api, target);
  return found.role.id === target ? found : findRequest(api, found.role.id);
}
