// A request in words.
import type { RequestView } from '../lib/schema.ts';
import { durationText } from '../lib/time.ts';
import { type Colour, fields, type Paint, plain, when } from './terminal-text.ts';

const colours: Record<RequestView['status'], Colour> = {
  pending: 'yellow',
  scheduled: 'cyan',
  active: 'green',
  ended: 'dim',
  denied: 'red',
  withdrawn: 'dim',
  revoked: 'red',
  lapsed: 'dim',
};
/** Every status, in the order of a request's life. */
export const statuses = Object.keys(colours);
export const statusText = (paint: Paint, status: RequestView['status']): string => paint(colours[status], status);

export const accountText = ({ account }: RequestView['role']): string => `${plain(account.name)} (${account.id})`;

/** Everything that matters to whoever asked or decides. @param now epoch milliseconds */
export function requestText(paint: Paint, request: RequestView, now: number): string {
  const { role, requester, approval, sessions } = request;
  const stages = approval.stages.map((stage, i): [string, string] => [approval.stages.length > 1 ? `stage ${i + 1}` : 'approval', stageText(stage)]);
  return [
    `${statusText(paint, request.status)}  ${paint('bold', role.id)} in ${accountText(role)}\n`,
    fields(paint, [
      ['request', request.id],
      ['by', `${plain(requester.name)}${request.filedBy ? ` (filed by ${request.filedBy.principal})` : ''}, ${when(request.createdAt, now)}`],
      ['for', durationText(request.durationSeconds)],
      ['reason', plain(request.reason)],
      ['ticket', request.ticket === undefined ? undefined : plain(request.ticket)],
      ['role', role.arn],
      ...(approval.automatic ? ([['approval', 'automatic']] as const) : stages),
      ['decide by', request.status === 'pending' ? when(request.decideBy, now) : undefined],
      ['starts', request.status === 'scheduled' && request.startsAt !== undefined ? when(request.startsAt, now) : undefined],
      [request.status === 'active' || request.status === 'scheduled' ? 'ends' : 'ended', endOf(request, now)],
      ['sessions', sessions.length === 0 ? undefined : sessions.map(({ kind, accessKeyId }) => `${kind} ${accessKeyId}`).join(', ')],
    ]),
  ].join('');
}

/** When a grant ends, or when it did: by its own clock, or by what somebody did. */
function endOf({ status, endsAt, history }: RequestView, now: number): string | undefined {
  const ending = status === 'pending' ? undefined : (history.findLast(({ type }) => type === status)?.at ?? endsAt);
  return ending === undefined ? undefined : when(ending, now);
}

function stageText({ need, approvers, decisions }: RequestView['approval']['stages'][number]): string {
  const said = decisions.map(
    ({ approver, decision, comment }) => `${decision === 'approve' ? 'approved' : 'denied'} by ${plain(approver)}${comment ? ` ("${plain(comment)}")` : ''}`,
  );
  return `${need} of ${approvers.map(plain).join(', ')}${said.length > 0 ? `: ${said.join(', ')}` : ''}`;
}

/** What the requester can do next. */
export function nextSteps({ id, status, role }: RequestView): string[] {
  if (status === 'pending') return [`Wait for the decision: latchkey show ${id} --wait`, `Withdraw it: latchkey end ${id}`];
  if (status === 'scheduled') return [`See when it starts: latchkey show ${id}`, `Withdraw it: latchkey end ${id}`];
  if (status === 'active')
    return [
      `Use it: latchkey exec ${role.id} -- aws sts get-caller-identity`,
      `or in the browser: latchkey console ${role.id}`,
      `Hand it back: latchkey end ${id}`,
    ];
  return [`Ask again: latchkey request ${role.id} --for 1h --reason "..."`];
}
