// Revoking everything of a person, a role or an account: what would be ended, the yes to it, and what came of it.
import type { RequestView, RevocationView } from '../../lib/http/answers.ts';
import type { Api, RequestList } from '../api/api.ts';
import { confirmed } from '../machine/confirmation.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { requesterText } from '../text/request-text.ts';
import { painter, plain, type Times, table, when } from '../text/terminal-text.ts';

/** All that is given has to fit. `block`: a duration such as `2h`. */
export type Revocation = {
  person: string | undefined;
  role: string | undefined;
  account: string | undefined;
  block: string | undefined;
};

/** What of the open requests is shown before the question; the rest is counted. */
const mostShown = 20;
const openStatuses = ['active', 'scheduled', 'pending'] as const satisfies ReadonlyArray<RequestView['status']>;

/**
 * Shows what is open and would be ended, and has somebody at a terminal say yes to it.
 * @throws Failure `usage` where nobody can be asked, `interrupted` without a yes, and whatever the API refuses
 */
export async function confirmRevocation(world: World, api: Api, revocation: Revocation): Promise<void> {
  const found = await openRequests(api, revocation);
  world.err(previewText(world, found, revocation));
  const isYes = await confirmed(world, `${found.length > 0 ? 'Revoke all of it' : 'Go on'}? Type yes: `);
  if (isYes === undefined)
    throw new Failure('usage', 'revoke asks for confirmation, and nobody can be asked here. Nothing was revoked.', [
      'To revoke without confirmation, add --yes.',
    ]);
  if (!isYes) throw new Failure('interrupted', 'Nothing was revoked.');
}

/** @throws Failure `try-again` that names what is still open */
export function checkAllEnded({ remaining = [] }: RevocationView): void {
  if (remaining.length === 0) return;
  throw new Failure('try-again', `${countText(remaining.length)} could not be ended: ${remaining.join(', ')}.`, [
    'Run the same command again.',
  ]);
}

export function revocationText({ ended, effectiveBy, blockedUntil }: RevocationView, times: Times): string {
  return [
    ...(ended.length === 0
      ? ['Nothing was open.']
      : [
          `Ended ${countText(ended.length)}:`,
          ...ended.map((id) => `  ${plain(id)}`),
          sessionsText(effectiveBy, times),
        ]),
    ...(blockedUntil === undefined
      ? []
      : [`The block ends ${when(blockedUntil, times)}. List and lift blocks: latchkey blocks`]),
    '',
  ].join('\n');
}

// -- internal --------------------------------------------------------------------------------------------------------

/** @param effectiveBy from when on no session of the requests works, for certain */
const sessionsText = (effectiveBy: string, times: Times): string =>
  Date.parse(effectiveBy) <= times.now
    ? 'None of their sessions can be used any more.'
    : `The last of their sessions ends ${when(effectiveBy, times)}.`;

const countText = (count: number): string => `${count} ${count === 1 ? 'request' : 'requests'}`;

function previewText(world: World, found: readonly RequestView[], { block }: Revocation): string {
  const rows = found
    .slice(0, mostShown)
    .map(({ id, status, role, requester }) => [
      id,
      status,
      role.id,
      plain(role.account.name),
      requesterText(requester),
    ]);
  const more = found.length - rows.length;
  return [
    found.length === 0 ? 'Nothing is open that fits.' : `${countText(found.length)} would be ended:`,
    ...(found.length === 0
      ? []
      : [
          table(
            painter(world, world.errIsTerminal),
            ['REQUEST', 'STATUS', 'ROLE', 'ACCOUNT', 'BY'],
            rows,
            world.columns(),
          ).trimEnd(),
        ]),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(block === undefined ? [] : [`Filing, approving and credentials would be blocked for ${block}.`]),
    '',
  ].join('\n');
}

/** Over all pages. */
async function openRequests(api: Api, { person, role, account }: Revocation): Promise<RequestView[]> {
  const found: RequestView[] = [];
  for (const status of openStatuses) {
    let cursor: string | undefined;
    do {
      const query = { view: 'all', status, limit: '100', person, account, cursor };
      const page: RequestList = await api.call<RequestList>({ method: 'GET', path: '/requests', query });
      found.push(...page.items.filter((request) => isFor(request, role)));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }
  return found;
}

/** The API takes the name of a role of many accounts for all of them: `migrate` is `migrate@app-01`, too. */
const isFor = ({ role: { id } }: RequestView, role: string | undefined): boolean =>
  role === undefined || id === role || id.split('@')[0] === role;
