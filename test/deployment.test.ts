// Reads what `npm run package` makes: the CloudFormation template and the artefacts, as a reviewer of a deployment would.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { unzipSync } from 'fflate';
import { dynamoStore } from '../lib/aws/store.ts';
import { tableDefinition } from '../lib/aws/table.ts';
import { openCatalogue } from '../lib/catalogue/catalogue.ts';
import { readCatalogue } from '../lib/catalogue/file.ts';
import type { Partition } from '../lib/catalogue/partition.ts';
import type { CredentialsView, RequestView } from '../lib/http/answers.ts';
import { httpFunctions, mounts, type Route, routeKeysOf, routes } from '../lib/http/routes.ts';
import { type PolicyDocument, revokerRoles, targetRoles } from '../lib/session/iam.ts';
import { startAwsEmulator } from '../local/aws/aws-emulator.ts';
import { hubKeys, revokeKeys } from '../local/aws/sts.ts';
import { alarmWarnings } from '../scripts/alarms.ts';
import type { Artefact } from '../scripts/build.ts';
import { deployedCatalogue, deployedWarnings } from '../scripts/deployed-catalogue.ts';
import { domainParts } from '../scripts/domain.ts';
import { grants, iamResources, roleLogicalId } from '../scripts/function-roles.ts';
import { givenParameters } from '../scripts/given-parameters.ts';
import { noticesFile } from '../scripts/notices.ts';
import { checkSettings, signInWarnings } from '../scripts/settings.ts';
import { traced } from '../scripts/trace.ts';
import { invokeBuilt, runBuilt } from './support/built-function.ts';
import { type CallName, eventFile, eventFor, streamRecord, type Wish } from './support/calls.ts';
import { findingsIn, stopValidator } from './support/cloudformation.ts';
import { dynalite } from './support/emulators.ts';
import { isAllowed } from './support/judge.ts';
import { catalogueOfAccounts } from './support/many-accounts.ts';
import { expectNotices } from './support/notices.ts';
import { smallCatalogueFile } from './support/small-catalogue.ts';

const root = join(import.meta.dirname, '..');
const serverless = 'node_modules/serverless/bin/serverless.js';
const functionNames = readdirSync(join(root, 'functions'))
  .map((file) => file.replace(/\.ts$/, ''))
  .sort();

type Statement = {
  Sid: string;
  Effect: string;
  Action?: string[];
  NotAction?: string[];
  Resource: unknown;
  Condition?: Record<string, Record<string, unknown>>;
};
type Resource = {
  Type: string;
  Properties: Record<string, unknown>;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
};

/** The parameters without which there is no deployment. */
const required = {
  region: 'eu-west-1',
  issuer: 'https://login.example.com',
  audience: 'a, b',
  scope: 's',
  sender: 'Latchkey <lk@mail.example.com>',
};
const scratch = mkdtempSync(join(tmpdir(), 'latchkey-package-'));
let resources: Record<string, Resource>;
let artefacts: Artefact[];
let said: string;

beforeAll(() => {
  said = execFileSync(process.execPath, ['scripts/package.ts', '--stage', 'example', '--package', scratch], {
    cwd: root,
    encoding: 'utf8',
    stdio: 'pipe',
  });
  resources = JSON.parse(readFileSync(join(scratch, 'cloudformation-template-update-stack.json'), 'utf8')).Resources;
  artefacts = JSON.parse(readFileSync(join(root, '.build/artefacts.json'), 'utf8'));
}, 60_000);
afterAll(async () => {
  await stopValidator();
  rmSync(scratch, { recursive: true, force: true });
});

const ofType = (type: string): Array<[string, Resource]> =>
  Object.entries(resources).filter(([, { Type }]) => Type === type);
const lambdaIdOf = (name: string): string =>
  ofType('AWS::Lambda::Function').find(
    ([, { Properties }]) => Properties.FunctionName === `latchkey-example-${name}`,
  )![0];
const lambdaOf = (name: string): Resource => resources[lambdaIdOf(name)]!;
function statementsOf(name: string): Statement[] {
  const { Policies } = resources[roleLogicalId(name)]!.Properties as {
    Policies: Array<{ PolicyDocument: { Statement: Statement[] } }>;
  };
  return Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}
const allowed = (name: string) => statementsOf(name).filter(({ Effect }) => Effect === 'Allow');
const actionsOf = (name: string) => allowed(name).flatMap(({ Action }) => Action ?? []);

test('the template passes CloudFormation validation', () =>
  expect(said).toContain('cloudformation-template-update-stack.json passed CloudFormation validation.'));

test('packaging shows the lint warnings of the catalogue', () => {
  expect(deployedWarnings()).toEqual([]);
  const misspelt = readFileSync(join(root, 'access.yml'), 'utf8').replace(
    '  developers: [idp-',
    '  platfrom: [idp-platform]\n  developers: [idp-',
  );
  expect(deployedWarnings(readCatalogue(misspelt))).toEqual([
    expect.stringMatching(/^warning: access\.yml:\d+:\d+ .*did you mean "platform"\?/),
  ]);
});

describe('functions', () => {
  test('every file in functions/ is a Lambda and every Lambda is a file', () =>
    expect(ofType('AWS::Lambda::Function').map(([, { Properties }]) => Properties.FunctionName)).toEqual(
      expect.arrayContaining(functionNames.map((name) => `latchkey-example-${name}`)),
    ));

  test('there are no others', () => expect(ofType('AWS::Lambda::Function')).toHaveLength(functionNames.length));

  test.each(functionNames)('%s runs on nodejs24.x and arm64, from its own artefact', (name) => {
    const { Properties } = lambdaOf(name);
    expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Handler: `${name}.handler` });
    expect((Properties.Code as { S3Key: string }).S3Key).toMatch(new RegExp(`/${name}\\.zip$`));
  });

  test.each(functionNames)('%s starts with exactly the environment that the template gives it', (name) => {
    const { Variables = {} } = (lambdaOf(name).Properties.Environment ?? {}) as { Variables?: Record<string, unknown> };
    const env = Object.fromEntries(
      Object.entries(Variables).map(([key, value]) => [key, typeof value === 'string' ? value : standInFor(key)]),
    );
    const directory = join(root, '.build', name);
    const start = `(() => { try { return typeof require(${JSON.stringify(join(directory, `${name}.js`))}).handler } catch (error) { return error.message } })()`;
    const started = spawnSync(process.execPath, ['-p', start], {
      env: { ...env, AWS_LAMBDA_FUNCTION_NAME: name, AWS_REGION: 'eu-west-1', LAMBDA_TASK_ROOT: directory },
      encoding: 'utf8',
    });
    expect(started.stdout).toBe('function\n');
    expect(started.stderr).toBe('');
  });
});

