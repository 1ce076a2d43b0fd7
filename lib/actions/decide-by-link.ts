// The page behind an emailed link. Showing it changes nothing; posting the form acts as the person to whom the link was emailed.
import type { App } from '../app.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { About } from '../http/told-store.ts';
import { isGenuine, type OpenedLink, type Purpose, parseLink } from '../mail/links.ts';
import type { LinkForm } from '../model/bodies.ts';
import { Problem } from '../model/problem.ts';
import type { Block, MessageRecord, RequestRecord } from '../model/schema.ts';
import { openStage, statusAt } from '../model/status.ts';
import { reviewTakesSignIn, stageTakesSignIn } from '../policy/assurance.ts';
import { accessOf, blockOn } from '../policy/block.ts';
import { mayReview } from '../policy/break-glass.ts';
import { callerFromLink } from '../policy/principal.ts';
import { isSamePerson, relationOf } from '../policy/relation.ts';
import { whoIs } from '../policy/who.ts';
import { decide, end, mayRevoke } from '../request/life.ts';
import { reviewFrom, signReview } from '../request/review.ts';
import { continuedBy, endRequest } from './access.ts';
import { blocksLately } from './blocks.ts';
import { changeRequest, type How } from './change.ts';

/** `about`: the fields of the call's log lines, which receive the holder of the link. */
type Part = Pick<App, 'store' | 'clock' | 'catalogue' | 'log' | 'pause'> & { about?: About };

type Opened = Pick<OpenedLink, 'request' | 'holder' | 'does'>;

/**
 * Reads link and request in one round trip.
 * @throws Problem `link-not-found`, the same for every invalid link; `not-an-approver` to a former approver or reviewer
 */
export async function openLink(app: Part, token: string): Promise<OpenedLink> {
  const link = parseLink(token);
  if (!link) throw linkNotFound();
  const [message, request, { blocks }] = await Promise.all([
    app.store.getMessage(link.requestId, link.messageId),
    app.store.get(link.requestId),
    blocksLately(app),
  ]);
  if (!message?.holder || !request || !isGenuine(link, message)) throw linkNotFound();
  const opened = { request, holder: message.holder, does: purposeOf(message, request) };
  if (app.about) Object.assign(app.about, { person: opened.holder.key, via: 'link' });
  checkHolder(app.catalogue, opened);
  const block = opened.does === 'decide' ? blockFor(app, opened, blocks) : undefined;
  return { ...opened, spent: isSpent(app, opened), needsSignIn: needsSignIn(app, opened), block };
}

/**
 * Decides, withdraws, revokes or signs by a link, whichever it was emailed for. `spent` in the answer: this call changed nothing, because
 * the request had been decided or had ended before.
 * @throws Problem as `openLink`; `invalid-request` for an answer that the link does not accept; as `decide`, `end` and `signReview` of the core
 */
export async function decideByLink(app: Part, token: string, form: LinkForm): Promise<OpenedLink> {
  const opened = await openLink(app, token);
  const { request, does, spent } = opened;
  if (purposeOfAnswer[form.decision] !== does) throw refusal('decision', `must be ${answersTo[does]} for this link`);
  if (form.duration !== undefined && does !== 'decide') throw refusal('duration', 'is only allowed with an approval');
  if (spent) return opened;
  const { decision } = form;
  if (decision === 'revoke') return await revokeByLink(app, opened, form.comment);
  const act = await actOf(app, opened, { ...form, decision });
  const judge = (current: RequestRecord, now: number) =>
    isSpent(app, { ...opened, request: current }) ? undefined : act(current, now);
  const { request: next, changed } = await changeRequest(app, request.id, judge, request, howOf[decision]);
  return { ...opened, request: next, spent: !changed };
}

/** A block on the request or on the holder of the link. A blocked person cannot give access to others. */
function blockFor(app: Part, { request, holder }: Opened, blocks: readonly Block[]): Block | undefined {
  const { people, role } = accessOf(request);
  return blockOn(app.catalogue, blocks, { people: [...people, holder.key], role }, app.clock());
}

/** A revoke by link also ends the extensions of the grant, as one by the API does. */
async function revokeByLink(app: Part, opened: OpenedLink, comment: string | undefined): Promise<OpenedLink> {
  const caller = callerFromLink(app.catalogue, opened.holder);
  const { request } = await endRequest(app, caller, opened.request.id, comment);
  return { ...opened, request };
}

function needsSignIn({ catalogue }: Part, { request, does }: Pick<OpenedLink, 'request' | 'does'>): boolean {
  const role = catalogue.roles.get(request.role.id);
  if (does === 'review') return reviewTakesSignIn(request, role);
  return does === 'decide' && stageTakesSignIn(request, role);
}

