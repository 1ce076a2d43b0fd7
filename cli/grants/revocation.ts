// Revokes everything of a person, role or account: preview, confirmation and result.
import type { RequestView, RevocationView } from '../../lib/http/answers.ts';
import type { Api, RequestList } from '../api/api.ts';
import { confirmed } from '../machine/confirmation.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { requesterText } from '../text/request-text.ts';
import { painter, plain, type Times, table, when } from '../text/terminal-text.ts';

/** A request must match every given field. `block`: a duration such as `2h`. */
export type Revocation = {
  person: string | undefined;
  role: string | undefined;
  account: string | undefined;
  block: string | undefined;
};

/** How many open requests are listed before the confirmation; the rest is counted. */
const mostShown = 20;
const openStatuses = ['active', 'scheduled', 'pending'] as const satisfies ReadonlyArray<RequestView['status']>;

/**
 * Shows the requests that would be ended, and asks for confirmation.
 * @throws Failure `usage` without a terminal, `interrupted` without a yes, and any refusal of the API
 */
export async function confirmRevocation(world: World, api: Api, revocation: Revocation): Promise<void> {
  const found = await openRequests(api, revocation);
  world.err(previewText(world, found, revocation));
  const isYes = await confirmed(world, `${found.length > 0 ? 'Revoke all of it' : 'Continue'}? Type yes: `);
  if (isYes === undefined)
    throw new Failure(
      'usage',
      'revoke requires confirmation, and there is no terminal to ask on. Nothing was revoked.',
      ['To revoke without confirmation, add --yes.'],
    );
  if (!isYes) throw new Failure('interrupted', 'Nothing was revoked.');
}

/** @throws Failure `try-again` with the requests that are still open */
export function checkAllEnded({ remaining = [] }: RevocationView): void {
  if (remaining.length === 0) return;
  throw new Failure('try-again', `${countText(remaining.length)} could not be ended: ${remaining.join(', ')}.`, [
    'Run the same command again.',
  ]);
}

export function revocationText({ ended, effectiveBy, blockedUntil }: RevocationView, times: Times): string {
  return [
    ...(ended.length === 0
      ? ['No open requests.']
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

/** @param effectiveBy when the last session of the requests ends */
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
    found.length === 0 ? 'No open request matches.' : `${countText(found.length)} would be ended:`,
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

/** Reads all pages. */
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

/** As in the API, the name of a role template matches its role in every account: `migrate` also matches `migrate@app-01`. */
const isFor = ({ role: { id } }: RequestView, role: string | undefined): boolean =>
  role === undefined || id === role || id.split('@')[0] === role;