test.each([
  ['api', true],
  ['sweep', false],
  ['decision-page', false],
])('%s does not start with a ticket validator whose host is not listed: %s', (name, isRefused) => {
  const home = join(scratch, `start-${name}`);
  cpSync(join(root, '.build', name), home, { recursive: true });
  writeFileSync(join(scratch, 'package.json'), '{"type":"commonjs"}');
  const catalogue = JSON.parse(readFileSync(join(home, 'catalogue.json'), 'utf8')) as object;
  writeFileSync(
    join(home, 'catalogue.json'),
    JSON.stringify({
      ...catalogue,
      ticketValidators: { jira: { url: 'https://tickets.example.com/check', service: 'execute-api' } },
    }),
  );
  const env = {
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_REGION: 'eu-west-1',
    LAMBDA_TASK_ROOT: home,
    LATCHKEY_TABLE: 'latchkey-example',
    LATCHKEY_ISSUER: 'https://issuer.invalid',
    LATCHKEY_AUDIENCE: 'latchkey',
    LATCHKEY_SCOPE: 'latchkey/use',
  };
  const start = (hosts: string) =>
    spawnSync(process.execPath, [join(home, `${name}.js`)], {
      env: { ...env, LATCHKEY_TICKET_HOSTS: hosts },
      encoding: 'utf8',
    });
  const told =
    'LATCHKEY_TICKET_HOSTS does not list tickets.example.com, the host of the catalogue\'s ticket validator "jira"';
  expect([start('other.example.com').status === 0, start('other.example.com').stderr.includes(told)]).toEqual([
    !isRefused,
    isRefused,
  ]);
  expect(start('tickets.example.com').status).toBe(0);
});

/** What CloudFormation fills in at deployment. */
const standInFor = (variable: string): string =>
  ({ LATCHKEY_TABLE: 'latchkey-example', LATCHKEY_BASE_URL: 'https://abc.execute-api.eu-west-1.amazonaws.com' })[
    variable
  ]!;

