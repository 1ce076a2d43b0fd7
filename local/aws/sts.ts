// An STS emulator: AssumeRole and GetCallerIdentity for the installed roles, with the refusals of AWS.
import { createHash, randomBytes } from 'node:crypto';
import type { App } from '../../lib/app.ts';
import { SECOND, toInstant } from '../../lib/common/time.ts';
import { isDenied } from './denials.ts';
import { hubAccount, localStage, operatorArn, operatorKeys } from './operator.ts';
import { AwsError, type QueryService, type Xml } from './query-protocol.ts';
import type { SigningKey } from './sigv4.ts';
import { type AssumeRoleCall, type CheckedCall, checkAssumeRole, readAssumeRole } from './sts-limits.ts';
import type { InstalledRole, TargetAccounts } from './target-accounts.ts';
import { letsIn } from './trust.ts';

/** A caller of the emulators. */
export type StsCaller = SigningKey & {
  accessKeyId: string;
  arn: string;
  userId: string;
  account: string;
  expiresAt: number;
  /** a function of the hub, which sends email */
  isHub: boolean;
  isOperator: boolean;
  roleArn?: string;
};
/** A session that the emulator issued. */
export type IssuedSession = StsCaller & {
  roleArn: string;
  issuedAt: number;
  tags: ReadonlyArray<{ Key: string; Value: string }>;
  policy?: string;
  sourceIdentity?: string;
};

export type StsEmulator = QueryService<StsCaller> & {
  /** every AssumeRole input with a valid signature, including refused ones, newest first; contains no secret */
  calls: AssumeRoleCall[];
  /** the caller for an access key ID: the hub or an issued session, including expired ones */
  caller(accessKeyId: string): StsCaller | undefined;
  /** the session for an access key ID, including expired ones; contains secrets, so it must not leave the process */
  session(accessKeyId: string): IssuedSession | undefined;
};

/**
 * The credentials of the hub's issue-session function in the local server and in tests: those of an assumed role, like a Lambda function's,
 * so that role chaining applies as on AWS. They are valid only for the emulators.
 */
export const hubKeys = {
  accessKeyId: 'ASIALATCHKEYLOCALHUB',
  secretAccessKey: 'latchkey-local-hub-secret-opens-nothing0',
  sessionToken: 'latchkey-local-hub-token-opens-nothing',
} as const;
/** Those of the hub's revoke-sessions function, which may assume only the revokers. */
export const revokeKeys = {
  accessKeyId: 'ASIALATCHKEYLOCALREV',
  secretAccessKey: 'latchkey-local-rev-secret-opens-nothing0',
  sessionToken: 'latchkey-local-rev-token-opens-nothing',
} as const;
const functionOf = (
  name: string,
  keys: SigningKey & { accessKeyId: string },
  id: string,
  isHub: boolean,
): StsCaller => ({
  ...keys,
  arn: `arn:aws:sts::${hubAccount}:assumed-role/latchkey-${localStage}-${name}/local`,
  userId: `${id}:local`,
  account: hubAccount,
  expiresAt: Number.POSITIVE_INFINITY,
  isHub,
  isOperator: false,
  roleArn: `arn:aws:iam::${hubAccount}:role/latchkey-${localStage}-${name}`,
});
const operator: StsCaller = {
  ...operatorKeys,
  arn: operatorArn,
  userId: 'AIDALATCHKEYOPERATOR',
  account: hubAccount,
  expiresAt: Number.POSITIVE_INFINITY,
  isHub: false,
  isOperator: true,
};
const standing = new Map<string, StsCaller>(
  [
    functionOf('issue-session', hubKeys, 'AROALATCHKEYLOCALHUBX', true),
    functionOf('revoke-sessions', revokeKeys, 'AROALATCHKEYLOCALREVX', false),
    operator,
  ].map((caller) => [caller.accessKeyId, caller]),
);

/** How many calls and sessions are kept. */
const memory = 5000;

/**
 * @param targets the roles that can be assumed
 * @param clock Latchkey's own, so that sessions and grants end by the same clock
 * @returns the service, to be mounted by aws-emulator.ts
 */
