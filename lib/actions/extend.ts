// Extends a grant: files a linked request for the same role, which starts when the grant ends and needs its own approval.
import type { App } from '../app.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { NewExtension } from '../model/bodies.ts';
import { Problem } from '../model/problem.ts';
import { type RequestRecord, saidOf } from '../model/schema.ts';
import { statusAt } from '../model/status.ts';
import type { Asked } from '../policy/filing-context.ts';
import { ledgersFor, ledgersOf } from '../policy/ledger.ts';
import type { Caller } from '../policy/principal.ts';
import { isInvolved, relationOf } from '../policy/relation.ts';
import { notActive, notFound } from '../request/life.ts';
import { answerForFiling } from './ask-ticket.ts';
import { countsOf, type Filing, fileUnder, identityOf, keyedBy, replayed, untilFiled } from './file-request.ts';
import { confirmIdentity } from './identity.ts';

type Part = Pick<App, 'store' | 'clock' | 'catalogue' | 'random' | 'pause' | 'tickets' | 'log'>;

/**
 * Files a request that continues one of the caller's grants: same role, same rule, its own approval. It starts when that grant ends.
 * @throws Problem `request-not-found`, `not-allowed`, `not-the-requester`, `not-active`, and as `fileRequest`
 */
export async function extendRequest(
  app: Part,
  caller: Caller,
  continuedId: string,
  body: NewExtension,
  idempotencyKey?: string,
): Promise<Filing> {
  const identity = identityOf(app, ['extend', caller.principal, continuedId], body, idempotencyKey);
  return untilFiled(app, async () => {
    const [continued, ofPerson, found] = await Promise.all([
      app.store.get(continuedId),
      countsOf(app, caller.person, ledgersOf(caller.person)),
      keyedBy(app, identity),
      confirmIdentity(app, caller),
    ]);
    if (!continued) throw notFound();
    checkRequester(continued, app.catalogue, caller);
    if (found) return replayed(found, identity);
    const asked = extensionOf(app, caller, continued, body);
    // the role is known only now, so its ledger and its ticket validator take one more step
    const others = ledgersFor(asked).filter(({ of }) => of !== 'person');
    const [ofRole, answer] = await Promise.all([
      others.length === 0 ? [] : app.store.ledgers(others),
      answerForFiling(app, asked),
    ]);
    const counts = { ...ofPerson, ledgers: [...ofPerson.ledgers, ...ofRole] };
    return fileUnder(app, { ...asked, answer }, counts, identity);
  });
}

// --- internal ---

/** An extension as a request of its own: the continued request, filed once more. @throws Problem `not-active` */
function extensionOf({ catalogue, clock }: Part, caller: Caller, continued: RequestRecord, body: NewExtension): Asked {
  const now = clock();
  const status = statusAt(continued, now);
  const { grant, role, scope } = continued;
  if (!grant || (status !== 'active' && status !== 'scheduled'))
    throw notActive(continued, now, 'Only a grant that has not ended can be extended. File a new request.');
  return {
    catalogue,
    caller,
    requester: caller.person,
    body: { ...body, role: role.id, ...(scope && { scope: scope.values }), ...saidOf(continued) },
    now,
    continued: { ...continued, endsAt: grant.endsAt },
  };
}

/** @throws Problem `request-not-found`, `not-allowed`, `not-the-requester` */
function checkRequester(request: RequestRecord, catalogue: Catalogue, caller: Caller): void {
  const relation = relationOf(catalogue, request, caller);
  if (!isInvolved(relation)) throw notFound();
  if (caller.kind === 'bot') throw new Problem('not-allowed', 'Bots cannot extend grants. The requester can.');
  if (!relation.requester)
    throw new Problem('not-the-requester', 'Only the requester can extend a grant. File your own request.');
}
