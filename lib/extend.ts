// Continues a grant: a linked request under the same rule, which starts where the grant ends and needs its own approval.
import { earlierBy, type Filing, replayed } from './access.ts';
import type { App } from './app.ts';
import { answerForFiling } from './ask-ticket.ts';
import type { Catalogue } from './catalogue.ts';
import { digestOf } from './digest.ts';
import { isInvolved, judgeFiling, refusalOf, relationOf } from './policy.ts';
import type { Caller } from './principal.ts';
import { Problem } from './problem.ts';
import { file, notActive, notFound } from './request.ts';
import { requestIdOf } from './request-id.ts';
import type { NewExtension, RequestRecord } from './schema.ts';
import { statusAt } from './status.ts';

type Part = Pick<App, 'store' | 'clock' | 'catalogue' | 'random' | 'tickets' | 'log'>;

/**
 * Files a request that continues a grant of the caller's: same role, same rule, its own approval. It starts when that grant ends.
 * @throws Problem `request-not-found`, `not-allowed`, `not-the-requester`, `not-active`, and as `fileRequest`
 */
export async function extendRequest(
  app: Part,
  caller: Caller,
  continuedId: string,
  body: NewExtension,
  idempotencyKey?: string,
): Promise<Filing> {
  const isKeyed = idempotencyKey !== undefined;
  const key = ['extend', caller.principal, continuedId, idempotencyKey];
  const id = requestIdOf(isKeyed ? Buffer.from(digestOf(key), 'base64url').subarray(0, 16) : app.random(16));
  const fingerprint = isKeyed ? digestOf(body) : undefined;
  const [continued, open, found] = await Promise.all([
    app.store.get(continuedId),
    app.store.openOf(caller.person.key, app.clock()),
    isKeyed ? app.store.get(id) : undefined,
  ]);
  if (!continued) throw notFound();
  const now = app.clock();
  checkRequester(continued, app.catalogue, caller);
  const earlier = await earlierBy(app, id, found, open);
  if (earlier) return replayed(earlier, fingerprint);
  const status = statusAt(continued, now);
  if (!continued.grant || (status !== 'active' && status !== 'scheduled'))
    throw notActive(continued, now, 'Only a grant that has not ended can be extended. File a new request.');

  const filing = {
    ...body,
    role: continued.role.id,
    ...(continued.scope && { scope: continued.scope.values }),
    ...(continued.ticket !== undefined && { ticket: continued.ticket }),
  };
  // what to ask about is known only now, so where a validator is waited for this is a step more
  const before = { ...continued, endsAt: continued.grant.endsAt };
  const answer = await answerForFiling(app, caller, filing, before);
  const judgement = judgeFiling(app.catalogue, caller, filing, open, app.clock(), {
    continued: before,
    answer,
  });
  const refusal = refusalOf(judgement);
  if (refusal) throw refusal;
  const request = file(judgement, caller, filing, id, fingerprint, app.clock());
  const existing = await app.store.create(request);
  return existing ? replayed(existing, fingerprint) : { is: 'filed', request };
}

/** @throws Problem `request-not-found`, `not-allowed`, `not-the-requester` */
function checkRequester(request: RequestRecord, catalogue: Catalogue, caller: Caller): void {
  const relation = relationOf(catalogue, request, caller);
  if (!isInvolved(relation)) throw notFound();
  if (caller.kind === 'bot')
    throw new Problem('not-allowed', 'A bot may file and read, never extend. The requester can.');
  if (!relation.requester)
    throw new Problem('not-the-requester', 'Only the requester extends a grant. File a request of your own.');
}