export function createStsEmulator({ targets, clock }: Pick<App, 'clock'> & { targets: TargetAccounts }): StsEmulator {
  const calls: AssumeRoleCall[] = [];
  const sessions = new Map<string, IssuedSession>();

  const assumeRole = (fields: URLSearchParams, caller: StsCaller): Xml => {
    const call = readAssumeRole(fields);
    calls.unshift(call);
    calls.length = Math.min(calls.length, memory);
    const checked = checkAssumeRole(call);
    const role = admit(targets, caller, checked);
    const session = issue(role, checked, clock());
    sessions.set(session.accessKeyId, session);
    for (const oldest of [...sessions.keys()].slice(0, Math.max(0, sessions.size - memory))) sessions.delete(oldest);
    return answerOf(session, checked);
  };

  // Real AWS never denies this call. Here it represents any call of a session, so a denied session is refused.
  const getCallerIdentity = (_fields: URLSearchParams, caller: StsCaller): Xml => {
    const session = sessions.get(caller.accessKeyId);
    const by = session && denierOf(session);
    if (by)
      throw new AwsError(
        'AccessDenied',
        `User: ${caller.arn} is not authorized to perform: sts:GetCallerIdentity with an explicit deny in ${by}`,
        403,
      );
    return { Arn: caller.arn, UserId: caller.userId, Account: caller.account };
  };

  /** The kind of policy that denies a session everything, as AWS names it (iam-ug, troubleshoot_access-denied); undefined if none does. */
  const denierOf = (session: IssuedSession): string | undefined => {
    const context = { ...session, now: clock() };
    if (isDenied([...(targets.roles.get(session.roleArn)?.inline.values() ?? [])], context))
      return 'an identity-based policy';
    return session.policy !== undefined && isDenied([session.policy], context) ? 'a session policy' : undefined;
  };

  return {
    version: '2011-06-15',
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    actions: { AssumeRole: assumeRole, GetCallerIdentity: getCallerIdentity },
    calls,
    caller: (accessKeyId) => standing.get(accessKeyId) ?? sessions.get(accessKeyId),
    session: (accessKeyId) => sessions.get(accessKeyId),
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

/** Checks trust and duration. The answer does not distinguish an incorrect external ID from an unknown role. @throws AwsError AccessDenied or ValidationError */
function admit({ roles }: TargetAccounts, caller: StsCaller, call: CheckedCall): InstalledRole {
  const role = roles.get(call.RoleArn);
  if (!role || !letsIn(role.trust, caller.roleArn ?? caller.arn, call)) {
    throw new AwsError(
      'AccessDenied',
      `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${call.RoleArn}`,
      403,
    );
  }
  if (call.DurationSeconds > role.maxSessionDuration) {
    throw new AwsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    );
  }
  if (call.DurationSeconds > 3600 && !caller.isOperator) {
    throw new AwsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    );
  }
  return role;
}

function issue(role: InstalledRole, call: CheckedCall, now: number): IssuedSession {
  const roleName = role.arn.split('/').at(-1);
  const [, partition, , , account = ''] = role.arn.split(':');
  return {
    accessKeyId: `ASIA${base32(randomBytes(10))}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: randomBytes(300).toString('base64'),
    // the ARN of an assumed role leaves out the role's path (iam-ug, reference_identifiers)
    arn: `arn:${partition}:sts::${account}:assumed-role/${roleName}/${call.RoleSessionName}`,
    userId: `${roleId(role.arn)}:${call.RoleSessionName}`,
    account,
    issuedAt: now,
    expiresAt: now + call.DurationSeconds * SECOND,
    isHub: false,
    isOperator: false,
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

/** The same ID for the same role in every run. */
const roleId = (arn: string) => `AROA${base32(createHash('sha256').update(arn).digest().subarray(0, 11)).slice(0, 17)}`;

/** RFC 4648 without padding, the alphabet of AWS's IDs. */
export function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five, 2)])
    .join('');
}
