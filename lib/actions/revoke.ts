// Denies the sessions of revoked grants: each grant is added to its role's list, the holder of the role's lease writes the list to IAM, and the request records the result.
import type { App, RevokedRole } from '../app.ts';
import { accountWithRevoker, type Catalogue } from '../catalogue/catalogue.ts';
import { MINUTE, SECOND } from '../common/time.ts';
import { loggedError } from '../model/logged-error.ts';
import { Problem } from '../model/problem.ts';
import type { RequestRecord } from '../model/schema.ts';
import { recordRevocation } from '../request/life.ts';
import { revokerArn } from '../session/iam.ts';
import { foldRevocations, planRevocations, type RevocationPlan } from '../session/revocation-plan.ts';
import { RevocationRefused } from '../session/revocation-refused.ts';
import { changeRequest } from './change.ts';

type Part = Pick<App, 'store' | 'iam' | 'clock' | 'random' | 'pause' | 'catalogue' | 'log'>;

/** Longer than the function may run, so that a process that lost the lease can no longer write. */
const LEASE = 90 * SECOND;
/** How long IAM is asked again before the request says that it failed. */
const PATIENCE = 10 * MINUTE;
/** The longest pause before what failed is tried again. With it the function stays within its timeout. */
const PAUSE_MOST = 15 * SECOND;
/** Others add to the list while it is being written; each round takes along whatever has come. */
const ROUNDS = 10;

/**
 * Denies the sessions of these requests, if that is still to be done. One role that fails holds up no other. The stream brings back at
 * once what has to come again, so the pause is made here: the longer it has failed, the longer.
 * @param requests at most 100, as the stream showed them; they are read again
 * @returns ids of those that have to come again
 */
export async function revokeSessions(
  app: Part,
  requests: ReadonlyArray<Pick<RequestRecord, 'id' | 'role' | 'revocation'>>,
): Promise<string[]> {
  const roles = Map.groupBy(requests, ({ role }) => role.arn);
  const later = (
    await Promise.all([...roles].map(([arn, some]) => revokeOnRole(app, arn, [...new Set(some.map(({ id }) => id))])))
  ).flat();
  if (later.length > 0) {
    const since = requests.flatMap(({ id, revocation }) => (revocation && later.includes(id) ? [revocation.at] : []));
    await app.pause(Math.min(PAUSE_MOST, Math.max(0, app.clock() - Math.min(...since)) / 4));
  }
  return later;
}

/** Takes from a role's policy what is over. @throws Problem `try-again`; RevocationRefused */
export async function pruneRevocations(app: Part, roleArn: string): Promise<void> {
  const role = revokedRole(app.catalogue, roleArn);
  if (role) await writeRevocations(app, role);
}

async function revokeOnRole(app: Part, arn: string, ids: readonly string[]): Promise<string[]> {
  let open: RequestRecord[] = [];
  try {
    open = (await app.store.getMany(ids)).filter(({ revocation }) => revocation?.state === 'pending');
    if (open.length === 0) return [];
    const role = revokedRole(app.catalogue, arn);
    if (!role) throw new RevocationRefused('NoRevoker');
    await app.store.addRevocations(
      arn,
      new Map(open.map(({ id, revocation }) => [id, revocation?.effectiveBy ?? 0])),
      app.clock(),
    );
    await writeRevocations(app, role);
  } catch (error) {
    return await postponed(app, error, open.length > 0 ? open : undefined, ids);
  }
  return await settled(app, open, 'done');
}

/** What IAM refuses for good, or has not taken for long, is written down as failed; the rest comes again. */
async function postponed(
  app: Part,
  error: unknown,
  open: readonly RequestRecord[] | undefined,
  ids: readonly string[],
): Promise<string[]> {
  app.log('revocation-deferred', {
    requests: ids.length,
    ...(error instanceof RevocationRefused && { reason: error.reason }),
    ...loggedError(error),
  });
  if (!open) return [...ids];
  const isOver = (request: RequestRecord) =>
    error instanceof RevocationRefused || app.clock() >= (request.outcome?.at ?? 0) + PATIENCE;
  const given = open.filter(isOver);
  return [...open.filter((request) => !isOver(request)).map(({ id }) => id), ...(await settled(app, given, 'failed'))];
}

/** Writes the outcome on each request. @returns those where that has to be tried again */
async function settled(app: Part, requests: readonly RequestRecord[], state: 'done' | 'failed'): Promise<string[]> {
  const later: string[] = [];
  for (const { id } of requests) {
    try {
      await changeRequest(app, id, (current, now) => recordRevocation(current, state, now), undefined, 'wins');
      app.log(state === 'done' ? 'sessions-revoked' : 'revocation-failed', { request: id });
    } catch (error) {
      app.log('revocation-deferred', { request: id, ...loggedError(error) });
      later.push(id);
    }
  }
  return later;
}

/**
 * Writes the role's list to IAM under its lease, again as long as others add to it meanwhile. IAM keeps no version of a policy, so two
 * writers would overwrite each other; under the lease there is one, and what it wrote counts only if the list is still the same.
 */
async function writeRevocations(app: Part, role: RevokedRole): Promise<void> {
  const holder = Buffer.from(app.random(12)).toString('base64url');
  for (let round = 0; round < ROUNDS; round += 1) {
    const list = await app.store.leaseRevocations(role.arn, holder, app.clock(), app.clock() + LEASE);
    if (!list) throw new Problem('try-again', 'Somebody else is writing the revocations of this role. They come next.');
    const plan = planRevocations(list, app.clock());
    const isWritten = list.applied === list.version && plan.dropped.length === 0 && plan.before === list.before;
    let written = plan;
    try {
      if (!isWritten) written = await write(app, role, plan, () => foldRevocations(list, app.clock()));
    } catch (error) {
      await app.store.releaseRevocations(role.arn, holder, undefined);
      throw error;
    }
    if (
      await app.store.releaseRevocations(role.arn, holder, {
        version: list.version,
        before: written.before,
        dropped: written.dropped,
      })
    )
      return;
  }
  await app.store.releaseRevocations(role.arn, holder, undefined);
  throw new Problem('try-again', 'The list of revocations keeps changing.');
}

/** Where the role has other inline policies and no room, all its sessions are denied by one short rule instead. */
async function write(
  app: Part,
  role: RevokedRole,
  plan: RevocationPlan,
  fold: () => RevocationPlan,
): Promise<RevocationPlan> {
  if ((await app.iam.setRevocations(role, plan.policy)) !== 'full') return plan;
  const folded = fold();
  if ((await app.iam.setRevocations(role, folded.policy)) === 'full') throw new RevocationRefused('LimitExceeded');
  return folded;
}

/** How to reach a role's account; undefined where the catalogue of now has no revoker there. */
function revokedRole(catalogue: Catalogue, arn: string): RevokedRole | undefined {
  const account = accountWithRevoker(catalogue, arn);
  return account && { arn, revoker: revokerArn(account), externalId: account.externalId };
}
