// Issues credentials and console URLs. They are judged by the grant just read, and recorded before they are returned.
import type { App, SessionCredentials } from '../app.ts';
import { MINUTE, parseDuration, toInstant } from '../common/time.ts';
import type { ConsoleView, CredentialsView } from '../http/answers.ts';
import { Problem } from '../model/problem.ts';
import type { Block, RequestRecord, Session } from '../model/schema.ts';
import { statusAt } from '../model/status.ts';
import { accessOf, refuseIfBlocked } from '../policy/block.ts';
import { roleNotFound, rolesFor } from '../policy/judge.ts';
import { countedOf, ledgersOf } from '../policy/ledger.ts';
import type { Caller } from '../policy/principal.ts';
import { notFound, recordSession, recordUndelivered, refuseIfRevoked, roleToVend } from '../request/life.ts';
import { signInUrl } from '../session/console-url.ts';
import { planSession, type SessionPlan } from '../session/session.ts';
import { continuedBy } from './access.ts';
import { blocksLately, blocksNow } from './blocks.ts';
import { changeRequest } from './change.ts';
import { countsOf } from './file-request.ts';
import { confirmIdentity } from './identity.ts';

type Part = Pick<App, 'store' | 'clock' | 'random' | 'catalogue' | 'sts' | 'log'>;

/** The id of a request, or of a role for which the caller has a grant. */
export type Wanted = { request: string } | { role: string };

/**
 * Issues credentials in three round trips: read, AssumeRole, write. By role it takes one more, to find the request. The write comes last,
 * because the record carries the access key ID from STS. The credentials are returned only if the grant was still active at the write.
 * @throws Problem as `roleToVend` and, by role, `requestForRole`; `aws-refused`, `try-again`
 */
export async function issueCredentials(
  app: Part,
  caller: Caller,
  wanted: Wanted,
  duration?: string,
): Promise<CredentialsView> {
  const asked = duration === undefined ? undefined : parseDuration(duration);
  const assumed = await assume(app, caller, wanted, 'keys', asked);
  const { request, plan, credentials, session } = assumed;
  await recordOnGrant(app, caller, assumed);
  return {
    Version: 1,
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    SessionToken: credentials.sessionToken,
    Expiration: toInstant(session.expiresAt),
    // part of the format (SDK reference guide, "Process credential provider"): SDKs use it for account endpoints
    AccountId: plan.input.RoleArn.split(':')[4] ?? '',
    RequestId: request.id,
    GrantEndsAt: toInstant(plan.grantEndsAt),
    LimitedBy: plan.limitedBy,
  };
}

/** A sign-in URL is valid for 15 minutes (iam-ug, id_roles_providers_enable-console-custom-url). */
const URL_LIFE = 15 * MINUTE;

/**
 * Issues a URL that signs in to the console with a session of the grant. The record is written while the sign-in endpoint answers.
 * If the endpoint refuses, the record is removed.
 * @param destination a path on the console
 * @throws Problem as `roleToVend` and, by role, `requestForRole`; `aws-refused`, `try-again`
 */
export async function issueConsole(
  app: Part & Pick<App, 'signIn' | 'baseUrl'>,
  caller: Caller,
  wanted: Wanted,
  destination = '/',
): Promise<ConsoleView> {
  const assumed = await assume(app, caller, wanted, 'console', undefined);
  const { plan, credentials, session } = assumed;
  const partition = plan.input.RoleArn.split(':')[1] ?? '';
  const [recorded, token] = await Promise.allSettled([
    recordOnGrant(app, caller, assumed),
    app.signIn.token(partition, credentials),
  ]);
  if (recorded.status === 'rejected') throw recorded.reason;
  if (token.status === 'rejected') {
    app.log('console-undelivered', { request: assumed.request.id });
    await takeBack(app, caller, assumed);
    throw token.reason;
  }
  return {
    url: signInUrl(partition, token.value, destination, app.baseUrl),
    expiresAt: toInstant(Math.min(session.issuedAt + URL_LIFE, session.expiresAt)),
    sessionExpiresAt: toInstant(session.expiresAt),
  };
}

// --- internal ---

/**
 * The caller's open request for a role: the active grant or, without one, the closest to it, so that the refusal can show it.
 * Ledger and index list candidates; their status is read from the table.
 * @throws Problem `role-not-found`; `no-grant` if none is open; `blocked` if none can be; `not-the-requester` to a bot
 */
