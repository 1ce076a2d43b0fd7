// An STS of one's own: AssumeRole and GetCallerIdentity over the catalogue's roles, refusing what AWS would refuse.
import { createHash, randomBytes } from 'node:crypto';
import type { App } from '../lib/app.ts';
import type { Account, Catalogue } from '../lib/catalogue.ts';
import { revokerArn } from '../lib/iam.ts';
import { SECOND, toInstant } from '../lib/time.ts';
import { isDenied } from './denials.ts';
import { AwsFault, type QueryService, type Xml } from './query-protocol.ts';
import type { SigningKey } from './sigv4.ts';
import { type AssumeRoleCall, type CheckedCall, checkAssumeRole, readAssumeRole } from './sts-limits.ts';

/** Whoever may sign calls to the emulators. */
export type StsCaller = SigningKey & { accessKeyId: string; arn: string; userId: string; account: string; expiresAt: number; isHub: boolean; roleArn?: string };
/** What the emulator knows of a session it issued. */
export type IssuedSession = StsCaller & {
  roleArn: string;
  issuedAt: number;
  tags: ReadonlyArray<{ Key: string; Value: string }>;
  policy?: string;
  sourceIdentity?: string;
};

export type StsEmulator = QueryService<StsCaller> & {
  /** every AssumeRole input that was sent with a good signature, refused ones included, newest first; no secret in it */
  calls: AssumeRoleCall[];
  /** the caller behind an access key id: the hub or an issued session, expired ones included */
  caller(accessKeyId: string): StsCaller | undefined;
  /** the session behind an access key id, expired ones included; with its secrets, so it must not leave the process */
  session(accessKeyId: string): IssuedSession | undefined;
};

/**
 * The credentials of the hub's issue-session function, as the local server and tests use them: those of an assumed role, as a Lambda's are,
 * so that what is role chaining on AWS is role chaining here. They open nothing but the emulators.
 */
export const hubKeys = {
  accessKeyId: 'ASIALATCHKEYLOCALHUB',
  secretAccessKey: 'latchkey-local-hub-secret-opens-nothing0',
  sessionToken: 'latchkey-local-hub-token-opens-nothing',
} as const;
const hub: StsCaller = {
  ...hubKeys,
  arn: 'arn:aws:sts::999999999999:assumed-role/latchkey-issue-session/local',
  userId: 'AROALATCHKEYLOCALHUBX:local',
  account: '999999999999',
  expiresAt: Number.POSITIVE_INFINITY,
  isHub: true,
};

/** Those of the hub's revoke-sessions function, which enters the revokers and no other role. */
export const revokeKeys = {
  accessKeyId: 'ASIALATCHKEYLOCALREV',
  secretAccessKey: 'latchkey-local-rev-secret-opens-nothing0',
  sessionToken: 'latchkey-local-rev-token-opens-nothing',
} as const;
const revokeFunction: StsCaller = {
  ...revokeKeys,
  arn: 'arn:aws:sts::999999999999:assumed-role/latchkey-revoke-sessions/local',
  userId: 'AROALATCHKEYLOCALREVX:local',
  account: '999999999999',
  expiresAt: Number.POSITIVE_INFINITY,
  isHub: false,
};
const standing: Record<string, StsCaller> = { [hub.accessKeyId]: hub, [revokeFunction.accessKeyId]: revokeFunction };

/** How many calls and sessions are remembered. */
const memory = 5000;

/**
 * @param clock Latchkey's own, so that sessions end by the same clock as grants
 * @param policiesOf the inline policies of a role
 * @returns the service, to be mounted by aws-emulator.ts
 */