/** A link outlives its holder's rights. A holder who has lost them is told so and sees nothing of the request. */
function checkHolder(catalogue: Catalogue, { request, holder, does }: Opened): void {
  const caller = callerFromLink(catalogue, holder);
  if (does === 'review' && !mayReview(catalogue, request, whoIs(caller)))
    throw new Problem(
      'not-an-approver',
      'You were asked to review this request, but you are no longer one of its reviewers in the catalogue.',
    );
  if (does === 'revoke' && !mayRevoke(relationOf(catalogue, request, caller)))
    throw new Problem(
      'not-an-approver',
      'You could revoke this grant, but the catalogue no longer names you as somebody who may.',
    );
  if (does === 'decide' && !relationOf(catalogue, request, caller).approver)
    throw new Problem(
      'not-an-approver',
      'You were asked to decide this request, but you are no longer one of its approvers in the catalogue.',
    );
}

/** A revocation ends more than one request, see `revokeByLink`. */
type Answer = LinkForm & { decision: Exclude<LinkForm['decision'], 'revoke'> };

/** The change that the form makes, as the person to whom the link was emailed. */
async function actOf(
  app: Part,
  { request, holder, block }: OpenedLink,
  { decision, comment, duration }: Answer,
): Promise<(current: RequestRecord, now: number) => RequestRecord> {
  const { catalogue } = app;
  const caller = callerFromLink(catalogue, holder);
  if (decision === 'withdraw') return (current, now) => end(current, { catalogue, caller, now }, comment);
  if (decision === 'sign')
    return (current, now) => signReview(current, { catalogue, caller, now }, reviewFrom(comment));
  const continued = await continuedBy(app, request);
  const body = {
    decision,
    ...(comment !== undefined && { comment }),
    ...(decision === 'approve' && duration !== undefined && { duration }),
  };
  const blocks = block ? [block] : [];
  return (current, now) => decide(current, { catalogue, caller, now, blocks }, body, continued);
}

/** The purpose of a link follows from its email. Only links that asked for a decision decide, and only the requester's links withdraw. */
function purposeOf({ kind, holder }: MessageRecord, { requester }: RequestRecord): Purpose {
  if (kind === 'decide' || kind === 'reminder') return 'decide';
  if (kind === 'review' || kind === 'review-overdue') return 'review';
  return holder?.key === requester.person ? 'withdraw' : 'revoke';
}

const purposeOfAnswer = {
  approve: 'decide',
  deny: 'decide',
  withdraw: 'withdraw',
  revoke: 'revoke',
  sign: 'review',
} as const satisfies Record<LinkForm['decision'], Purpose>;
/** Answers that end a request win over concurrent writes. */
const howOf = { approve: 'yields', deny: 'wins', withdraw: 'wins', sign: 'yields' } as const satisfies Record<
  Answer['decision'],
  How
>;
const answersTo: Record<Purpose, string> = {
  decide: '"approve" or "deny"',
  withdraw: '"withdraw"',
  revoke: '"revoke"',
  review: '"sign"',
};

/**
 * Whether the holder can no longer do anything: the review is signed, the request is over, or an approver has already decided or was
 * no longer needed.
 */
function isSpent(app: Part, { request, holder, does }: Opened): boolean {
  if (does === 'review') return request.review?.signed !== undefined;
  const status = statusAt(request, app.clock());
  if (does === 'revoke') return status !== 'scheduled' && status !== 'active';
  if (does === 'withdraw') return status !== 'pending' && status !== 'scheduled' && status !== 'active';
  if (status !== 'pending') return true;
  const caller = callerFromLink(app.catalogue, holder);
  const hasDecided = request.stages.some((stage) =>
    stage.decisions.some((one) => isSamePerson(app.catalogue, one, caller)),
  );
  const turn = openStage(request)?.index ?? 0;
  const wasAsked = (index: number) => request.stages[index]?.people.some(({ key }) => key === holder.key) ?? false;
  const isFilled = !request.stages.some((_, index) => index >= turn && wasAsked(index));
  return hasDecided || isFilled;
}

const linkNotFound = () =>
  new Problem(
    'link-not-found',
    'The link is incomplete or unknown. Open the newest email about this request, or ask the requester to file it again.',
  );

const refusal = (field: keyof LinkForm, detail: string): Problem =>
  new Problem('invalid-request', `The ${field} ${detail}.`, { errors: [{ pointer: `/${field}`, detail }] });
