// The page behind the mailed link: showing changes nothing, posting decides as the person the link was mailed to.
import { continuedBy } from './access.ts';
import type { App } from './app.ts';
import { changeRequest } from './change.ts';
import { isGenuine, parseLink } from './links.ts';
import { isSamePerson } from './policy.ts';
import { callerFromLink } from './principal.ts';
import { Problem } from './problem.ts';
import { decide } from './request.ts';
import type { NewDecision, RequestRecord } from './schema.ts';
import { openStage, statusAt } from './status.ts';

type Part = Pick<App, 'store' | 'clock' | 'catalogue'>;
type Approver = { key: string; name: string };

/** A link that was found genuine. `spent`: it decides nothing any more. */
export type OpenedLink = { request: RequestRecord; approver: Approver; spent: boolean };

/** Reads link and request in one round trip. @throws Problem `link-not-found`, the same for every way a link can be wrong */
export async function openLink(app: Part, token: string): Promise<OpenedLink> {
  const link = parseLink(token);
  if (!link) throw linkNotFound();
  const [message, request] = await Promise.all([app.store.getMessage(link.requestId, link.messageId), app.store.get(link.requestId)]);
  if (!message?.approver || !request || !isGenuine(link, message)) throw linkNotFound();
  return { request, approver: message.approver, spent: isSpent(app, request, message.approver) };
}

/**
 * Decides by a link. What it answers as `spent` was not decided by this call: somebody was faster, this approver earlier, or time.
 * @throws Problem `link-not-found`, and as `decide` of the core
 */
export async function decideByLink(app: Part, token: string, body: NewDecision): Promise<OpenedLink> {
  const { request, approver, spent } = await openLink(app, token);
  if (spent) return { request, approver, spent };
  const caller = callerFromLink(app.catalogue, approver);
  const continued = await continuedBy(app, request);
  let isLate = false;
  const next = await changeRequest(
    app,
    request.id,
    (current, now) => {
      isLate = isSpent(app, current, approver);
      return isLate ? undefined : decide(current, app.catalogue, caller, body, now, continued);
    },
    request,
  );
  return { request: next, approver, spent: isLate };
}

/** Nothing is left for this approver: the request is over, he has decided, or his stage has been filled by others. */
function isSpent(app: Part, request: RequestRecord, approver: Approver): boolean {
  if (statusAt(request, app.clock()) !== 'pending') return true;
  const caller = callerFromLink(app.catalogue, approver);
  const hasDecided = request.stages.some((stage) => stage.decisions.some((decision) => isSamePerson(app.catalogue, decision, caller)));
  const turn = openStage(request)?.index ?? 0;
  const wasAsked = (index: number) => request.stages[index]?.people.some(({ key }) => key === approver.key) ?? false;
  const isFilled = !request.stages.some((_, index) => index >= turn && wasAsked(index));
  return hasDecided || isFilled;
}

const linkNotFound = () => new Problem('link-not-found', 'This link is not valid. Open it from the mail itself, or decide by the API.');