async function requestForRole(app: Part, caller: Caller, role: string): Promise<Found> {
  const { own, blocks } = countedOf(await countsOf(app, caller.person, ledgersOf(caller.person)));
  const ids = own.filter((request) => request.role === role && request.until > app.clock()).map(({ id }) => id);
  const found = await Promise.all(ids.map((id) => app.store.get(id)));
  const request = closest(
    found.flatMap((one) => one ?? []),
    app.clock(),
  );
  if (request) return { request, blocks };
  const asked = rolesFor(app.catalogue, caller).find(({ id }) => id === role);
  if (!asked) throw roleNotFound(role);
  if (caller.kind === 'bot') throw new Problem('not-the-requester', 'Bots cannot get credentials. The requester can.');
  refuseIfBlocked({ catalogue: app.catalogue, caller, now: app.clock(), blocks }, { people: [], role: asked });
  throw new Problem(
    'no-grant',
    `You have no open request for the role "${role}". File one: POST /v1/requests, or run \`latchkey request ${role}\`.`,
  );
}

/** An active grant before a scheduled one, before a pending request. */
function closest(requests: readonly RequestRecord[], now: number): RequestRecord | undefined {
  const order = ['active', 'scheduled', 'pending'] as const;
  return order.flatMap((status) => requests.filter((request) => statusAt(request, now) === status))[0];
}

/** A request, and the blocks in force when it was read. */
type Found = { request: RequestRecord; blocks: readonly Block[] };
type Assumed = Found & { plan: SessionPlan; credentials: SessionCredentials; session: Session };

async function requestById(app: Part, id: string): Promise<Found> {
  const [request, { blocks }] = await Promise.all([app.store.get(id), blocksLately(app)]);
  if (!request) throw notFound();
  return { request, blocks };
}

async function assume(
  app: Part,
  caller: Caller,
  wanted: Wanted,
  kind: Session['kind'],
  asked: number | undefined,
): Promise<Assumed> {
  const found = 'role' in wanted ? requestForRole(app, caller, wanted.role) : requestById(app, wanted.request);
  const [{ request, blocks }] = await Promise.all([found, confirmIdentity(app, caller)]);
  const now = app.clock();
  const role = roleToVend(request, { catalogue: app.catalogue, caller, now, blocks });
  const plan = planSession(request, role, asked, app.random(16), now);
  // read in parallel to the call to STS, so that an extension takes no extra step; credentials are dropped if the continued grant was revoked
  const [credentials, continued] = await Promise.all([app.sts.assumeRole(plan.input), continuedBy(app, request)]);
  refuseIfRevoked(continued);
  const session: Session = {
    kind,
    accessKeyId: credentials.accessKeyId,
    sessionName: plan.input.RoleSessionName,
    issuedAt: now,
    expiresAt: Math.min(credentials.expiresAt, plan.endsAt),
  };
  return { request, blocks, plan, credentials, session };
}

/**
 * An end of the grant in the meantime wins: the session is judged again by the newest record before it is added. The blocks are read
 * strongly consistent in parallel to the write, because a revocation may have missed a request that the index did not show yet. Its
 * session is then dropped and its record removed.
 */
async function recordOnGrant(app: Part, caller: Caller, { request, blocks, session }: Assumed): Promise<void> {
  const { catalogue } = app;
  const judge = (current: RequestRecord, now: number) => {
    roleToVend(current, { catalogue, caller, now, blocks });
    return recordSession(current, session, caller, now);
  };
  const standing = { blocks };
  await changeRequest(readingBlocks(app, standing), request.id, judge, request);
  try {
    refuseIfBlocked({ catalogue, caller, now: app.clock(), ...standing }, accessOf(request));
  } catch (blocked) {
    await takeBack(app, caller, { request, session });
    throw blocked;
  }
}

/** The same App, which also reads the blocks with each write of a request, including repeated writes. */
function readingBlocks(app: Part, standing: Pick<Found, 'blocks'>): Part {
  const replace: App['store']['replace'] = async (...write) => {
    const [isReplaced, { blocks }] = await Promise.all([app.store.replace(...write), blocksNow(app)]);
    standing.blocks = blocks;
    return isReplaced;
  };
  return { ...app, store: { ...app.store, replace } };
}

/** Removes the record of a session whose credentials were not returned. */
const takeBack = (app: Part, caller: Caller, { request, session }: Pick<Assumed, 'request' | 'session'>) =>
  changeRequest(app, request.id, (current, now) => recordUndelivered(current, session, caller, now));