describe('permissions', () => {
  test('every function has a role of its own, and there is no other role', () => {
    for (const name of functionNames)
      expect(lambdaOf(name).Properties.Role).toEqual({ 'Fn::GetAtt': [roleLogicalId(name), 'Arn'] });
    expect(
      ofType('AWS::IAM::Role')
        .map(([id]) => id)
        .sort(),
    ).toEqual(functionNames.map(roleLogicalId).sort());
  });

  test('exactly these actions are allowed', () =>
    expect(
      Object.fromEntries(
        functionNames.map((name) => [name, actionsOf(name).filter((action) => !action.startsWith('logs:'))]),
      ),
    ).toEqual({
      api: [
        'dynamodb:Query',
        'dynamodb:GetItem',
        'dynamodb:BatchGetItem',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
        'dynamodb:ConditionCheckItem',
        'dynamodb:GetItem',
        'dynamodb:UpdateItem',
      ],
      'issue-session': [
        'dynamodb:Query',
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:GetItem',
        'dynamodb:GetItem',
        'dynamodb:UpdateItem',
        'dynamodb:BatchGetItem',
        'sts:AssumeRole',
        'sts:TagSession',
        'sts:SetSourceIdentity',
      ],
      'decision-page': [
        'dynamodb:GetItem',
        'dynamodb:GetItem',
        'dynamodb:BatchGetItem',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
        'dynamodb:BatchGetItem',
        'dynamodb:GetItem',
      ],
      notify: [
        'dynamodb:GetItem',
        'dynamodb:UpdateItem',
        'dynamodb:DescribeStream',
        'dynamodb:GetRecords',
        'dynamodb:GetShardIterator',
        'dynamodb:ListStreams',
        'sqs:SendMessage',
        'ses:SendRawEmail',
      ],
      'revoke-sessions': [
        'dynamodb:GetItem',
        'dynamodb:BatchGetItem',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
        'dynamodb:UpdateItem',
        'dynamodb:DescribeStream',
        'dynamodb:GetRecords',
        'dynamodb:GetShardIterator',
        'dynamodb:ListStreams',
        'sqs:SendMessage',
        'sts:AssumeRole',
      ],
      sweep: [
        'dynamodb:Query',
        'dynamodb:GetItem',
        'dynamodb:BatchGetItem',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
        'dynamodb:GetItem',
        'dynamodb:GetItem',
        'dynamodb:PutItem',
      ],
    }));

  test('no allowed action or resource is a wildcard', () => {
    for (const name of functionNames) {
      for (const { Action, NotAction, Resource } of allowed(name)) {
        expect(NotAction).toBeUndefined();
        expect(JSON.stringify(Action)).not.toContain('*');
        for (const resource of [Resource].flat()) expect(resource).not.toBe('*');
      }
    }
  });

  test('every function writes its own log and no other', () => {
    for (const name of functionNames) {
      const [log, ...more] = allowed(name).filter(({ Action }) => Action?.some((action) => action.startsWith('logs:')));
      expect(more).toEqual([]);
      expect(log).toMatchObject({ Action: ['logs:CreateLogStream', 'logs:PutLogEvents'] });
      expect(JSON.stringify(log!.Resource)).toContain(`:log-group:/aws/lambda/latchkey-example-${name}:*`);
    }
  });

  test('no function can have DynamoDB delete a request, an identity or what the sweep remembers', async () => {
    const table = 'arn:aws:dynamodb:eu-west-1:999999999999:table/latchkey-example';
    const may = (name: string, action: string, key: string, attributes: string[]) =>
      isAllowed({
        principal: `arn:aws:sts::999999999999:assumed-role/latchkey-example-${name}/x`,
        action: `dynamodb:${action}`,
        resource: table,
        accountId: '999999999999',
        context: { 'dynamodb:LeadingKeys': [key], 'dynamodb:Attributes': attributes },
        identity: [resolved(statementsOf(name), table)],
      });
    const verdicts: Array<[boolean, string, string, string]> = [
      [true, 'api', 'PutItem', 'request#1'],
      [true, 'decision-page', 'PutItem', 'request#1'],
      [true, 'issue-session', 'PutItem', 'request#1'],
      [true, 'revoke-sessions', 'PutItem', 'request#1'],
      [true, 'sweep', 'PutItem', 'request#1'],
      [true, 'sweep', 'PutItem', 'sweep#look'],
      [false, 'decision-page', 'PutItem', 'message#1'],
    ];
    for (const [expected, name, action, key] of verdicts) {
      expect([name, key, await may(name, action, key, ['pk', 'doc'])]).toEqual([name, key, expected]);
      expect([name, key, await may(name, action, key, ['pk', 'doc', 'ttl'])]).toEqual([name, key, false]);
    }
    expect(await may('notify', 'UpdateItem', 'message#1', ['pk', 'ttl'])).toBe(true);
    expect(await may('revoke-sessions', 'UpdateItem', 'revocations#1', ['pk', 'ttl'])).toBe(true);
    for (const { Action = [] } of functionNames.flatMap(allowed))
      expect(
        [Action].flat().filter((action) => /^dynamodb:(Delete|BatchWrite|PartiQL|UpdateTimeToLive)/.test(action)),
      ).toEqual([]);
  });

  /** As IAM gets them: the table's ARN in place of what CloudFormation fills in, and no statements about anything else. */
  const resolved = (statements: Statement[], table: string): PolicyDocument => ({
    Version: '2012-10-17',
    Statement: statements
      .filter(({ Resource }) => JSON.stringify(Resource) === '{"Fn::GetAtt":["Table","Arn"]}')
      .map((statement) => ({ ...statement, Resource: table })) as PolicyDocument['Statement'],
  });

  test('items are reached by the kind of their key alone', () => {
    const kinds = (name: string) =>
      allowed(name)
        .filter(({ Resource }) => JSON.stringify(Resource) === '{"Fn::GetAtt":["Table","Arn"]}')
        .flatMap(({ Condition }) => {
          expect(Condition?.Null).toEqual({ 'dynamodb:LeadingKeys': 'false' });
          return Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'];
        });
    expect(Object.fromEntries(functionNames.map((name) => [name, kinds(name)]))).toEqual({
      api: ['request#*', 'ledger#*', 'blocks#*', 'identity#*'],
      'issue-session': ['request#*', 'blocks#*', 'identity#*', 'ledger#*'],
      'decision-page': ['message#*', 'request#*', 'ledger#*', 'blocks#*'],
      notify: ['message#*'],
      'revoke-sessions': ['request#*', 'revocations#*'],
      sweep: ['request#*', 'blocks#*', 'sweep#*'],
    });
  });

  test("only issue-session enters other accounts, on the catalogue's role paths, by its own code, and may do nothing else", () => {
    const assume = statementsOf('issue-session').find(({ Sid }) => Sid === 'Assume')!;
    expect(assume.Resource).toEqual(targetRoles(deployedCatalogue()));
    for (const { account, roleName } of Object.values(deployedCatalogue().roles))
      expect(assume.Resource).toContain(
        `arn:aws:iam::${deployedCatalogue().accounts[account ?? '']!.id}:role/${roleName.replace(/[^/]+$/, '*')}`,
      );
    expect(JSON.stringify(assume.Condition)).toContain(
      `"lambda:SourceFunctionArn":{"Fn::Sub":"arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:latchkey-example-issue-session"}`,
    );
    const rest = statementsOf('issue-session').find(({ Effect }) => Effect === 'Deny')!;
    expect(rest).toMatchObject({
      Sid: 'NothingElse',
      Resource: '*',
      Condition: { Bool: { 'aws:ViaAWSService': 'false' } },
    });
    expect([...rest.NotAction!].sort()).toEqual([...new Set(actionsOf('issue-session'))].sort());
    for (const name of functionNames)
      if (name !== 'issue-session' && name !== 'revoke-sessions')
        expect(actionsOf(name).filter((action) => action.startsWith('sts:'))).toEqual([]);
  });

  test('only revoke-sessions enters the revokers, and enters nothing else', () => {
    const assume = statementsOf('revoke-sessions').find(({ Sid }) => Sid === 'Assume')!;
    expect(assume.Resource).toEqual(revokerRoles(deployedCatalogue()));
    expect(assume.Resource).toContain('arn:aws:iam::111111111111:role/latchkey-revoker');
    expect(JSON.stringify(assume.Condition)).toContain(':function:latchkey-example-revoke-sessions');
    const rest = statementsOf('revoke-sessions').find(({ Effect }) => Effect === 'Deny')!;
    expect(new Set(rest.NotAction)).toEqual(new Set(actionsOf('revoke-sessions')));
    for (const revoker of revokerRoles(deployedCatalogue()))
      expect(statementsOf('issue-session').filter(({ Resource }) => [Resource].flat().includes(revoker))).toEqual([]);
  });

  test.each(['issue-session', 'revoke-sessions'])(
    'the role of %s, which target accounts trust, keeps its name and outlives the stack',
    (name) =>
      expect(resources[roleLogicalId(name)]).toMatchObject({
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: { RoleName: `latchkey-example-${name}` },
      }),
  );

  test('email is sent as the sender alone, through whatever configuration set its identity has', () =>
    expect(statementsOf('notify').find(({ Action }) => Action?.includes('ses:SendRawEmail'))).toMatchObject({
      Resource: ['identity/latchkey@example.com', 'identity/example.com', 'configuration-set/*'].map((resource) => ({
        'Fn::Sub': `arn:\${AWS::Partition}:ses:\${AWS::Region}:\${AWS::AccountId}:${resource}`,
      })),
      Condition: { StringEquals: { 'ses:FromAddress': 'latchkey@example.com' } },
    }));

  const deployment = {
    stage: 'prod',
    settings: {
      organization: '',
      senderAddress: 'a@example.com',
      senderDomain: 'example.com',
      ticketArns: [] as string[],
    },
    catalogue: deployedCatalogue(),
  };
  test('an organization bounds what may be entered', () => {
    const { 'issue-session': own } = grants({
      ...deployment,
      settings: { ...deployment.settings, organization: 'o-a1b2c3d4e5' },
    });
    expect(own!.find(({ Sid }) => Sid === 'Assume')!.Condition).toMatchObject({
      StringEquals: { 'aws:ResourceOrgID': 'o-a1b2c3d4e5' },
    });
  });

  test('those who ask ticket validators may call what the deployment names, and nobody else may', () => {
    const api = 'arn:aws:execute-api:eu-west-1:222222222222:abc123/prod/POST/check';
    const lambda = 'arn:aws:lambda:eu-west-1:222222222222:function:tickets';
    const all = grants({ ...deployment, settings: { ...deployment.settings, ticketArns: [api, lambda] } });
    const without = grants(deployment);
    for (const name of functionNames) {
      const more = all[name]!.slice(without[name]!.length);
      expect(all[name]!.slice(0, without[name]!.length)).toEqual(without[name]);
      if (name !== 'api') expect([name, more]).toEqual([name, []]);
      else
        expect(more).toEqual([
          { Sid: 'Tickets', Effect: 'Allow', Action: ['execute-api:Invoke'], Resource: [api] },
          {
            Sid: 'TicketUrls',
            Effect: 'Allow',
            Action: ['lambda:InvokeFunctionUrl'],
            Resource: [lambda],
            Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } },
          },
          {
            Sid: 'TicketFunctions',
            Effect: 'Allow',
            Action: ['lambda:InvokeFunction'],
            Resource: [lambda],
            Condition: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } },
          },
        ]);
    }
  });

  test.each([
    [500, ''],
    [500, 'o-a1b2c3d4e5'],
    [3000, 'o-a1b2c3d4e5'],
  ])(
    'the template for %i accounts, organization "%s", is one that CloudFormation takes',
    async (accounts, organization) => {
      const whole = JSON.parse(readFileSync(join(scratch, 'cloudformation-template-update-stack.json'), 'utf8')) as {
        Resources: object;
      };
      const iam = iamResources({
        ...deployment,
        stage: 'example',
        settings: { ...deployment.settings, organization },
        catalogue: catalogueOfAccounts(accounts),
      });
      const text = JSON.stringify({ ...whole, Resources: { ...whole.Resources, ...iam } });
      const file = join(scratch, `template-${accounts}-${organization}.json`);
      writeFileSync(file, text);
      expect(await findingsIn(file)).toEqual([]);
      // CloudFormation's own quotas (cloudformation-ug, cloudformation-limits): a template of 1 MB in S3, 500 resources
      expect([text.length < 1_000_000, Object.keys({ ...whole.Resources, ...iam }).length <= 500]).toEqual([
        true,
        true,
      ]);
    },
  );

  test('alarms that reach nobody are named when the stack is packaged', () => {
    const alarm = (AlarmActions: string[]) => ({ Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmActions } });
    const topic = 'arn:aws:sns:eu-west-1:999999999999:alarms';
    expect(alarmWarnings({ a: alarm([]), b: alarm([topic]), table: { Type: 'AWS::DynamoDB::Table' } })).toEqual([
      'warning: 1 alarms reach nobody. Without them, email is the only sign that break-glass was used. Give --param alarmTopic=ARN, the ARN of an SNS topic.',
    ]);
    expect(alarmWarnings({ b: alarm([topic]) })).toEqual([]);
    expect(alarmWarnings(resources as never)).toHaveLength(1);
  });

  test('a role without a path is entered by its whole name', () => {
    const [role] = Object.values(deployment.catalogue.roles);
    expect(targetRoles({ ...deployment.catalogue, roles: { plain: { ...role!, roleName: 'Plain' } } })).toEqual([
      expect.stringMatching(/:role\/Plain$/),
    ]);
  });
});

