// Mails that ask an approver, beyond the limit of an hour: held back, and sent as one digest when the hour is over.
import type { App } from './app.ts';
import { renderDigest } from './digest-letter.ts';
import { makeLink } from './links.ts';
import { CLAIM_LASTS, NewsPending } from './mail-claim.ts';
import {
  digestDue,
  digestIdOf,
  type HeldMail,
  type MailDigest,
  mailboxOf,
  mayWait,
  stillAsked,
} from './mail-digest.ts';
import { MailRefused } from './mail-refused.ts';
import type { News } from './messages.ts';
import type { RequestRecord } from './schema.ts';
import { MINUTE } from './time.ts';

type Part = Pick<App, 'store' | 'clock' | 'log'>;
type Sender = Part & Pick<App, 'random' | 'mail' | 'baseUrl'>;

/** The rest comes a minute later. */
const MOST_PER_RUN = 100;
/** When the sweep closes a digest again that nobody has sent, should the stream have lost it. */
const LOOK_AGAIN = 15 * MINUTE;

/**
 * Counts a claimed message against its approver's hour. Beyond the limit it goes into the digest of that hour, unless that came too late for it.
 * `too-late`: the hour has just ended, and its digest takes no more.
 */
export async function holdBack(
  app: Part & Pick<App, 'catalogue'>,
  news: News,
  request: RequestRecord,
  now: number,
): Promise<'free' | 'held' | 'too-late'> {
  const { approver, kind } = news;
  const { mailsPerHour } = app.catalogue;
  if (mailsPerHour === undefined || !approver || (kind !== 'decide' && kind !== 'reminder')) return 'free';
  const mail: HeldMail = { requestId: request.id, messageId: news.id, kind };
  const place = await app.store.countMail(mailboxOf(approver.key, now), mail, mailsPerHour, now);
  if (place === undefined || !mayWait(request, kind, digestDue(now))) return 'free';
  const id = digestIdOf(approver.key, now, place);
  if (!(await app.store.holdMail({ id, approver }, mail, digestDue(now)))) return 'too-late';
  // from here on the digest says it, and whoever comes with the same message finds it settled
  await app.store.settleMessage(request.id, news.id, { heldIn: id, releaseOf: now });
  app.log('mail-held', { request: request.id, message: news.id, kind });
  return 'held';
}

/** Closes the digests whose hour is over; the stream has them sent. @throws whatever the first one that failed did, after the others */
export async function closeDigests(app: Part): Promise<void> {
  const now = app.clock();
  const due = await app.store.dueDigests(now, MOST_PER_RUN);
  if (due.length === 0) return;
  const results = await Promise.allSettled(
    due.map((id) => app.store.closeDigest(id, now + LOOK_AGAIN, now - CLAIM_LASTS)),
  );
  const failed = results.filter((result) => result.status === 'rejected');
  app.log('digests-closed', { due: due.length, failed: failed.length });
  if (failed[0]) throw failed[0].reason;
}

/**
 * Sends a closed digest: one mail with what still waits for its approver, each with a link of its own; none if nothing does.
 * @throws NewsPending if it has to be tried again
 */
export async function sendDigest(app: Sender, id: string): Promise<void> {
  const now = app.clock();
  const digest = await app.store.claimDigest(id, now, now - CLAIM_LASTS);
  if (digest === 'settled') return;
  if (digest === 'busy') {
    app.log('mail-busy', { digest: id, kind: 'digest' });
    throw new NewsPending(1);
  }
  const entries = await entriesOf(app, digest, now);
  try {
    if (entries.length > 0) await app.mail.send({ to: digest.approver.key, ...renderDigest(entries, app.baseUrl) });
  } catch (error) {
    if (!(error instanceof MailRefused)) {
      await app.store.settleDigest(id, { releaseOf: now });
      app.log('mail-deferred', {
        digest: id,
        kind: 'digest',
        error: error instanceof Error ? error.name : typeof error,
      });
      throw new NewsPending(1);
    }
    app.log('mail-refused', { digest: id, kind: 'digest', reason: error.reason });
    await app.store.settleDigest(id, { doneAt: app.clock() });
    return;
  }
  await app.store.settleDigest(id, { doneAt: app.clock() });
  if (entries.length > 0) app.log('mail-sent', { digest: id, kind: 'digest', requests: entries.length });
}

/** The requests to list, each once and with a fresh link. What has gone out by itself meanwhile is left out. */
async function entriesOf(
  app: Sender,
  digest: MailDigest,
  now: number,
): Promise<Array<{ request: RequestRecord; link: string }>> {
  const requests = await app.store.getMany([...new Set(digest.held.map(({ requestId }) => requestId))]);
  const claimed = await Promise.all(stillAsked(digest, requests, now).map((one) => linked(app, digest, one, now)));
  const byRequest = new Map(claimed.flat().map((entry) => [entry.request.id, entry]));
  return [...byRequest.values()];
}

async function linked(
  app: Sender,
  { id, approver }: MailDigest,
  { mail, request }: { mail: HeldMail; request: RequestRecord },
  now: number,
) {
  const link = makeLink(request.id, mail.messageId, app.random(32));
  const claim = await app.store.claimMessage(
    {
      requestId: request.id,
      id: mail.messageId,
      kind: mail.kind,
      approver,
      linkHashes: [link.hash],
      claimedAt: now,
      heldIn: id,
      expiresAt: request.decideBy,
    },
    now - CLAIM_LASTS,
  );
  return claim === 'claimed' ? [{ request, link: `${app.baseUrl}/decide/${link.token}` }] : [];
}
