// The doctor's judgements: a healthy deployment and account, and cases that change one or two facts of them (cases/doctor.json).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { checks, type Finding } from '../../doctor/codes.ts';
import type { HubFacts, ProbeFacts, TargetFacts } from '../../doctor/facts.ts';
import { judgeClock, judgeHub } from '../../doctor/judge-hub.ts';
import { judgeProbes } from '../../doctor/judge-probes.ts';
import { judgeTargetAccount } from '../../doctor/judge-target.ts';
import { differences } from '../../doctor/same-policy.ts';
import { there } from '../../doctor/seen.ts';
import { projectionOf, tableDefinition } from '../../lib/aws/table.ts';
import { checkCatalogue } from '../../lib/catalogue/check.ts';
import { boundaryArn, roleArn } from '../../lib/session/iam.ts';
import { targetOf } from '../../lib/target/target.ts';
import { smallCatalogueFile } from '../support/small-catalogue.ts';

type Case = {
  name: string;
  of: 'hub' | 'probes' | 'target';
  change: Record<string, unknown>;
  expect: Array<[string, string, string]>;
};
const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, '../cases/doctor.json'), 'utf8')) as {
  cases: Case[];
};
const values = {
  stage: 'prod',
  region: 'eu-west-1',
  partition: 'aws',
  hub: '999999999999',
  account: 'production',
  accountId: '111111111111',
  organization: '',
};

// -- the healthy facts -----------------------------------------------------------------------------------------------

const functionOf = (name: string) =>
  there({ role: `arn:aws:iam::999999999999:role/latchkey-prod-${name}`, environment: {} });