describe('the API', () => {
  const deployed = () =>
    new Map(
      ofType('AWS::ApiGatewayV2::Route').map(([, { Properties }]) => [
        Properties.RouteKey as string,
        Properties as Record<string, unknown>,
      ]),
    );

  test('serves exactly the routes of lib/http/routes.ts, and one answer for all others', () =>
    expect([...deployed().keys()].sort()).toEqual(
      ['$default', ...Object.values(routes).flatMap((route: Route) => routeKeysOf(route))].sort(),
    ));

  test('sends every route to the function that lib/http/routes.ts names, and what no route knows to `api`', () => {
    const integrationOf = (route: Resource) => {
      const [, [, id]] = (route.Properties.Target as { 'Fn::Join': [string, [string, { Ref: string }]] })['Fn::Join'];
      return JSON.stringify(resources[id.Ref]!.Properties.IntegrationUri);
    };
    for (const [, route] of ofType('AWS::ApiGatewayV2::Route')) {
      const { RouteKey } = route.Properties;
      const owner = (Object.values(routes) as Route[]).find((one) => routeKeysOf(one).includes(RouteKey as string));
      expect([RouteKey, integrationOf(route)]).toEqual([
        RouteKey,
        JSON.stringify({ 'Fn::GetAtt': [lambdaIdOf(owner?.servedBy ?? 'api'), 'Arn'] }),
      ]);
    }
  });

  test('has an authorizer on every route but the public ones, and a scope on every route with a token', () => {
    for (const route of Object.values(routes) as Route[]) {
      for (const key of routeKeysOf(route)) {
        const { AuthorizationType, AuthorizationScopes, AuthorizerId } = deployed().get(key)!;
        const mount = mounts.find(({ prefix }) => key.split(' ')[1]!.startsWith(`${prefix}/`));
        if (route.access === 'public') expect([key, AuthorizationType]).toEqual([key, undefined]);
        else if (mount?.authorizer === 'iam') expect([key, AuthorizationType]).toEqual([key, 'AWS_IAM']);
        else
          expect([key, AuthorizationType, AuthorizationScopes, AuthorizerId]).toEqual([
            key,
            'JWT',
            ['latchkey/use'],
            { Ref: 'HttpApiAuthorizerJwt' },
          ]);
      }
    }
  });

  test("checks the issuer's tokens", () =>
    expect(resources.HttpApiAuthorizerJwt!.Properties).toMatchObject({
      JwtConfiguration: { Issuer: 'https://issuer.invalid', Audience: ['latchkey'] },
    }));

  test('throttles each route on its own, public ones lower, and exists after its routes', () => {
    const { Properties, DependsOn } = resources.HttpApiStage as Resource & { DependsOn: string[] };
    const settings = Properties.RouteSettings as Record<string, Record<string, unknown>>;
    expect(Object.keys(settings).sort()).toEqual([...deployed().keys()].sort());
    for (const [key, given] of Object.entries(settings)) {
      const isPublic = deployed().get(key)!.AuthorizationType === undefined;
      const [rate, burst] = isPublic ? [20, 40] : [50, 100];
      expect([key, given]).toEqual([
        key,
        { DetailedMetricsEnabled: true, ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst },
      ]);
    }
    expect(DependsOn.toSorted()).toEqual(
      ['HttpApiLogGroup', ...ofType('AWS::ApiGatewayV2::Route').map(([id]) => id)].sort(),
    );
  });

  test('reserves no concurrency unless the deployment says so', () => {
    for (const name of httpFunctions)
      expect(lambdaOf(name).Properties.ReservedConcurrentExecutions).toEqual({ Ref: 'AWS::NoValue' });
    expect(checkSettings({ ...required, reservedConcurrency: '20' })).toMatchObject({ settings: { reserved: 20 } });
    expect(checkSettings({ ...required, reservedConcurrency: 'some' })).toEqual({
      errors: ['reservedConcurrency must be a number of executions such as 20'],
    });
  });

  test('speaks payload 2.0 and lets no other origin in', () => {
    for (const [, { Properties }] of ofType('AWS::ApiGatewayV2::Integration'))
      expect(Properties.PayloadFormatVersion).toBe('2.0');
    expect(resources.HttpApi!.Properties.CorsConfiguration).toBeUndefined();
  });

  test('logs no path, query or header: the path of a decision page is its secret', () => {
    const { Format } = resources.HttpApiStage!.Properties.AccessLogSettings as { Format: string };
    expect(Object.values(JSON.parse(Format)).sort()).toEqual([
      '$context.authorizer.claims.sub',
      '$context.error.responseType',
      '$context.identity.sourceIp',
      '$context.identity.userArn',
      '$context.integrationStatus',
      '$context.requestId',
      '$context.requestTime',
      '$context.responseLatency',
      '$context.routeKey',
      '$context.status',
    ]);
  });
});

describe('the table', () => {
  test('is encrypted, protected, recoverable, on demand and streaming', () =>
    expect(resources.Table).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true },
        StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      },
    }));

  test('has the keys and indexes that the store expects', () => {
    const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes } = tableDefinition('any');
    const { Properties } = resources.Table!;
    expect(Properties.KeySchema).toEqual(KeySchema);
    expect(Properties.GlobalSecondaryIndexes).toEqual(GlobalSecondaryIndexes);
    expect(byName(Properties.AttributeDefinitions)).toEqual(byName(AttributeDefinitions));
  });
  const byName = (list: unknown) =>
    (list as Array<{ AttributeName: string }>).toSorted((a, b) => a.AttributeName.localeCompare(b.AttributeName));
});

