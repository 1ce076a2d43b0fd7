// From a change of a request to messages: each is claimed, sent, and marked once per channel, so that it goes out once.
import type { App } from '../app.ts';
import { digestOf } from '../common/digest.ts';
import { MINUTE, SECOND } from '../common/time.ts';
import { type Channel, DeliveryRefused } from '../mail/channel.ts';
import { makeLink } from '../mail/links.ts';
import { messagesFor, type News, unreachedNews } from '../mail/messages.ts';
import { loggedError } from '../model/logged-error.ts';
import type { RequestRecord } from '../model/schema.ts';
import { isStillConcerned } from '../policy/relation.ts';
import { type ChannelParts, channelsOf } from './channels.ts';

type Part = Pick<App, 'store' | 'clock' | 'random' | 'log' | 'baseUrl' | 'catalogue'> & ChannelParts;

/** Longer than any call to a channel's service. An older claim was left by a crash. Milliseconds. */
const CLAIM_LASTS = 2 * MINUTE;

/** Some messages could not be sent. The stream repeats the record; messages that were sent are not sent again. */
class NewsPending extends Error {
  constructor(left: number) {
    super(`${left} messages have not gone out yet`);
    this.name = 'NewsPending';
  }
}

/**
 * Notifies everybody concerned by a change, except former approvers, reviewers and admins. A failed message does not hold up other messages, nor a failed channel other channels.
 * @param before undefined for a new request
 * @throws NewsPending if some message has to be tried again
 */
export async function tell(
  app: Part,
  before: RequestRecord | undefined,
  after: RequestRecord,
  channels: readonly Channel[] = channelsOf(app),
): Promise<void> {
  const left = await deliverAll(app, channels, messagesFor(before, after), after);
  if (left > 0) throw new NewsPending(left);
}

/** The number of messages to retry. */
async function deliverAll(
  app: Part,
  channels: readonly Channel[],
  all: readonly News[],
  request: RequestRecord,
): Promise<number> {
  let left = 0;
  for (const news of all.filter(({ to }) => isStillConcerned(app.catalogue, request, to)))
    for (const channel of channels) {
      const tellOthers = () => deliverAll(app, channels, unreachedNews(request, news), request);
      if (!(await deliver(app, channel, news, request, tellOthers))) left += 1;
    }
  return left;
}

/**
 * True when the message was sent, or will never be.
 * @param tellOthers called when the message was permanently rejected; answers how many messages about that are left to send
 */
async function deliver(
  app: Part,
  channel: Channel,
  news: News,
  request: RequestRecord,
  tellOthers: () => Promise<number>,
): Promise<boolean> {
  const address = channel.addressOf(news.to);
  if (address === undefined || isTooLate(news, request, app.clock())) return true;
  const claim = await claimFor(app, channel, news, request);
  const fields = { request: request.id, message: claim.id, kind: news.kind, channel: channel.name };
  if (claim.state === 'settled') return true;
  if (claim.state === 'busy') {
    app.log('message-busy', fields);
    return false;
  }
  try {
    await channel.send(address, channel.render(news, request, claim.place));
  } catch (error) {
    return await undelivered(app, error, claim.at, fields, tellOthers);
  }
  await app.store.settleMessage(request.id, claim.id, { sentAt: app.clock() });
  app.log('message-sent', { ...fields, seconds: Math.round((app.clock() - request.createdAt) / SECOND) });
  return true;
}

const isTooLate = ({ link }: News, { decideBy }: RequestRecord, now: number): boolean =>
  link === 'decide' && now >= decideBy;

/** Claims a message for one channel, and makes its link. The claim keeps the link's digest, never the link. */
async function claimFor(app: Part, channel: Channel, news: News, request: RequestRecord) {
  const at = app.clock();
  const id = digestOf([news.id, channel.name]).slice(0, 22);
  const link = news.link && makeLink(request.id, id, app.random(32));
  const state = await app.store.claimMessage(
    {
      requestId: request.id,
      id,
      channel: channel.name,
      kind: news.kind,
      ...(link && { holder: { key: news.to.key, name: news.to.name } }),
      linkHashes: link ? [link.hash] : [],
      claimedAt: at,
      expiresAt: expiryOf(news, request, at),
    },
    at - CLAIM_LASTS,
  );
  const { timeZone } = app.catalogue;
  const place = { home: app.baseUrl, at, timeZone, ...(link && { link: `${app.baseUrl}/decide/${link.token}` }) };
  return { state, id, at, place };
}

/** Until when the link can act. A spent link still shows what became of the request. */
const expiryOf = ({ link }: News, { review, grant, decideBy }: RequestRecord, now: number): number =>
  link === 'review' && review ? Math.max(now, review.due) : (grant?.endsAt ?? decideBy);

/**
 * A permanent rejection is written down once the others know: nobody looks at a settled message again. Anything else frees the claim for the
 * next try.
 */
async function undelivered(
  app: Part,
  error: unknown,
  claimedAt: number,
  fields: { request: string; message: string; kind: string; channel: string },
  tellOthers: () => Promise<number>,
): Promise<boolean> {
  if (error instanceof DeliveryRefused && (await tellOthers()) === 0) {
    await app.store.settleMessage(fields.request, fields.message, { failure: error.reason });
    app.log('message-refused', { ...fields, reason: error.reason });
    return true;
  }
  await app.store.settleMessage(fields.request, fields.message, { releaseOf: claimedAt });
  app.log('message-deferred', { ...fields, ...loggedError(error) });
  return false;
}
