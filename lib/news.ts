// From a change of a request to mail: each message is claimed, sent, and marked, so that it goes out once.
import type { App } from './app.ts';
import { faultOf } from './fault.ts';
import { makeLink } from './links.ts';
import { CLAIM_LASTS, NewsPending } from './mail-claim.ts';
import { MailRefused } from './mail-refused.ts';
import { messagesFor, type News, renderMail } from './messages.ts';
import type { RequestRecord } from './schema.ts';
import { SECOND } from './time.ts';

type Part = Pick<App, 'store' | 'clock' | 'random' | 'mail' | 'log' | 'baseUrl'>;

/**
 * Tells everybody who should know of a change. One mail that fails holds up no other.
 * @param before undefined for a new request
 * @throws NewsPending if some message has to be tried again
 */
export async function tell(app: Part, before: RequestRecord | undefined, after: RequestRecord): Promise<void> {
  let left = 0;
  for (const news of messagesFor(before, after)) {
    const isDone = await deliver(app, news, after);
    if (!isDone) left += 1;
  }
  if (left > 0) throw new NewsPending(left);
}

/** True when the message is out, or will never be. */
async function deliver(app: Part, news: News, request: RequestRecord): Promise<boolean> {
  const now = app.clock();
  if (news.approver && now >= request.decideBy) return true;
  const holder = news.approver ?? news.withdrawer ?? news.reviewer;
  const link = holder && makeLink(request.id, news.id, app.random(32));
  const claim = await app.store.claimMessage(
    {
      requestId: request.id,
      id: news.id,
      kind: news.kind,
      ...(holder && { approver: holder }),
      linkHashes: link ? [link.hash] : [],
      claimedAt: now,
      expiresAt:
        news.reviewer && request.review
          ? Math.max(now, request.review.due)
          : (request.grant?.endsAt ?? request.decideBy),
    },
    now - CLAIM_LASTS,
  );
  const fields = { request: request.id, message: news.id, kind: news.kind };
  if (claim === 'settled') return true;
  if (claim === 'busy') {
    app.log('mail-busy', fields);
    return false;
  }
  try {
    const links = {
      home: app.baseUrl,
      ...(link && {
        [news.approver ? 'decide' : news.withdrawer ? 'withdraw' : 'review']: `${app.baseUrl}/decide/${link.token}`,
      }),
    };
    await app.mail.send({ to: news.to.email, ...renderMail(news, request, links) });
  } catch (error) {
    return await undelivered(app, error, now, fields);
  }
  await app.store.settleMessage(request.id, news.id, { sentAt: app.clock() });
  app.log('mail-sent', { ...fields, seconds: Math.round((app.clock() - request.createdAt) / SECOND) });
  return true;
}

/** A refusal for good is written down; anything else frees the claim for the next try. */
async function undelivered(
  app: Part,
  error: unknown,
  claimedAt: number,
  fields: { request: string; message: string; kind: string },
): Promise<boolean> {
  if (error instanceof MailRefused) {
    await app.store.settleMessage(fields.request, fields.message, { failure: error.reason });
    app.log('mail-refused', { ...fields, reason: error.reason });
    return true;
  }
  await app.store.settleMessage(fields.request, fields.message, { releaseOf: claimedAt });
  app.log('mail-deferred', { ...fields, ...faultOf(error) });
  return false;
}
