// Builds the session policy from a request's scope, managed session policies and source networks, as data and never by joining text.
import { isOfForm } from '../common/pattern.ts';
import { toInstant } from '../common/time.ts';
import { scopeValue } from './scope-value.ts';
import type { RoleData } from './shape.ts';

type ScopeRule = NonNullable<RoleData['scope']>;
export type ScopeStatement = { actions: string[]; resources: string[] };
/** A scope as requested and approved: its values, its meaning in words, and its statements. */
export type Scope = { values: Record<string, string>; says: string; statements: ScopeStatement[] };

const placeholder = /\{([a-z][a-zA-Z0-9]{0,30})\}/g;
export const placeholdersIn = (text: string): string[] => [...text.matchAll(placeholder)].map(([, name]) => name!);

/** Errors in the values of a scope. Empty if the role has no scope and none was requested. Pointers are into the body. */
export function scopeErrors(
  rule: ScopeRule | undefined,
  given: Record<string, string> | undefined,
): Array<{ pointer: string; detail: string }> {
  if (!rule) return given === undefined ? [] : [{ pointer: '/scope', detail: 'This role has no scope; leave it out.' }];
  const values = given ?? {};
  const unknown = Object.keys(values).filter((name) => !Object.hasOwn(rule.parameters, name));
  return [
    ...unknown.map((name) => ({
      pointer: `/scope/${name}`,
      detail: `Unknown scope parameter "${name}". The role's scope has: ${Object.keys(rule.parameters).join(', ')}.`,
    })),
    ...Object.entries(rule.parameters).flatMap(([name, parameter]) => {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      const pointer = `/scope/${name}`;
      if (value === undefined)
        return [{ pointer, detail: `The scope requires ${name}: ${parameter.description}${choicesOf(parameter)}.` }];
      return isTaken(parameter, value)
        ? []
        : [{ pointer, detail: `${name} must be ${parameter.description}${choicesOf(parameter)}.` }];
    }),
  ];
}

function isTaken({ values, pattern, maxLength }: ScopeRule['parameters'][string], value: string): boolean {
  if (!scopeValue.test(value) || value.length > maxLength) return false;
  return values ? values.includes(value) : isOfForm(`^(?:${pattern ?? ''})$`, value);
}

const choicesOf = ({ values, pattern, maxLength }: ScopeRule['parameters'][string]): string =>
  values ? `, one of ${values.join(', ')}` : `, of the form ${pattern} and at most ${maxLength} characters`;

/** The scope with its values filled in. The values must have passed `scopeErrors`. */
export function scopeOf(rule: ScopeRule, values: Record<string, string>): Scope {
  const fill = (text: string) => text.replace(placeholder, (_, name: string) => values[name] ?? '');
  return {
    values,
    says: fill(rule.says),
    statements: rule.statements.map(({ actions, resources }) => ({
      actions: [...actions],
      resources: resources.map(fill),
    })),
  };
}

type Narrowing = Pick<RoleData, 'sessionPolicies' | 'sourceNetworks'>;
type Filed = { [Part in keyof Narrowing]?: Narrowing[Part] | undefined };

/** The part that a request stores, because its approvers agreed to it. */
export const storedNarrowing = ({ sessionPolicies, sourceNetworks }: Narrowing) => ({
  ...(sessionPolicies.length > 0 && { sessionPolicies: [...sessionPolicies] }),
  ...(sourceNetworks.length > 0 && { sourceNetworks: [...sourceNetworks] }),
});

/** Limits of a session in addition to its scope: one of the policies must allow a call, and it must come from a network of each list. */
export type Bounds = { sessionPolicies: readonly string[]; sourceNetworks: ReadonlyArray<readonly string[]> };

/**
 * Combines the limits at filing with those of today\'s catalogue: stricter ones apply immediately, relaxed ones do not.
 * @returns undefined if the two have no managed session policy in common, so that no session satisfies both
 */
export function boundsOf(filed: Filed, today: Narrowing): Bounds | undefined {
  const policies = [filed.sessionPolicies ?? [], today.sessionPolicies].filter((arns) => arns.length > 0);
  const sessionPolicies = (policies[0] ?? []).filter((arn) => policies.every((arns) => arns.includes(arn)));
  if (policies.length > 0 && sessionPolicies.length === 0) return undefined;
  const networks = [filed.sourceNetworks ?? [], today.sourceNetworks].filter((list) => list.length > 0);
  const [first = [], second] = networks;
  const isWithin = (list: readonly string[], other: readonly string[]) =>
    list.every((network) => other.includes(network));
  if (!second) return { sessionPolicies, sourceNetworks: networks };
  if (isWithin(first, second)) return { sessionPolicies, sourceNetworks: [first] };
  return { sessionPolicies, sourceNetworks: isWithin(second, first) ? [second] : networks };
}

/**
 * The session policy: what the role allows, within the scope or the managed session policies if there are any, until the grant ends.
 * Inline and managed session policies allow together, so the inline one allows everything only if there is no other (iam-ug,
 * access_policies, session policies). A Deny in a session policy overrides every Allow.
 */
export function sessionPolicy(
  endsAt: number,
  { sessionPolicies, sourceNetworks }: Bounds,
  scope: Pick<Scope, 'statements'> | undefined,
) {
  const allowed = scope
    ? scope.statements.map(({ actions, resources }) => ({ Effect: 'Allow', Action: actions, Resource: resources }))
    : sessionPolicies.length > 0
      ? []
      : [{ Effect: 'Allow', Action: '*', Resource: '*' }];
  return {
    Version: '2012-10-17',
    Statement: [
      ...allowed,
      {
        Sid: 'EndsWithTheGrant',
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { DateGreaterThanEquals: { 'aws:CurrentTime': toInstant(endsAt) } },
      },
      ...sourceNetworks.map((networks, i) => ({
        Sid: i === 0 ? 'FromTheseNetworks' : 'AndFromThese',
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        // calls that a service makes on the session's behalf come from the service's own network (iam-ug, reference_policies_examples_aws_deny-ip)
        Condition: { NotIpAddress: { 'aws:SourceIp': networks }, Bool: { 'aws:ViaAWSService': 'false' } },
      })),
    ],
  };
}

/** botocore sts: inline session policy and the ARNs of managed ones, plain text, together. AWS also has a limit on the packed size, which cannot be computed. */
export const sessionPolicyLimit = 2048;

/** The longest session policy of this role in characters, for a request that was filed under the same networks. */
export function longestSessionPolicy(role: Pick<RoleData, 'sessionPolicies' | 'sourceNetworks' | 'scope'>): number {
  const longest = ({ values, maxLength }: ScopeRule['parameters'][string]) =>
    'x'.repeat(values ? Math.max(...values.map(({ length }) => length)) : maxLength);
  const scope =
    role.scope &&
    scopeOf(
      role.scope,
      Object.fromEntries(Object.entries(role.scope.parameters).map(([name, parameter]) => [name, longest(parameter)])),
    );
  const bounds = boundsOf({}, role)!;
  return JSON.stringify(sessionPolicy(0, bounds, scope)).length + bounds.sessionPolicies.join('').length;
}
