// Compares a target account with its template. Pure: facts in, findings out.
import { boundaryArn, inlineLimit, revocationPolicyName, roleArn } from '../lib/session/iam.ts';
import type { Target } from '../lib/target/target.ts';
import { type Code, type Finding, failed, fine, notChecked, notInstalled, type Values } from './codes.ts';
import type { InlineFacts, TargetFacts } from './facts.ts';
import { differences } from './same-policy.ts';
import type { Seen } from './seen.ts';

/**
 * @param target the content of the template
 * @param values stage, region, hub, account, accountId
 */
export function judgeTargetAccount(facts: Seen<TargetFacts>, target: Target, values: Values): Finding[] {
  if (facts.is === 'hidden') return [notChecked('role', target.account.key, facts.why, facts.permission)];
  if (facts.is === 'missing') return [notChecked('role', target.account.key, 'nothing could be read')];
  const { value } = facts;
  return [
    ...Object.entries(target.boundaries).map(([name, policy]) => judgeBoundary(value, target, name, policy, values)),
    ...target.roles.flatMap((role) => judgeRole(value, target, role, values)),
    ...judgeRevoker(value, target, values),
  ];
}

function judgeBoundary(
  { boundaries }: TargetFacts,
  { account }: Target,
  name: string,
  wanted: unknown,
  values: Values,
): Finding {
  const boundary = boundaryArn(account, name);
  return judgePolicy('boundary', boundary, boundaries[name] ?? { is: 'missing' }, wanted, { ...values, boundary });
}

function judgeRole(
  { roles }: TargetFacts,
  { account }: Target,
  wanted: Target['roles'][number],
  given: Values,
): Finding[] {
  const arn = roleArn(account, `${wanted.path.slice(1)}${wanted.name}`);
  const { role, inline } = roles[arn] ?? { role: { is: 'missing' as const }, inline: { is: 'missing' as const } };
  const values = {
    ...given,
    role: wanted.name,
    boundary: boundaryArn(account, wanted.boundary.name),
    seconds: String(wanted.maxSessionDuration),
  };
  if (role.is === 'hidden') return [notChecked('role', arn, role.why, role.permission)];
  if (role.is === 'missing') return [{ ...notInstalled('role', arn, values), seen: 'no role has this name' }];
  const { value } = role;
  return [
    value.arn === arn
      ? fine('role', arn, 'exists')
      : failed('role', arn, `the role of this name is ${value.arn}`, values),
    judgePolicy('role-trust', arn, { is: 'there', value: value.trust }, wanted.trust, values),
    value.boundary === values.boundary
      ? fine('role-boundary', arn, values.boundary)
      : failed(
          'role-boundary',
          arn,
          value.boundary === undefined ? 'has no boundary' : `its boundary is ${value.boundary}`,
          values,
        ),
    value.maxSessionDuration === wanted.maxSessionDuration
      ? fine('role-duration', arn, `${value.maxSessionDuration} s`)
      : failed(
          'role-duration',
          arn,
          `MaxSessionDuration is ${value.maxSessionDuration} s, but ${wanted.maxSessionDuration} s in the catalogue`,
          values,
        ),
    judgeRoom(arn, inline, values),
  ];
}

/** Characters for a policy with one grant, and for a few dozen grants. */
const room = { least: 250, wanted: 2000 };

function judgeRoom(arn: string, inline: Seen<InlineFacts>, values: Values): Finding {
  if (inline.is === 'hidden') return notChecked('role-room', arn, inline.why, inline.permission);
  const others = (inline.is === 'there' ? inline.value : []).filter(({ name }) => name !== revocationPolicyName);
  const left = inlineLimit - others.reduce((sum, { characters }) => sum + characters, 0);
  if (left >= room.wanted) return fine('role-room', arn, `${left.toLocaleString('en')} characters left`);
  const told = failed(
    'role-room',
    arn,
    `${left.toLocaleString('en')} characters left next to ${others.map(({ name }) => name).join(', ')}`,
    values,
  );
  return left < room.least ? told : { ...told, level: 'warning' };
}

function judgeRevoker({ revoker }: TargetFacts, { account, revoker: wanted }: Target, values: Values): Finding[] {
  if (!wanted) return [];
  const arn = roleArn(account, 'latchkey-revoker');
  const { role, policy } = revoker ?? { role: { is: 'missing' as const }, policy: { is: 'missing' as const } };
  const trust: Seen<unknown> = role.is === 'there' ? { is: 'there', value: role.value.trust } : role;
  const own = judgePolicy('revoker-role', arn, trust, wanted.trust, values);
  return role.is === 'missing' ? [own] : [own, judgePolicy('revoker-policy', arn, policy, wanted.policy, values)];
}

function judgePolicy(code: Code, about: string, found: Seen<unknown>, wanted: unknown, values: Values): Finding {
  if (found.is === 'hidden') return notChecked(code, about, found.why, found.permission);
  if (found.is === 'missing') return notInstalled(code, about, { ...values, differences: 'missing' });
  const apart = differences(found.value, wanted);
  if (apart.length === 0) return fine(code, about, 'matches the template');
  const shown = [...apart.slice(0, 3), ...(apart.length > 3 ? [`and ${apart.length - 3} more`] : [])].join('; ');
  return failed(code, about, apart.length === 1 ? 'one difference' : `${apart.length} differences`, {
    ...values,
    differences: shown + hint(shown),
    document: JSON.stringify(wanted),
  });
}

/** IAM shows an ID in place of a deleted principal (iam-ug, reference_policies_elements_principal). */
const hint = (shown: string): string =>
  /Principal\.AWS is A[A-Z]OA?\w{15,}/.test(shown)
    ? ' (an ID instead of an ARN: that role was deleted or re-created)'
    : '';
