// Shared by `end`, `withdraw`, `hand-back` and `revoke`: finds the request, checks that the command fits it, and ends it.
import type { MeView, RequestView } from '../../lib/http/answers.ts';
import type { Api } from '../api/api.ts';
import { dropSessions } from '../aws/kept-sessions.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { requesterText, requestText } from '../text/request-text.ts';
import { json, painter, timesOf } from '../text/terminal-text.ts';
import { isRequestId, ownOpenRequests } from './grant.ts';

export type EndVerb = 'end' | 'withdraw' | 'hand-back' | 'revoke';
type Meant = {
  id: string;
  /** open requests for the role that stay, such as an extension */
  others: readonly RequestView[];
};

/**
 * Ends a request and shows it.
 * @param target the ID of a request, or a role for one's own
 * @throws Failure `conflict` or `not-allowed` if the command does not fit the request; it names the one that does
 */
export async function endRequest(
  world: World,
  api: Api,
  verb: EndVerb,
  target: string,
  { comment, json: asJson }: { comment: string | undefined; json: boolean },
): Promise<void> {
  const { id, others } = isRequestId(target)
    ? await meantById(api, verb, target)
    : await meantByRole(world, api, verb, target);
  const path = `/requests/${id}/end`;
  const ended = await api.call<RequestView & { alsoEnded?: string[] }>({ method: 'POST', path, body: { comment } });
  dropSessions(world, id);
  world.out(asJson ? json(ended) : requestText(painter(world), ended, timesOf(world)));
  for (const other of ended.alsoEnded ?? []) world.err(`Also ended: its extension ${other}\n`);
  for (const { id: other, status } of others)
    world.err(`Still ${status}: request ${other}. End it as well: latchkey end ${other}\n`);
}

// -- internal --------------------------------------------------------------------------------------------------------

/** For a role: the active grant first, then a scheduled one, then a pending request. */
async function meantByRole(world: World, api: Api, verb: EndVerb, role: string): Promise<Meant> {
  const open = await ownOpenRequests(world, api, role);
  const meant = open.find((request) => wordFor(request, true) === verb) ?? open[0];
  checkWord(verb, meant, true);
  return { id: meant.id, others: open.filter(({ id }) => id !== meant.id) };
}

/** `end` fits every request, so it reads nothing first. */
async function meantById(api: Api, verb: EndVerb, id: string): Promise<Meant> {
  if (verb === 'end') return { id, others: [] };
  const [request, me] = await Promise.all([
    api.call<RequestView>({ method: 'GET', path: `/requests/${id}` }),
    api.call<MeView>({ method: 'GET', path: '/me' }),
  ]);
  checkWord(verb, request, isBy(me, request));
  return { id, others: [] };
}

const isBy = (me: MeView, { requester }: RequestView): boolean =>
  me.principal === requester.principal || (me.email !== null && me.email === requester.email);

/** The command that ends this request; undefined if it has ended, which the API then reports. */
function wordFor({ status }: RequestView, isOwn: boolean): Exclude<EndVerb, 'end'> | undefined {
  if (status !== 'pending' && status !== 'scheduled' && status !== 'active') return undefined;
  if (!isOwn) return 'revoke';
  return status === 'active' ? 'hand-back' : 'withdraw';
}

const imperatives = { withdraw: 'Withdraw it', 'hand-back': 'Hand it back', revoke: 'Revoke it' } as const;

function checkWord(verb: EndVerb, request: RequestView, isOwn: boolean): void {
  const word = wordFor(request, isOwn);
  if (verb === 'end' || word === undefined || word === verb) return;
  const next = [`${imperatives[word]}: latchkey ${word} ${request.id}${word === 'revoke' ? ' --comment "..."' : ''}`];
  if (verb === 'revoke')
    throw new Failure(
      'not-allowed',
      `Request ${request.id} is your own. Only requests of other people can be revoked.`,
      next,
    );
  if (word === 'revoke')
    throw new Failure(
      'not-allowed',
      `Request ${request.id} is by ${requesterText(request.requester)}, not yours.`,
      next,
    );
  throw new Failure('conflict', `Request ${request.id} is ${request.status}. ${rules[verb]}`, next);
}

const rules = {
  withdraw: 'An active grant is handed back instead of withdrawn.',
  'hand-back': 'Only an active grant can be handed back.',
} as const;
