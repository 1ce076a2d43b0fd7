// Formats a request for the terminal.
import { durationText } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { type Colour, fields, type Paint, plain, type Times, table, when } from './terminal-text.ts';

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
/** Every status, in the order of a request's lifecycle. */
export const statuses = Object.keys(colours);
export const statusText = (paint: Paint, status: RequestView['status']): string => paint(colours[status], status);

export const accountText = ({ account }: RequestView['role']): string => `${plain(account.name)} (${account.id})`;

/** The display name, which the person may have chosen, followed by the verified identity. */
export const requesterText = ({ name, email, principal }: RequestView['requester']): string => {
  const identity = email ?? principal;
  return name === identity ? plain(name) : `${plain(name)} (${plain(identity)})`;
};

/** All details of a request. @param times clock and time zone for its instants */
export function requestText(paint: Paint, request: RequestView, times: Times): string {
  const { role, requester, approval, sessions, scope, review } = request;
  const stages = approval.stages.map((stage, i): [string, string] => [
    approval.stages.length > 1 ? `Stage ${i + 1}` : 'Approval',
    stageText(stage),
  ]);
  return [
    `${statusText(paint, request.status)}${handedBackText(request)}  ${paint('bold', role.id)} in ${accountText(role)}\n`,
    fields(paint, [
      ['Request', request.id],
      [
        'Requested by',
        `${requesterText(requester)}${request.filedBy ? ` (filed by ${request.filedBy.principal})` : ''}, ${when(request.createdAt, times)}`,
      ],
      ['Duration', durationText(request.durationSeconds)],
      ['Reason', plain(request.reason)],
      ['Ticket', ticketText(request)],
      [
        'Scope',
        scope &&
          Object.entries(scope)
            .map(([name, value]) => `${plain(name)}=${plain(value)}`)
            .join(' '),
      ],
      ['Extends', request.extends],
      ['AWS role', role.arn],
      ...(role.beyondSession ?? []).map((text): [string, string] => ['It can also', plain(text)]),
      [
        'Break-glass',
        request.breakGlass ? 'taken without approval; approvers, reviewers and admins were told' : undefined,
      ],
      ...(approval.automatic ? ([['Approval', 'automatic']] as const) : stages),
      ['Decide by', request.status === 'pending' ? when(request.decideBy, times) : undefined],
      startOf(request, times),
      [request.status === 'active' || request.status === 'scheduled' ? 'Ends' : 'Ended', endOf(request, times)],
      ...sessions.map(({ kind, accessKeyId, expiresAt }): [string, string] => [
        'Session',
        `${kind} ${accessKeyId}, expires ${when(expiresAt, times)}`,
      ]),
      ['Revocation', revocationText(request, times)],
      ['Review', review && reviewText(request.id, review, times)],
    ]),
  ].join('');
}

/** In the API, a grant that was handed back unused has the status withdrawn. */
function handedBackText({ status, endsAt, startsAt, history }: RequestView): string {
  const end = history.findLast(({ type }) => type === status);
  const wasActive = end && endsAt && startsAt && Date.parse(end.at) >= Date.parse(startsAt);
  if (!wasActive) return '';
  if (status === 'withdrawn') return ' (handed back, never used)';
  return status === 'ended' ? ' (handed back)' : '';
}

/** Every recorded step: when, what, who, how, and the comment. */
export function historyText(paint: Paint, { history }: RequestView, room?: number): string {
  const rows = history.map(({ at, type, actor, via, note }) => [
    at,
    type,
    plain(actor),
    via,
    note === undefined ? '' : plain(note),
  ]);
  return table(paint, ['AT', 'WHAT', 'WHO', 'BY', 'NOTE'], rows, room);
}

/** A requested start, or a start in the future. */
function startOf({ status, startsAt, extends: continued }: RequestView, times: Times): [string, string | undefined] {
  if (startsAt === undefined || (status !== 'pending' && status !== 'scheduled')) return ['Starts', undefined];
  const at = when(startsAt, times);
  if (status === 'scheduled') return ['Starts', at];
  return [
    'Starts',
    continued === undefined ? `${at}, or when it is approved, if later` : `when the previous grant ends, ${at}`,
  ];
}

