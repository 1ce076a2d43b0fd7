// Resolves an argument ROLE or ID to a request.
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

/** @throws Failure `usage` if the text is neither a role name nor a request ID */
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

/** Reads a request by ID, or the caller's newest request for a role, open ones first. */
export async function findRequest(api: Api, target: string): Promise<RequestView> {
  if (isRequestId(checkTarget(target))) return api.call<RequestView>({ method: 'GET', path: `/requests/${target}` });
  const items = await someOwnRequests(api, target);
  return items.find(isOpen) ?? items[0];
}

/**
 * The caller's open requests for a role, at least one: the active grant, then scheduled ones, then pending ones.
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
 * Gets a session in one call: of the caller's active grant for a role, or of a request.
 * @throws Failure `no-grant` with the next step or the request that is still open, and any other refusal of the API
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

/** The grant to extend. @returns the ID of its request @throws Failure `no-grant` with the next step */
export async function findGrantToExtend(world: World, api: Api, target: string): Promise<string> {
  if (isRequestId(checkTarget(target))) return target;
  const items = await ownRequests(api, target);
  const grant = items.find(({ status }) => status === 'active') ?? items.find(({ status }) => status === 'scheduled');
  if (grant) return grant.id;
  await checkRole(api, target);
  throw noGrant(world, target, items.find(isOpen));
}

/** Runs `work`. If the role is not found, adds the most similar role name. */
export async function suggestingRole<T>(api: Api, role: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure && error.problem?.code === 'role-not-found') throw await unknownRole(api, role, error);
    throw error;
  }
}

/** @throws Failure `not-found` with the most similar role name */
export async function checkRole(api: Api, role: string): Promise<void> {
  const { items } = await api.call<RoleList>({ method: 'GET', path: '/roles' });
  if (!items.some(({ id }) => id === role)) throw notARole(role, items);
}

/** Suggests the most similar role name. @param items the roles that this caller may request */
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

/** At least one. @throws Failure `not-found` with the next step */
async function someOwnRequests(api: Api, role: string): Promise<[RequestView, ...RequestView[]]> {
  const [first, ...more] = await ownRequests(api, role);
  if (first) return [first, ...more];
  await checkRole(api, role);
  throw new Failure('not-found', `You have no request for ${role}.`, [
    `Request it: latchkey request ${role} --for 1h --reason "..."`,
  ]);
}

/** How and when a request ended. */
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
      `Your request for ${role} is still pending. Waiting for ${asked}. Deadline: ${when(open.decideBy, timesBeside(world))}.`,
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
    [`Request one: latchkey request ${role} --for 1h --reason "..." --wait`],
    problem,
  );
}