const reader = there([
  {
    uuid: '1-2-3',
    state: 'Enabled',
    responses: ['ReportBatchItemFailures'],
    onFailure: 'arn:aws:sqs:eu-west-1:999999999999:latchkey-prod-dead-letters',
  },
]);
const indexes = Object.fromEntries(
  tableDefinition('x').GlobalSecondaryIndexes.map(({ IndexName, KeySchema, Projection }) => [
    IndexName,
    {
      keys: KeySchema.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`),
      projection: projectionOf(Projection),
    },
  ]),
);
const hub: HubFacts = {
  functions: {
    'issue-session': functionOf('issue-session'),
    'revoke-sessions': functionOf('revoke-sessions'),
    notify: functionOf('notify'),
  },
  tableName: 'latchkey-prod',
  table: there({ keys: ['pk HASH'], indexes, stream: 'NEW_AND_OLD_IMAGES', isProtected: true, isEncrypted: true }),
  ttl: there({ attribute: 'ttl', isOn: true }),
  recovery: there({ isOn: true }),
  mappings: { notify: reader, 'revoke-sessions': reader },
  sender: { address: 'latchkey@example.com', domain: 'example.com' },
  verified: there(['latchkey@example.com']),
  defaultSet: there(''),
  configurationSet: undefined,
  sending: there({ isOn: true }),
  quota: there({ max24Hours: 50_000 }),
};
const known = { version: '0.1.0', catalogue: 'filefilefilefile' };
const refused = { was: 'refused', code: 'AccessDenied' } as const;
const allowed = { was: 'allowed' } as const;
const read = 'arn:aws:iam::111111111111:role/latchkey/read';
const probes: ProbeFacts = {
  target: there({
    ...known,
    skewSeconds: 1,
    roles: [{ arn: read, entered: allowed, without: { externalId: refused, tags: refused, sourceIdentity: refused } }],
  }),
  revoker: there({
    ...known,
    arn: 'arn:aws:iam::111111111111:role/latchkey-revoker',
    entered: allowed,
    withoutExternalId: refused,
    roles: [{ arn: read, deletes: allowed }],
    outside: refused,
  }),
};
const { data } = checkCatalogue(smallCatalogueFile);
const target = targetOf(data!, 'production', { accountId: '999999999999', stage: 'prod', organization: undefined });
const asIam = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const installed: TargetFacts = {
  roles: Object.fromEntries(
    target.roles.map(({ path, name, trust, maxSessionDuration, boundary: { name: bounded } }) => {
      const arn = roleArn(target.account, `${path.slice(1)}${name}`);
      return [
        arn,
        {
          role: there({ arn, trust: asIam(trust), maxSessionDuration, boundary: boundaryArn(target.account, bounded) }),
          inline: there([]),
        },
      ];
    }),
  ),
  boundaries: Object.fromEntries(
    Object.entries(target.boundaries).map(([name, policy]) => [name, there(asIam(policy))]),
  ),
  revoker: {
    role: there({
      arn: 'arn:aws:iam::111111111111:role/latchkey-revoker',
      trust: asIam(target.revoker!.trust),
      maxSessionDuration: 3600,
    }),
    policy: there(asIam(target.revoker!.policy)),
  },
};

// -- the cases -------------------------------------------------------------------------------------------------------

/** A copy with other values at these paths; null removes one. */
function changed<Facts>(facts: Facts, change: Record<string, unknown>): Facts {
  const copy = structuredClone(facts);
  for (const [path, value] of Object.entries(change)) {
    const parts = path.split('|');
    const last = parts.pop()!;
    const parent = parts.reduce((tree, part) => (tree as Record<string, unknown>)[part], copy as unknown) as Record<
      string,
      unknown
    >;
    if (value === null) delete parent[last];
    else parent[last] = value;
  }
  return copy;
}

const judged: Record<Case['of'], (change: Case['change']) => Finding[]> = {
  hub: (change) => judgeHub(changed(hub, change), values),
  probes: (change) =>
    judgeProbes(
      changed(probes, change),
      { catalogue: known.catalogue, version: known.version, hasRevoker: true },
      values,
    ),
  target: (change) => judgeTargetAccount(there(changed(installed, change)), target, values),
};
const bad = (findings: readonly Finding[]) => findings.filter(({ level }) => level !== 'ok');

describe.each(['hub', 'probes', 'target'] as const)('%s', (of) => {
  test.each(cases.filter((one) => one.of === of))('$name', ({ change, expect: expected }) => {
    const findings = bad(judged[of](change));
    expect(findings.map(({ code, level, seen }) => [code, level, seen])).toEqual(expected);
    for (const { cause, fix, plan, level, seen } of findings) {
      expect([seen, cause, fix, ...(plan ?? [])].join()).not.toMatch(/\{\w+\}|undefined/);
      if (level !== 'not-checked') expect([Boolean(cause), Boolean(fix)]).toEqual([true, true]);
    }
  });
});

test('every check fails in some case', () => {
  const seen = new Set(
    cases.flatMap(({ expect: expected }) =>
      expected.flatMap(([code, level]) => (level === 'not-checked' ? [] : [code])),
    ),
  );
  expect(Object.keys(checks).filter((code) => !seen.has(code))).toEqual(['clock-here', 'no-revoker']);
  expect(judgeClock(-61_000, values)).toMatchObject({ level: 'warning', seen: "61 s behind AWS's" });
  expect(judgeClock(59_000, values)).toMatchObject({ level: 'ok' });
  expect(judgeProbes(probes, { ...known, hasRevoker: false }, values).at(-1)).toMatchObject({
    code: 'no-revoker',
    level: 'warning',
  });
});

test('every check passes for a healthy deployment', () => {
  const well = [judgeClock(0, values), ...judged.hub({}), ...judged.probes({}), ...judged.target({})];
  expect(bad(well)).toEqual([]);
  expect(new Set(well.map(({ code }) => code))).toEqual(
    new Set(Object.keys(checks).filter((code) => code !== 'no-revoker')),
  );
});

test('an account without credentials is not checked, and the fix is to use its credentials', () =>
  expect(judgeTargetAccount({ is: 'hidden', why: 'take other credentials' }, target, values)).toEqual([
    { code: 'role', level: 'not-checked', about: 'production', seen: 'take other credentials' },
  ]));

test.each<[string, unknown, unknown, string[]]>([
  [
    'a condition that is weaker',
    { StringEquals: { a: '1' } },
    { StringEquals: { a: '1' }, StringLike: { b: '?*' } },
    ['Condition.StringLike.b is missing: ?*'],
  ],
  [
    'a condition that is stricter',
    { StringEquals: { a: ['2', '1'] } },
    { StringEquals: { a: '1' } },
    ['Condition.StringEquals.a is 1, 2, not 1'],
  ],
])('policies: %s', (_, found, wanted, told) => {
  const policy = (Condition: unknown) => ({
    Statement: { Sid: 'x', Effect: 'Allow', Action: 's:A', Resource: '*', Condition },
  });
  expect(differences(policy(found), policy(wanted))).toEqual(told.map((line) => `Allow s:A: ${line}`));
});