test('nothing but the API and the schedule may invoke a function, and each only its own', () => {
  const permissions = ofType('AWS::Lambda::Permission').map(([, { Properties }]) => Properties);
  for (const { Action, Principal, SourceArn, FunctionName } of permissions) {
    expect(Action).toBe('lambda:InvokeFunction');
    const isSchedule = Principal === 'events.amazonaws.com';
    expect(isSchedule ? JSON.stringify(FunctionName) : Principal).toEqual(
      isSchedule ? expect.stringContaining(lambdaIdOf('sweep')) : 'apigateway.amazonaws.com',
    );
    expect(JSON.stringify(SourceArn)).toContain(isSchedule ? 'Sweep' : '"HttpApi"');
  }
  expect(permissions.length).toBe(httpFunctions.length + 1);
});

describe("the doctor's entrance", () => {
  test('is an alias of the two functions that go into other accounts, and of no other', () =>
    expect(ofType('AWS::Lambda::Alias').map(([, { Properties }]) => Properties)).toEqual(
      ['issue-session', 'revoke-sessions'].map((name) => ({
        FunctionName: { Ref: lambdaIdOf(name) },
        FunctionVersion: '$LATEST',
        Name: 'doctor',
      })),
    ));

  test('is not where the gateway or the stream comes in', () => {
    const aliases = ofType('AWS::Lambda::Alias').map(([id]) => id);
    const callers = [
      ...ofType('AWS::Lambda::Permission'),
      ...ofType('AWS::Lambda::EventSourceMapping'),
      ...ofType('AWS::ApiGatewayV2::Integration'),
    ];
    expect(callers.length).toBeGreaterThan(httpFunctions.length);
    expect(
      callers.filter(([, { Properties }]) => aliases.some((id) => JSON.stringify(Properties).includes(`"${id}"`))),
    ).toEqual([]);
  });
});

describe('news and time', () => {
  const mappingOf = (name: string): Resource => {
    return ofType('AWS::Lambda::EventSourceMapping').find(([, { Properties }]) =>
      JSON.stringify(Properties.FunctionName).includes(`"${lambdaIdOf(name)}"`),
    )![1];
  };

  test('the stream has two readers, as many as it serves well', () =>
    expect(ofType('AWS::Lambda::EventSourceMapping')).toHaveLength(2));

  test('revoke-sessions is woken by revocations under way and by lists that DynamoDB has collected, and by nothing else', () => {
    const { Properties } = mappingOf('revoke-sessions');
    const { Filters } = Properties.FilterCriteria as { Filters: Array<{ Pattern: string }> };
    expect(Filters.map(({ Pattern }) => JSON.parse(Pattern))).toEqual([
      { eventName: ['INSERT', 'MODIFY'], dynamodb: { NewImage: { revocation: { S: ['pending'] } } } },
      {
        eventName: ['REMOVE'],
        userIdentity: { principalId: ['dynamodb.amazonaws.com'] },
        dynamodb: { Keys: { pk: { S: [{ prefix: 'revocations#' }] } } },
      },
    ]);
    expect(Properties).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      ParallelizationFactor: 10,
    });
  });

  test('notify reads changed requests alone, retries what failed, and leaves what it gives up', () => {
    const mapping = mappingOf('notify');
    expect(mapping.Properties).toMatchObject({
      EventSourceArn: { 'Fn::GetAtt': ['Table', 'StreamArn'] },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      MaximumRecordAgeInSeconds: 7200,
      StartingPosition: 'TRIM_HORIZON',
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } } },
    });
    const { Filters } = mapping.Properties.FilterCriteria as { Filters: Array<{ Pattern: string }> };
    expect(Filters.map(({ Pattern }) => JSON.parse(Pattern))).toEqual([
      { eventName: ['INSERT', 'MODIFY'], dynamodb: { Keys: { pk: { S: [{ prefix: 'request#' }] } } } },
    ]);
  });

  test('the dead letters are encrypted and watched, and so are errors and delay', () => {
    expect(resources.DeadLetters!.Properties).toMatchObject({ SqsManagedSseEnabled: true });
    const watched = ofType('AWS::CloudWatch::Alarm').map(([, { Properties }]) => {
      const [{ Value }] = (Properties.Dimensions ?? [{ Value: Properties.Namespace }]) as [{ Value: unknown }];
      return `${Properties.MetricName} of ${typeof Value === 'string' ? Value : JSON.stringify(Value)}`;
    });
    expect(watched.sort()).toEqual([
      'ApproximateNumberOfMessagesVisible of {"Fn::GetAtt":["DeadLetters","QueueName"]}',
      'BreakGlass of Latchkey/example',
      'CallFailures of Latchkey/example',
      'EmailDenials of Latchkey/example',
      'EmailRejections of Latchkey/example',
      'Errors of latchkey-example-notify',
      'Errors of latchkey-example-revoke-sessions',
      'Errors of latchkey-example-sweep',
      'IteratorAge of latchkey-example-notify',
      'IteratorAge of latchkey-example-revoke-sessions',
      'RevocationFailures of Latchkey/example',
    ]);
  });

  test('every metric that an alarm watches is counted from the logs of the functions that write such lines', () => {
    const filters = ofType('AWS::Logs::MetricFilter').map(([, { Properties, ...rest }]) => {
      const [{ MetricName }] = Properties.MetricTransformations as [{ MetricName: string }];
      const group = resources[(rest as { DependsOn?: string }).DependsOn!]!.Properties.LogGroupName;
      expect(group).toBe(Properties.LogGroupName);
      return `${MetricName} of ${String(group).replace('/aws/lambda/latchkey-example-', '')}: ${Properties.FilterPattern}`;
    });
    expect(filters.sort()).toEqual([
      'BreakGlass of api: { ($.code = "security-event") && ($.event = "break-glass") }',
      'CallFailures of api: { ($.code = "call-failed") }',
      'CallFailures of decision-page: { ($.code = "call-failed") }',
      'CallFailures of issue-session: { ($.code = "call-failed") }',
      'EmailDenials of notify: { ($.code = "message-deferred") && ($.aws = "*") && ($.aws != "Thrott*") && ($.aws != "ServiceUnavailable") }',
      'EmailRejections of notify: { ($.code = "message-refused") }',
      'RevocationFailures of revoke-sessions: { ($.code = "revocation-failed") }',
    ]);
  });

  test('sweep runs every minute', () =>
    expect(ofType('AWS::Events::Rule').map(([, { Properties }]) => Properties)).toEqual([
      expect.objectContaining({ ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' }),
    ]));

  test('every log is kept for a year and no longer', () => {
    const groups = ofType('AWS::Logs::LogGroup');
    expect(groups).toHaveLength(functionNames.length + 1);
    for (const [, { Properties }] of groups) expect(Properties.RetentionInDays).toBe(365);
  });
});

