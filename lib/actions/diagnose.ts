// The hub's part of a diagnosis: tries each role of an account as issuing or a revocation would use it, and keeps nothing.
import type { App } from '../app.ts';
import { SECOND } from '../common/time.ts';
import {
  type Asked,
  asked,
  catalogueDigest,
  doctorAlias,
  probedAccount,
  type RevokerProbe,
  type RoleProbe,
  revokerOf,
  rolesOfAccount,
  type TargetProbe,
  trialInput,
  trialWithout,
  type Unknown,
} from '../target/probe.ts';

type Part = Pick<App, 'catalogue' | 'clock' | 'random' | 'log' | 'version'>;

/** Together with five calls each, far below STS's quota of 600 calls a second. */
const AT_ONCE = 10;

/**
 * Adds a second entrance to a function, its alias `doctor`. The alias accepts probes only, so permission to invoke the alias is not
 * permission to pose as the gateway or the stream. Without the alias no event is a probe. Lambda itself reports how it was invoked.
 * @param probe gets the key of an account
 */
export function withDoctor<Event, Context extends { invokedFunctionArn?: string }, Result>(
  probe: (account: string) => Promise<unknown>,
  otherwise: (event: Event, context: Context) => Promise<Result>,
): (event: Event, context: Context) => Promise<Result> {
  return (event, context) => {
    if (!context.invokedFunctionArn?.endsWith(`:${doctorAlias}`)) return otherwise(event, context);
    const account = probedAccount(event);
    return (account === undefined ? Promise.resolve({ error: 'not-a-probe' }) : probe(account)) as Promise<Result>;
  };
}

/** Assumes every role of the account with and without the values that its trust policy must require. */
export async function probeTarget(app: Part & Pick<App, 'sts'>, account: string): Promise<TargetProbe | Unknown> {
  const known = { version: app.version, catalogue: catalogueDigest(app.catalogue) };
  if (!app.catalogue.accounts.has(account)) return { ...known, error: 'unknown-account' };
  const roles = rolesOfAccount(app.catalogue, account);
  const probes: RoleProbe[] = [];
  const skews: number[] = [];
  for (let i = 0; i < roles.length; i += AT_ONCE) {
    const some = await Promise.all(roles.slice(i, i + AT_ONCE).map((role) => probeRole(app, role)));
    probes.push(...some.map(({ probe }) => probe));
    skews.push(...some.flatMap(({ skewSeconds }) => (skewSeconds === undefined ? [] : [skewSeconds])));
  }
  app.log('doctor-probed', { account, roles: roles.length });
  const nearest = skews.sort((a, b) => Math.abs(a) - Math.abs(b))[0];
  return { ...known, roles: probes, ...(nearest !== undefined && { skewSeconds: nearest }) };
}

async function probeRole(
  app: Part & Pick<App, 'sts'>,
  role: Parameters<typeof trialInput>[0],
): Promise<{ probe: RoleProbe; skewSeconds?: number }> {
  const input = trialInput(role, app.random(16));
  const { expiresAt, ...entered } = await app.sts.tryRole(input);
  const skew =
    expiresAt === undefined
      ? undefined
      : Math.round((app.clock() + input.DurationSeconds * SECOND - expiresAt) / SECOND);
  const without = {} as Record<Asked, RoleProbe['entered']>;
  for (const missing of Object.keys(asked) as Asked[]) {
    const { was, code } = await app.sts.tryRole(trialWithout(input, missing));
    without[missing] = { was, ...(code !== undefined && { code }) };
  }
  return { probe: { arn: role.arn, entered, without }, ...(skew !== undefined && { skewSeconds: skew }) };
}

/** Assumes the account's revoker and tests its one permission without using it. */
export async function probeRevoker(app: Part & Pick<App, 'iam'>, key: string): Promise<RevokerProbe | Unknown> {
  const known = { version: app.version, catalogue: catalogueDigest(app.catalogue) };
  const account = app.catalogue.accounts.get(key);
  if (!account) return { ...known, error: 'unknown-account' };
  if (!account.revoker) return { ...known, error: 'no-revoker' };
  const roles = rolesOfAccount(app.catalogue, key).map(({ arn }) => arn);
  const { outside, ...way } = revokerOf(account);
  const { entered, withoutExternalId, deletes } = await app.iam.tryRevoker(way, [...roles, outside]);
  app.log('doctor-probed', { account: key, roles: roles.length });
  const unclear = { was: 'unclear' } as const;
  return {
    ...known,
    arn: way.revoker,
    entered,
    withoutExternalId,
    roles: roles.map((arn, i) => ({ arn, deletes: deletes[i] ?? unclear })),
    outside: deletes[roles.length] ?? unclear,
  };
}
