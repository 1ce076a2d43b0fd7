// From what somebody types, a role or the id of a request, to the request that is meant.
import { probablyMeant } from '../../lib/common/suggestion.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { isOpenStatus } from '../../lib/model/status.ts';
import type { Api, RequestList, RoleList } from '../api/api.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { endInstant } from '../text/request-text.ts';
import { timesBeside, when } from '../text/terminal-text.ts';

/** lib/model/schema.ts, RequestId. */
export const isRequestId = (text: string): boolean => /^[0-9a-z]{26}$/.test(text);
export const isRoleId = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._@-]{0,199}$/.test(text);
const isOpen = ({ status }: RequestView): boolean => isOpenStatus(status);

/** @throws Failure `usage` for what can be neither a role nor a request */
export function checkTarget(target: string): string {
  if (isRequestId(target) || isRoleId(target)) return target;
  throw new Failure('usage', `"${target}" is neither a role nor the ID of a request.`, [
    'See the roles: latchkey roles',
    'See your requests: latchkey requests',
  ]);
}

/** @throws Failure `usage` */
export function checkRequestId(id: string): string {
  if (isRequestId(id)) return id;
  throw new Failure('usage', `"${id}" is not the ID of a request. An ID has 26 letters and digits.`, [
    'See the requests that wait for your decision: latchkey requests --view to-decide',
  ]);
}

/** Reads a request by its id, or the newest of one's own for a role, open ones first. */
export async function findRequest(api: Api, target: string): Promise<RequestView> {
  if (isRequestId(checkTarget(target))) return api.call<RequestView>({ method: 'GET', path: `/requests/${target}` });
  const items = await someOwnRequests(api, target);
  return items.find(isOpen) ?? items[0];
}

/**
 * The caller's open requests for a role: the grant that gives access now, then those to come, then those that wait. At least one.
 * @throws Failure `not-found`, or `conflict` if none is open
 */
export async function ownOpenRequests(world: World, api: Api, role: string): Promise<[RequestView, ...RequestView[]]> {
  const items = await someOwnRequests(api, checkTarget(role));
  const [first, ...more] = (['active', 'scheduled', 'pending'] as const).flatMap((status) =>
    items.filter((item) => item.status === status),
  );
  if (first) return [first, ...more];
  const newest = items[0];
  throw new Failure('conflict', `You have no open request or grant for ${role}. ${overText(world, newest)}`, [
    `See it: latchkey show ${newest.id}`,
  ]);
}

/**
 * Asks for a session in one call: of the caller's active grant for a role, or of a request.
 * @throws Failure `no-grant` that says what to do, or which request is still open; and whatever else the API refuses
 */
export async function issue<Session>(
  world: World,
  api: Api,
  target: string,
  kind: 'credentials' | 'console',
  body: object,
): Promise<Session> {
  if (isRequestId(checkTarget(target)))
    return api.call<Session>({ method: 'POST', path: `/requests/${target}/${kind}`, body });
  try {
    return await suggestingRole(api, target, () =>
      api.call<Session>({ method: 'POST', path: `/roles/${target}/${kind}`, body }),
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, request } = error.problem ?? {};
    const isNotYet = code === 'not-active' && ['pending', 'scheduled'].includes(request?.status ?? '');
    throw code === 'no-grant' || isNotYet ? noGrant(world, target, request, error.problem) : error;
  }
}

/** The grant that more time is asked for. @returns the id of its request @throws Failure `no-grant` that says what to do */
export async function findGrantToExtend(world: World, api: Api, target: string): Promise<string> {
  if (isRequestId(checkTarget(target))) return target;
  const items = await ownRequests(api, target);
  const grant = items.find(({ status }) => status === 'active') ?? items.find(({ status }) => status === 'scheduled');
  if (grant) return grant.id;
  await checkRole(api, target);
  throw noGrant(world, target, items.find(isOpen));
}

/** Runs `work`, and adds the role that was probably meant if there is none of that name. */
export async function suggestingRole<T>(api: Api, role: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure && error.problem?.code === 'role-not-found') throw await unknownRole(api, role, error);
    throw error;
  }
}

/** @throws Failure `not-found` that says which role was probably meant */
export async function checkRole(api: Api, role: string): Promise<void> {
  const { items } = await api.call<RoleList>({ method: 'GET', path: '/roles' });
  if (!items.some(({ id }) => id === role)) throw notARole(role, items);
}

/** Says which role was probably meant. @param items the roles that there are for this caller */
export function notARole(role: string, items: RoleList['items'], problem?: Failure['problem']): Failure {
  const meant = probablyMeant(
    role,
    items.map(({ id }) => id),
  );
  const next =
    meant === undefined
      ? [
          items.length > 0
            ? 'See the roles that you may request: latchkey roles'
            : 'You may not request any role. Requests that wait for your decision: latchkey requests --view to-decide',
        ]
      : [`Did you mean ${meant}?`];
  return new Failure('not-found', `Role "${role}" not found, or you may not request it.`, next, problem);
}

// -- internal --------------------------------------------------------------------------------------------------------

const ownRequests = async (api: Api, role: string): Promise<RequestView[]> =>
  (await api.call<RequestList>({ method: 'GET', path: '/requests', query: { view: 'mine', role, limit: '10' } })).items;

/** At least one. @throws Failure `not-found` that says what to do */
async function someOwnRequests(api: Api, role: string): Promise<[RequestView, ...RequestView[]]> {
  const [first, ...more] = await ownRequests(api, role);
  if (first) return [first, ...more];
  await checkRole(api, role);
  throw new Failure('not-found', `You have no request for ${role}.`, [
    `Ask: latchkey request ${role} --for 1h --reason "..."`,
  ]);
}

/** Of a request that is over: what became of it, and when. */
function overText(world: World, request: RequestView): string {
  const at = endInstant(request);
  const became = { ended: 'ended', lapsed: 'lapsed' }[request.status as string] ?? `was ${request.status}`;
  return `Your newest one ${became}${at === undefined ? '' : ` ${when(at, timesBeside(world))}`}.`;
}

async function unknownRole(api: Api, role: string, { problem }: Failure): Promise<Failure> {
  const { items } = await api.call<RoleList>({ method: 'GET', path: '/roles' });
  return notARole(role, items, problem);
}

function noGrant(world: World, role: string, open: RequestView | undefined, problem?: Failure['problem']): Failure {
  if (open?.status === 'pending') {
    const asked = open.approval.stages.flatMap(({ approvers }) => approvers).join(', ');
    return new Failure(
      'no-grant',
      `Your request for ${role} is still pending; ${asked} can decide it, ${when(open.decideBy, timesBeside(world))} at the latest.`,
      [`Wait for it: latchkey show ${open.id} --wait`],
      problem,
    );
  }
  if (open)
    return new Failure(
      'no-grant',
      `Your grant for ${role} starts ${when(open.startsAt ?? open.decideBy, timesBeside(world))}.`,
      [`See it: latchkey show ${open.id}`],
      problem,
    );
  return new Failure(
    'no-grant',
    `You have no active grant for ${role}.`,
    [`Ask for one: latchkey request ${role} --for 1h --reason "..." --wait`],
    problem,
  );
}