/** The state of sessions that were issued before the grant was ended early. */
function revocationText({ revocation }: RequestView, times: Times): string | undefined {
  if (!revocation) return undefined;
  const { state, at, effectiveBy } = revocation;
  const last =
    times.now < Date.parse(effectiveBy)
      ? `The last one ends ${when(effectiveBy, times)} or earlier.`
      : `All sessions had ended by ${when(effectiveBy, times)}.`;
  return `${revocationStates[state]}${state === 'done' ? ` ${when(at, times)}` : ''}. ${last}`;
}
const revocationStates: Record<NonNullable<RequestView['revocation']>['state'], string> = {
  pending: 'existing sessions are being revoked in AWS, which takes a few minutes',
  done: 'existing sessions have been revoked in AWS',
  failed: 'existing sessions could not be revoked in AWS; they last until they expire',
  unavailable: 'existing sessions last until they expire, because this account has no revoker',
};

function reviewText(
  id: string,
  { state, due, reviewers, by, at, comment }: NonNullable<RequestView['review']>,
  times: Times,
): string {
  if (state === 'signed')
    return `signed by ${plain(by ?? '')} ${when(at ?? due, times)}${comment === undefined ? '' : `: "${plain(comment)}"`}`;
  const who = [...reviewers.map(plain), 'any admin'].join(', ');
  return `${state === 'overdue' ? 'overdue, was due' : 'due'} ${when(due, times)}, by ${who}: latchkey review ${id}`;
}

/** The ticket and the latest answer of its validator. */
function ticketText({ ticket, ticketCheck, history }: RequestView): string | undefined {
  if (ticket === undefined || !ticketCheck) return ticket && plain(ticket);
  if (ticketCheck.state === 'unchecked') return `${plain(ticket)} (unchecked by ${plain(ticketCheck.validator)})`;
  const answer = history.findLast(({ type }) => type === 'ticket-checked')?.note;
  return `${plain(ticket)} (${plain(answer ?? `${ticketCheck.validator}: valid`)})`;
}

/** When a request ended or its grant will end. */
export const endInstant = ({ status, endsAt, history }: RequestView): string | undefined =>
  status === 'pending' ? undefined : (history.findLast(({ type }) => type === status)?.at ?? endsAt);

function endOf(request: RequestView, times: Times): string | undefined {
  const ending = endInstant(request);
  return ending === undefined ? undefined : when(ending, times);
}

function stageText({ need, approvers, decisions }: RequestView['approval']['stages'][number]): string {
  const said = decisions.map(
    ({ approver, decision, comment }) =>
      `${decision === 'approve' ? 'approved' : 'denied'} by ${plain(approver)}${comment ? ` ("${plain(comment)}")` : ''}`,
  );
  return `${need} of ${approvers.map(plain).join(', ')}${said.length > 0 ? `: ${said.join(', ')}` : ''}`;
}

/** The next steps for the requester. */
export function nextSteps({ id, status, role }: RequestView): string[] {
  if (status === 'pending')
    return [`Wait for the decision: latchkey show ${id} --wait`, `Withdraw it: latchkey withdraw ${id}`];
  if (status === 'scheduled')
    return [`See when it starts: latchkey show ${id}`, `Withdraw it: latchkey withdraw ${id}`];
  if (status === 'active')
    return [
      `Use it: latchkey exec ${role.id} -- aws sts get-caller-identity`,
      `or in the browser: latchkey console ${role.id}`,
      `or in every AWS tool: latchkey configure ${role.id}`,
      `Request more time: latchkey extend ${role.id} --for 1h --reason "..."`,
      `Hand it back: latchkey hand-back ${id}`,
    ];
  return [`Request it again: latchkey request ${role.id} --for 1h --reason "..."`];
}
