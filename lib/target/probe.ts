// The doctor's probes of the hub's own functions: the event, the calls that are tried, and the answer.
import type { Account, Catalogue, Role } from '../catalogue/catalogue.ts';
import { digestOf } from '../common/digest.ts';
import { sessionTags } from '../model/session-tags.ts';
import { revokerArn, roleArn } from '../session/iam.ts';
import { type AssumeRoleInput, STS_LEAST } from '../session/session.ts';

/** The event with which the doctor invokes a function, through the function's alias `doctor`. */
export type ProbeEvent = { doctor: { account: string } };
export const doctorAlias = 'doctor';

/** The result of one call. `code` is AWS's own, or NoAnswer. Nothing else of an answer is passed on. */
export type Tried = { was: 'allowed' | 'refused' | 'unclear'; code?: string };
/** An AssumeRole input with or without the values that trust policies require. */
export type TrialInput = Omit<AssumeRoleInput, 'ExternalId' | 'SourceIdentity' | 'Tags'> & Partial<AssumeRoleInput>;
/** The values that every trust policy must require. */
export const asked = { externalId: 'ExternalId', tags: 'Tags', sourceIdentity: 'SourceIdentity' } as const;
export type Asked = keyof typeof asked;

type Answered = { version: string /** of the function's catalogue */; catalogue: string };
/** The function's catalogue does not have the account, or no revoker in it. */
export type Unknown = Answered & { error: 'unknown-account' | 'no-revoker' };
export type RoleProbe = { arn: string; entered: Tried; without: Record<Asked, Tried> };
export type TargetProbe = Answered & {
  roles: RoleProbe[];
  /** the function's clock minus the clock of STS, in whole seconds; undefined if no role was assumed */
  skewSeconds?: number;
};
export type RevokerProbe = Answered & {
  arn: string;
  entered: Tried;
  withoutExternalId: Tried;
  /** the permission to remove an inline policy from each role */
  roles: Array<{ arn: string; deletes: Tried }>;
  /** the same for a role outside the catalogue: the revoker itself */
  outside: Tried;
};

/** The account that a probe names; undefined for every other event. */
export function probedAccount(event: unknown): string | undefined {
  const doctor = onlyMember(event, 'doctor');
  const account = onlyMember(doctor, 'account');
  return typeof account === 'string' ? account : undefined;
}

function onlyMember(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const names = Object.keys(value);
  return names.length === 1 && names[0] === name ? (value as Record<string, unknown>)[name] : undefined;
}

/** Denies everything, so that the credentials of a trial are useless. */
const denyAll = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] });

/** The doctor's name in CloudTrail. */
export const doctorName = 'latchkey-doctor';

/**
 * AssumeRole as for a real session, for the shortest time and with permission to do nothing.
 * @param nonce at least 128 random bits, as for every session
 */
export const trialInput = (
  role: Pick<Role, 'arn' | 'account' | 'sessionPolicies'>,
  nonce: Uint8Array,
): AssumeRoleInput => ({
  RoleArn: role.arn,
  RoleSessionName: `lk-${Buffer.from(nonce).toString('base64url')}-doctor`,
  DurationSeconds: STS_LEAST,
  ExternalId: role.account.externalId,
  SourceIdentity: doctorName,
  Policy: denyAll,
  ...(role.sessionPolicies.length > 0 && { PolicyArns: role.sessionPolicies.map((arn) => ({ arn })) }),
  Tags: Object.values(sessionTags).map((Key) => ({ Key, Value: doctorName })),
});

/** The same without one of the values that the trust policy must require. */
export function trialWithout(input: AssumeRoleInput, missing: Asked): TrialInput {
  const { [asked[missing]]: _, ...rest } = input;
  return rest as TrialInput;
}

/** The IAM roles of an account in the order of the catalogue, each once, though several entries may lead to it. */
export function rolesOfAccount(catalogue: Pick<Catalogue, 'roles'>, account: string): Role[] {
  const found = new Map(
    [...catalogue.roles.values()].filter((role) => role.account.key === account).map((role) => [role.arn, role]),
  );
  return [...found.values()];
}

/** How to assume the revoker of an account, and a role there that it must not change: itself. */
export const revokerOf = (account: Account) => ({
  revoker: revokerArn(account),
  externalId: account.externalId,
  outside: roleArn(account, 'latchkey-revoker'),
});

/** A digest of the whole catalogue. */
export const catalogueDigest = (catalogue: Catalogue): string =>
  digestOf(
    Object.entries(catalogue).map(([part, value]) => {
      if (part === 'roles') return [...catalogue.roles.values()].map(({ id, digest }) => [id, digest]);
      if (part === 'requestable' || part === 'decidable') return part; // both follow from the roles
      return value instanceof Map || value instanceof Set ? [...value] : value;
    }),
  );
