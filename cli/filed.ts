// What `request` and `extend` end with: waiting for the decision if that is wanted, then the request and what can be done next.
import type { RequestView } from '../lib/schema.ts';
import type { Api } from './api.ts';
import type { Options, Values } from './command.ts';
import { nextSteps, requestText } from './request-text.ts';
import { json, painter } from './terminal-text.ts';
import { waitForDecision } from './wait.ts';
import type { World } from './world.ts';

export const filedOptions = {
  wait: { type: 'flag', summary: 'waits for the decision' },
  'idempotency-key': { type: 'text', placeholder: 'KEY', summary: 'for scripts: the same key and request file once, however often they are run' },
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
  else world.out(`${requestText(painter(world), known, world.now())}\n${nextSteps(known).join('\n')}\n`);
}