export function createStsEmulator({ catalogue, clock, policiesOf }: Pick<App, 'catalogue' | 'clock'> & { policiesOf(roleArn: string): string[] }): StsEmulator {
  const calls: AssumeRoleCall[] = [];
  const sessions = new Map<string, IssuedSession>();

  const assumeRole = (fields: URLSearchParams, caller: StsCaller): Xml => {
    const call = readAssumeRole(fields);
    calls.unshift(call);
    calls.length = Math.min(calls.length, memory);
    const checked = checkAssumeRole(call);
    const role = admit(catalogue, caller, checked);
    const session = issue(role, checked, clock());
    sessions.set(session.accessKeyId, session);
    for (const oldest of [...sessions.keys()].slice(0, Math.max(0, sessions.size - memory))) sessions.delete(oldest);
    return answerOf(session, checked);
  };

  // AWS answers this to everybody, also to whom everything is denied. Here it stands for any call that a session could make.
  const getCallerIdentity = (_fields: URLSearchParams, caller: StsCaller): Xml => {
    const session = sessions.get(caller.accessKeyId);
    const policies = session ? [...policiesOf(session.roleArn), ...(session.policy === undefined ? [] : [session.policy])] : [];
    if (session && isDenied(policies, { ...session, now: clock() }))
      throw new AwsFault('AccessDenied', `User: ${caller.arn} is not authorized to perform: sts:GetCallerIdentity with an explicit deny`, 403);
    return { Arn: caller.arn, UserId: caller.userId, Account: caller.account };
  };

  return {
    version: '2011-06-15',
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    actions: { AssumeRole: assumeRole, GetCallerIdentity: getCallerIdentity },
    calls,
    caller: (accessKeyId) => standing[accessKeyId] ?? sessions.get(accessKeyId),
    session: (accessKeyId) => sessions.get(accessKeyId),
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

/** Trust and duration. A wrong external id is as little told as an unknown role. @throws AwsFault AccessDenied or ValidationError */
function admit(catalogue: Catalogue, caller: StsCaller, call: CheckedCall): EnteredRole {
  const role = openTo(catalogue, caller).find(({ arn }) => arn === call.RoleArn);
  if (!role || role.account.externalId !== call.ExternalId) {
    throw new AwsFault('AccessDenied', `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${call.RoleArn}`, 403);
  }
  if (call.DurationSeconds > role.maxSessionDuration) {
    throw new AwsFault('ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  }
  if (call.DurationSeconds > 3600) {
    throw new AwsFault('ValidationError', 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.');
  }
  return role;
}

type EnteredRole = { arn: string; account: Account; maxSessionDuration: number };

/** Each function of the hub has its own roles to enter, as their trust policies say. */
function openTo(catalogue: Catalogue, caller: StsCaller): EnteredRole[] {
  if (caller.isHub) return [...catalogue.roles.values()];
  if (caller.accessKeyId !== revokeKeys.accessKeyId) return [];
  return [...catalogue.accounts.values()].flatMap((account) => (account.revoker ? [{ arn: revokerArn(account), account, maxSessionDuration: 3600 }] : []));
}

function issue(role: EnteredRole, call: CheckedCall, now: number): IssuedSession {
  const roleName = role.arn.split('/').at(-1);
  return {
    accessKeyId: `ASIA${base32(randomBytes(10))}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: randomBytes(300).toString('base64'),
    // the ARN of an assumed role has the role's name without its path (iam-ug, reference_identifiers)
    arn: `arn:${role.account.partition}:sts::${role.account.id}:assumed-role/${roleName}/${call.RoleSessionName}`,
    userId: `${roleId(role.arn)}:${call.RoleSessionName}`,
    account: role.account.id,
    issuedAt: now,
    expiresAt: now + call.DurationSeconds * SECOND,
    isHub: false,
    roleArn: role.arn,
    tags: call.Tags ?? [],
    ...(call.Policy !== undefined && { policy: call.Policy }),
    ...(call.SourceIdentity !== undefined && { sourceIdentity: call.SourceIdentity }),
  };
}

const answerOf = (session: IssuedSession, { SourceIdentity }: CheckedCall): Xml => ({
  Credentials: {
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    SessionToken: session.sessionToken ?? '',
    Expiration: toInstant(session.expiresAt),
  },
  AssumedRoleUser: { AssumedRoleId: session.userId, Arn: session.arn },
  ...(SourceIdentity !== undefined && { SourceIdentity }),
});

/** The same id for the same role in every run. */
const roleId = (arn: string) => `AROA${base32(createHash('sha256').update(arn).digest().subarray(0, 11)).slice(0, 17)}`;

/** RFC 4648, without padding: the letters of AWS's ids. */
export function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five, 2)]).join('');
}