describe('artefacts', () => {
  test('each function has one, below 345 KB', () => {
    expect(artefacts.map(({ name }) => name)).toEqual(functionNames);
    for (const { name, bundleBytes } of artefacts) expect([name, bundleBytes < 345_000]).toEqual([name, true]);
  });

  test('none carries tests, local code, the YAML reader or parts of the SDK that Lambda has no use for', () => {
    const unwanted =
      /^(?:local|test|bench|scripts|bin|docs)\/|node_modules\/(?:yaml|dynalite|jose)\/|credential-provider-(?!env\/)|token-providers|parseIni|(?<!^replaced:)getInstanceMetadataRegion|event-streams\/|mnemonist|signature-v4-multi-region\/|Sha256Js\.js|access\.yml/;
    for (const { inputs } of artefacts) {
      expect(inputs.length).toBeGreaterThan(10);
      expect(inputs.filter((input) => unwanted.test(input))).toEqual([]);
    }
  });

  test('each carries the notices of every package in it, and none has a copyleft license', () => {
    for (const { name, inputs } of artefacts) {
      const notices = readFileSync(join(root, '.build', name, noticesFile), 'utf8');
      const inZip = unzipSync(readFileSync(join(root, '.build', `${name}.zip`)))[noticesFile]!;
      expect(Buffer.from(inZip).toString()).toBe(notices);
      expectNotices(notices, root, inputs);
    }
  });

  test('each carries the SDK clients that its role has a use for, and no others', () => {
    const clients = (name: string) =>
      ['dynamodb', 'ses', 'sts'].filter((client) =>
        artefacts
          .find((artefact) => artefact.name === name)!
          .inputs.some((input) => input.includes(`/client-${client}/`)),
      );
    for (const name of functionNames) {
      const prefixes = new Set(actionsOf(name).map((action) => action.split(':')[0]));
      expect([name, clients(name)]).toEqual([
        name,
        ['dynamodb', 'ses', 'sts'].filter((client) => prefixes.has(client)),
      ]);
    }
  });

  test('what is built does a whole life, with the keys and the endpoints of the environment', async () => {
    const database = await dynalite.start();
    const aws = await startAwsEmulator({ catalogue: openCatalogue(deployedCatalogue()), clock: Date.now });
    const reach = {
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_ENDPOINT_URL_DYNAMODB: database.endpoint,
      LATCHKEY_TABLE: 'latchkey',
    };
    const identity = {
      LATCHKEY_ISSUER: 'https://issuer.example.com',
      LATCHKEY_AUDIENCE: 'latchkey',
      LATCHKEY_SCOPE: 'latchkey',
    };
    const sending = { LATCHKEY_SENDER: 'latchkey@example.com', LATCHKEY_BASE_URL: 'https://access.example.com' };
    const invoke = <Result>(name: string, keys: typeof hubKeys | typeof revokeKeys, event: unknown) => {
      const handed = {
        AWS_ACCESS_KEY_ID: keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
        AWS_SESSION_TOKEN: keys.sessionToken,
      };
      return invokeBuilt<Result>(join(root, '.build', name), { ...reach, ...identity, ...sending, ...handed }, event);
    };
    const ask = async <Body>(name: string, route: CallName, wish: Wish) => {
      const { statusCode, body = '' } = await invoke<{ statusCode: number; body?: string }>(
        name,
        hubKeys,
        eventFor(route, { ...wish, as: dev }),
      );
      return { status: statusCode, body: JSON.parse(body) as Body };
    };
    const dev = 'arn:aws:iam::222222222222:user/asi-dev';
    const store = dynamoStore(database.client(), 'latchkey');
    const newsOf = async (id: string) => ({ Records: [streamRecord({ after: (await store.get(id))! })] });
    try {
      await database.createTable('latchkey');
      const body = (role: string) => ({
        role,
        duration: '1h',
        reason: 'Look at the failing nightly export',
        ticket: 'OPS-1234',
      });
      const pending = await ask<RequestView>('api', 'createRequest', {
        body: body('production-bucket-read'),
        headers: { 'idempotency-key': 'a' },
      });
      expect([pending.status, pending.body]).toEqual([201, expect.objectContaining({ status: 'pending' })]);
      expect(await invoke('notify', hubKeys, await newsOf(pending.body.id))).toEqual({ batchItemFailures: [] });
      expect(aws.ses.outbox.map(({ to }) => to).sort()).toEqual(['lead@example.com', 'second-lead@example.com']);

      const { id } = (
        await ask<RequestView>('api', 'createRequest', {
          body: body('sandbox-read'),
          headers: { 'idempotency-key': 'b' },
        })
      ).body;
      const vended = await ask<CredentialsView>('issue-session', 'issueCredentials', { id, body: {} });
      expect([vended.status, vended.body]).toEqual([
        200,
        expect.objectContaining({ RequestId: id, SessionToken: expect.any(String) }),
      ]);
      expect(aws.sts.session(vended.body.AccessKeyId)).toMatchObject({ sourceIdentity: expect.any(String) });

      expect((await ask<RequestView>('api', 'endRequest', { id, body: {} })).body).toMatchObject({
        status: 'ended',
        revocation: { state: 'pending' },
      });
      expect(await invoke('revoke-sessions', revokeKeys, await newsOf(id))).toEqual({ batchItemFailures: [] });
      expect((await ask<RequestView>('api', 'readRequest', { id })).body).toMatchObject({
        revocation: { state: 'done' },
      });
      expect(await invoke('sweep', hubKeys, eventFile('sweep.schedule'))).toEqual({ due: 0, settled: 0 });
    } finally {
      await Promise.all([aws.close(), database.stop()]);
    }
  }, 60_000);

  describe('errors are located', () => {
    const environment = {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: hubKeys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: hubKeys.secretAccessKey,
      LATCHKEY_TABLE: 'latchkey',
      LATCHKEY_ISSUER: 'https://issuer.example.com',
      LATCHKEY_AUDIENCE: 'latchkey',
      LATCHKEY_SCOPE: 'latchkey',
    };
    const run = (name: string, env: Record<string, string>, event: unknown) =>
      runBuilt(join(root, '.build', name), { ...environment, ...env }, event);
    const sourceOf = (text: string) => traced(text, join(root, '.build/maps')).map((line) => line.split('  ')[1]!);
    /** `lib/http/http.ts:85` where the text is, as the one line of that file that has it. */
    const lineWith = (file: string, part: string): string => {
      const found = readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, i) => (line.includes(part) ? [`${file}:${i + 1}`] : []));
      expect([file, part, found.length]).toEqual([file, part, 1]);
      return found[0]!;
    };

    test('the frames that a bundle logs for a 500 map back to source lines', async () => {
      const event = eventFor('createRequest', { headers: { 'idempotency-key': 'canary' } });
      const { out } = await run('api', {}, { ...event, headers: undefined });
      const line = out.split('\n').find((text) => text.includes('call-failed'))!;
      expect(JSON.parse(line)).toMatchObject({ error: 'TypeError', status: 500, frames: expect.any(String) });
      expect(line).not.toMatch(/canary|headers|undefined/);
      const sources = sourceOf(line);
      expect(sources.length).toBeLessThanOrEqual(5);
      expect(sources.map((source) => source.replace(/:\d+$/, ''))).toContain(
        lineWith('lib/http/http.ts', 'const call = callOf('),
      );
      const program = spawnSync(process.execPath, ['scripts/trace.ts'], { cwd: root, input: line, encoding: 'utf8' });
      expect(
        program.stdout
          .split('\n')
          .filter(Boolean)
          .map((text) => text.split('  ')[1]),
      ).toEqual(sources);
      const { codeSha256 } = artefacts.find(({ name }) => name === 'api')!;
      expect(program.stderr).toBe(`The source map of api is for CodeSha256 ${codeSha256}.\n`);
    });

    test("a failed invocation logs AWS's error code and frames, but no error message reaches any log", async () => {
      const refusing = createServer((_, response) => {
        response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
        response.end(
          '{"__type":"com.amazonaws.dynamodb#AccessDeniedException","Message":"User: canary is not allowed"}',
        );
      }).listen(0, '127.0.0.1');
      await once(refusing, 'listening');
      const { port } = refusing.address() as AddressInfo;
      const endpoint = `http://127.0.0.1:${port}`;
      try {
        const { out, err, status } = await run('sweep', { AWS_ENDPOINT_URL: endpoint }, eventFile('sweep.schedule'));
        expect(status).not.toBe(0);
        const line = out.split('\n').find((text) => text.includes('function-failed'))!;
        expect(JSON.parse(line)).toMatchObject({ error: 'AccessDeniedException', aws: 'AccessDenied' });
        expect(out + err).not.toContain('canary');
        expect(sourceOf(line).some((source) => source.startsWith('lib/aws/'))).toBe(true);
      } finally {
        refusing.close();
      }
    });

    test('a frame that is in no source map says so', () =>
      expect(traced('at x (/var/task/other.js:1:2) api.js:99999:1', join(root, '.build/maps'))).toEqual([
        'other.js:1:2  no source map for this file',
        'api.js:99999:1  not in the source map; check that it belongs to the deployed release',
      ]));
  });

  test("each artefact's digest is the CodeSha256 that Lambda reports", () => {
    for (const { name, codeSha256 } of artefacts)
      expect([name, codeSha256]).toEqual([
        name,
        createHash('sha256')
          .update(readFileSync(join(root, '.build', `${name}.zip`)))
          .digest('base64'),
      ]);
    expect(JSON.parse(readFileSync(join(root, '.build/maps/release.json'), 'utf8'))).toEqual(
      Object.fromEntries(artefacts.map(({ name, codeSha256 }) => [name, codeSha256])),
    );
  });

  test('the same sources make the same bytes', () => {
    const bytes = () =>
      functionNames.flatMap((name) =>
        [`${name}.zip`, `maps/${name}.js.map`].map((file) =>
          readFileSync(join(root, '.build', file)).toString('base64'),
        ),
      );
    const before = bytes();
    execFileSync(process.execPath, ['scripts/build.ts'], { cwd: root, stdio: 'pipe' });
    expect(bytes()).toEqual(before);
  });
});

describe('parameters', () => {
  const whole = required;

  test('without a domain the API has its own address, and nothing else is deployed for one', () => {
    expect(resources.HttpApi!.Properties.DisableExecuteApiEndpoint).toBe(false);
    expect(ofType('AWS::ApiGatewayV2::DomainName')).toEqual([]);
    expect(domainParts({ domain: '', certificateArn: '' })).toEqual({ Resources: {} });
  });

  test('with a domain the API answers there alone, and links lead there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-domain-'));
    const certificate = 'arn:aws:acm:eu-west-1:999999999999:certificate/0a1b2c3d';
    const options = ['--param', 'domain=access.example.com', '--param', `certificateArn=${certificate}`];
    const program = [serverless, 'package', '--stage', 'example', '--package', folder, ...options];
    execFileSync(process.execPath, program, { cwd: root, stdio: 'pipe' });
    const file = join(folder, 'cloudformation-template-update-stack.json');
    expect(await findingsIn(file)).toEqual([]);
    const template = JSON.parse(readFileSync(file, 'utf8'));
    rmSync(folder, { recursive: true });
    expect(template.Resources.HttpApi.Properties.DisableExecuteApiEndpoint).toBe(true);
    expect(template.Resources.Domain.Properties).toMatchObject({
      DomainName: 'access.example.com',
      DomainNameConfigurations: [{ CertificateArn: certificate, SecurityPolicy: 'TLS_1_2' }],
    });
    expect(template.Outputs).toHaveProperty('DomainTarget');
    const { Environment } = template.Resources.NotifyLambdaFunction.Properties;
    expect(Environment.Variables.LATCHKEY_BASE_URL).toBe('https://access.example.com');
  }, 60_000);

  test.each([
    [{ domain: 'access.example.com' }, 'domain and certificateArn belong together'],
    [
      { domain: 'access.example.com', certificateArn: 'arn:aws:acm:us-east-1:999999999999:certificate/0a1b' },
      'certificateArn must be the ARN of a certificate in ACM in eu-west-1',
    ],
    [
      { domain: 'https://x', certificateArn: 'arn:aws:acm:eu-west-1:999999999999:certificate/0a1b' },
      'domain must be a domain name such as access.example.com',
    ],
  ])('not: %j', (given, error) => expect(checkSettings({ ...whole, ...given })).toEqual({ errors: [error] }));

  test('a deployment without any is told all that are missing, and how to give them', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [serverless, 'package', '--stage', 'prod', '--package', scratch],
      {
        cwd: root,
        encoding: 'utf8',
      },
    );
    const output = stdout + stderr;
    expect(status).not.toBe(0);
    for (const name of ['region', 'issuer', 'audience', 'scope', 'sender']) {
      expect(output).toContain(`${name} is missing: `);
      expect(output).toContain(`--param ${name}=... or LATCHKEY_${name.toUpperCase()}=...`);
    }
    expect(output).not.toMatch(/\bat .+:\d+:\d+/);
  }, 20_000);

  describe('npm run package', () => {
    const packaged = (...args: string[]) => {
      const before = readdirSync(join(root, '.build')).map((name) => statSync(join(root, '.build', name)).mtimeMs);
      const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/package.ts', ...args], {
        cwd: root,
        encoding: 'utf8',
      });
      const isBuilt =
        readdirSync(join(root, '.build'))
          .map((name) => statSync(join(root, '.build', name)).mtimeMs)
          .join() !== before.join();
      return { status, stdout, stderr, isBuilt };
    };

    test('--help prints the help and does nothing', () => {
      const help = { status: 0, stdout: expect.stringMatching(/^Usage: npm run package/), stderr: '', isBuilt: false };
      expect(packaged('--help')).toEqual(help);
      expect(packaged('--stage', 'prod', '-h')).toEqual(help);
    });

    test('names all missing parameters before it builds, and nothing else', () => {
      const { status, stdout, stderr, isBuilt } = packaged(
        '--stage',
        'prod',
        '--region=eu-west-1',
        '--param',
        'scope=s',
      );
      expect({ status, stdout, isBuilt }).toEqual({ status: 1, stdout: '', isBuilt: false });
      expect(
        stderr
          .trimEnd()
          .split('\n')
          .map((line) => line.slice(0, 24).trimEnd()),
      ).toEqual([
        'Missing or invalid deplo',
        '  issuer is missing: URL',
        '  audience is missing: a',
        '  sender is missing: ema',
      ]);
    });

    test('names errors of the catalogue that --catalogue gives before it builds', () => {
      const file = join(scratch, 'mine.yml');
      writeFileSync(file, readFileSync(join(root, 'access.yml'), 'utf8').replace('[group:POC]', '[group:PCO]'));
      const { status, stderr, isBuilt } = packaged('--catalogue', file);
      expect({ status, isBuilt }).toEqual({ status: 1, isBuilt: false });
      expect(stderr).toMatch(/mine\.yml:\d+:\d+ roles\.trusting-readonly\.requesters\.0: no group "PCO"/);
      expect(packaged(`--catalogue=${join(scratch, 'none.yml')}`)).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/^File .*none\.yml not found\.\n$/),
        isBuilt: false,
      });
    });

    test('deploys the catalogue that --catalogue gives', () => {
      const folder = mkdtempSync(join(tmpdir(), 'latchkey-catalogue-'));
      const file = join(folder, 'mine.yml');
      writeFileSync(
        file,
        readFileSync(join(root, 'access.yml'), 'utf8').replaceAll('"555555555555"', '"777777777777"'),
      );
      const { status, stdout } = packaged(
        '--catalogue',
        file,
        '--stage',
        'example',
        '--package',
        join(folder, 'package'),
      );
      expect(status).toBe(0);
      expect(stdout).toMatch(/For osls deploy, set LATCHKEY_CATALOGUE=.*mine\.yml in the environment\./);
      const template = readFileSync(join(folder, 'package/cloudformation-template-update-stack.json'), 'utf8');
      expect(template).toContain('arn:aws:iam::777777777777:role/latchkey/');
      expect(template).not.toContain('555555555555');
      expect(readFileSync(join(root, '.build/api/catalogue.json'), 'utf8')).toContain('777777777777');
      rmSync(folder, { recursive: true });
      // what later tests run is built from the catalogue that ships
      expect(spawnSync(process.execPath, ['scripts/build.ts'], { cwd: root }).status).toBe(0);
    }, 240_000);

    const service = 'params:\n  default: { scope: d, issuer: d }\n  prod: { scope: s }\nprovider: !Ref X\n';
    test.each([
      [['--stage', 'prod'], {}, { scope: 's', issuer: 'd' }],
      [['-s', 'prod', '--param', 'scope=a=b', '--param=issuer=i'], {}, { scope: 'a=b', issuer: 'i' }],
      [['--region', 'r', '--param', 'region=p'], { LATCHKEY_REGION: 'e' }, { region: 'r', scope: 'd', issuer: 'd' }],
      [[], { LATCHKEY_SENDER: 'e', LATCHKEY_SCOPE: 'e' }, { scope: 'd', issuer: 'd', sender: 'e' }],
    ])('takes parameters in the order of osls: %j %j', (args, env, found) =>
      expect(givenParameters(args, service, env)).toEqual(found),
    );

    test('warns where people cannot sign in with the command line', () => {
      expect(signInWarnings({ clientId: '' })).toEqual([expect.stringMatching(/^warning: clientId is missing, /)]);
      expect(signInWarnings({ clientId: 'cli' })).toEqual([]);
    });
  });

  test('what the functions would refuse at their start is refused before', () =>
    expect(
      checkSettings({
        ...whole,
        issuer: 'http://login.example.com',
        sender: 'nobody',
        organization: 'example',
        alarmTopic: 'topic',
      }),
    ).toEqual({
      errors: [
        'organization must be an organization id such as o-a1b2c3d4e5',
        'alarmTopic must be the ARN of an SNS topic',
        'issuer must be the https URL of the issuer',
        'sender must be an email address such as latchkey@example.com or Latchkey <latchkey@example.com>',
      ],
    }));

  test.each([
    ['eu-west-1', 'aws-us-gov', 'aws'],
    ['us-gov-west-1', 'aws', 'aws-us-gov'],
    ['eusc-de-east-1', 'aws-cn', 'aws-eusc'],
  ] as const)('a hub in %s does not serve an account in %s', (region, partition, own) => {
    const account = { ...smallCatalogueFile.accounts.production, partition, tags: {}, revoker: true };
    const accountsIn = (one: Partition) => ({
      ticketValidators: {},
      accounts: { production: { ...account, partition: one } },
    });
    expect(checkSettings({ ...whole, region }, accountsIn(partition))).toEqual({
      errors: [
        `The account production of the catalogue is in ${partition}, and region ${region} is in ${own}: a hub enters accounts of its own partition only.`,
      ],
    });
    expect(checkSettings({ ...whole, region }, accountsIn(own))).toHaveProperty('settings');
  });

  test('a ticket validator whose host is not listed is named, and so is an ARN that is none', () => {
    const accounts = {};
    const catalogue = {
      accounts,
      ticketValidators: { jira: { url: 'https://tickets.example.com/check', service: 'execute-api' as const } },
    };
    expect(checkSettings(whole, catalogue)).toEqual({
      errors: ['ticketHosts does not list tickets.example.com, the host of the catalogue\'s ticket validator "jira"'],
    });
    const atHome = {
      accounts,
      ticketValidators: { jira: { url: 'http://localhost:9001/check', service: 'execute-api' as const } },
    };
    expect(checkSettings({ ...whole, ticketHosts: 'localhost:9001' }, atHome)).toEqual({
      errors: ['the catalogue\'s ticket validator "jira" has an http URL, which is for a local server only'],
    });
    expect(checkSettings({ ...whole, ticketHosts: '*' }, catalogue)).toEqual({
      errors: ['ticketHosts must be hosts such as tickets.example.com, separated by commas'],
    });
    const arns =
      'arn:aws:execute-api:eu-west-1:222222222222:abc123/$default/POST/check, arn:aws:lambda:eu-west-1:222222222222:function:tickets:live';
    expect(
      checkSettings({ ...whole, ticketHosts: 'tickets.example.com', ticketValidatorArns: arns }, catalogue),
    ).toMatchObject({
      settings: { ticketArns: arns.split(', ') },
    });
    for (const arn of [
      '*',
      'arn:aws:execute-api:*:*:*',
      'arn:aws:lambda:eu-west-1:222222222222:function:*',
      'arn:aws:iam::222222222222:role/x',
    ])
      expect(checkSettings({ ...whole, ticketValidatorArns: arn })).toEqual({
        errors: [expect.stringContaining(`"${arn}" must be the ARN of a POST of an API`)],
      });
  });

  test('what is left out has its default', () =>
    expect(checkSettings(whole)).toMatchObject({
      settings: {
        idp: 'generic',
        groupsClaim: '',
        audiences: ['a', 'b'],
        senderAddress: 'lk@mail.example.com',
        senderDomain: 'mail.example.com',
        alarmActions: [],
        ticketArns: [],
        links: { 'Fn::Sub': expect.stringContaining(`https://\${HttpApi}.`) },
      },
    }));
});
