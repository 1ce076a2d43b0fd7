// The IAM role of each function, for serverless.yml: `grants` says who may do what, everything else here is how CloudFormation wants it written.
import { expiring, type IndexName, type ItemKind, prefixes } from '../lib/aws/table.ts';
import type { CatalogueData } from '../lib/catalogue/shape.ts';
import {
  enterActions,
  hubPolicy,
  type Statement as IamStatement,
  revokerRoles,
  targetRoles,
} from '../lib/session/iam.ts';
import { deployedCatalogue } from './deployed-catalogue.ts';
import { fitted } from './policy-room.ts';
import { lambdaFunction, type Settings, tellingError } from './settings.ts';

type Statement = Omit<IamStatement, 'Resource' | 'Condition' | 'Action'> & {
  Action?: readonly string[] | string;
  Resource?: unknown;
  Condition?: Record<string, Record<string, unknown>>;
};
type Role = {
  Type: 'AWS::IAM::Role';
  Properties: Record<string, unknown>;
  DeletionPolicy?: 'Retain';
  UpdateReplacePolicy?: 'Retain';
};
type ManagedPolicy = { Type: 'AWS::IAM::ManagedPolicy'; Properties: Record<string, unknown> };
type Resources = Record<string, Role | ManagedPolicy>;
type Deployment = {
  stage: string;
  settings: Pick<Settings, 'organization' | 'senderAddress' | 'senderDomain' | 'ticketArns'>;
  catalogue: CatalogueData;
};

/** Every function's permissions beside writing its own log. The list of functions is the list of IAM roles. */
export function grants({ stage, settings, catalogue }: Deployment): Record<string, Statement[]> {
  return {
    api: [
      query('byRequester', 'byFiler', 'byMonth', 'pendingByRole', 'byDue'),
      // one transaction writes the first two under a condition on the third, and DynamoDB may judge it by all of its keys
      items(
        ['request', 'ledger', 'blocks'],
        ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'ConditionCheckItem'],
      ),
      items('identity', ['GetItem', 'UpdateItem']),
      ...askValidators(settings),
    ],
    'issue-session': [
      query('byRequester'),
      items('request', ['GetItem', 'PutItem']),
      items('blocks', ['GetItem']),
      items('identity', ['GetItem', 'UpdateItem']),
      items('ledger', ['BatchGetItem']),
      ...enterTargets(stage, settings.organization, catalogue),
    ],
    'decision-page': [
      items('message', ['GetItem']),
      // a revoke by link also ends the extensions of the grant, which the requester's ledger lists
      items('request', ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem']),
      items('ledger', ['BatchGetItem']),
      items('blocks', ['GetItem']),
    ],
    notify: [items('message', ['GetItem', 'UpdateItem']), ...readStream(), sendMail(settings)],
    'revoke-sessions': [
      items('request', ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem']),
      items('revocations', ['UpdateItem']),
      ...readStream(),
      ...enterRevokers(stage, settings.organization, catalogue),
    ],
    sweep: [
      query('byDue'),
      items('request', ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem']),
      items('blocks', ['GetItem']),
      items('sweep', ['GetItem', 'PutItem']),
    ],
  };
}

/** osls calls this for `\${file(scripts/deployment.cjs):roles}` and merges the answer into the template's resources. */
export async function roles({
  resolveVariable,
  resolveConfigurationProperty,
}: Resolver): Promise<{ Resources: Resources }> {
  const stage = await resolveVariable('sls:stage');
  const settings = (await resolveConfigurationProperty(['custom', 'settings'])) as Settings;
  return { Resources: iamResources({ stage, settings, catalogue: deployedCatalogue() }) };
}

type Resolver = {
  resolveVariable(variable: string): Promise<string>;
  resolveConfigurationProperty(path: string[]): Promise<unknown>;
};

/** Every role, and the managed policies of those whose list of target accounts has no room in the role itself. @throws Error that says what does not fit */
export function iamResources(deployment: Deployment): Resources {
  const { stage, settings } = deployment;
  const parts = Object.entries(grants(deployment)).map(([name, own]) => ({
    name,
    ...fitted(name, [writeLog(name, stage), ...own, ...keepItems(own)], settings.organization),
  }));
  const errors = parts.flatMap(({ error }) => error ?? []);
  if (errors.length > 0) throw tellingError(errors, 'This deployment is not possible yet:');
  return Object.fromEntries(
    parts.flatMap((part): Array<[string, Role | ManagedPolicy]> => {
      if (part.error !== undefined) return [];
      const id = roleLogicalId(part.name);
      const beside = part.managed.map((statements, i): [string, ManagedPolicy] => [
        `${id}Part${i + 1}`,
        partOf(part.name, stage, statements),
      ]);
      return [[id, roleOf(part.name, stage, part.inline)], ...beside];
    }),
  );
}

/** `issue-session` -> `IssueSessionRole` */
export const roleLogicalId = (name: string): string =>
  `${name.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())}Role`;

// -- what the grants are made of -------------------------------------------------------------------------------------

const sids: Record<ItemKind, string> = {
  identity: 'Identities',
  request: 'Requests',
  message: 'Messages',
  revocations: 'Revocations',
  sweep: 'Looks',
  ledger: 'Ledgers',
  blocks: 'Blocks',
};

/** Actions on items whose key begins with one of the kinds. LeadingKeys is absent for no such call; `Null` says so, because ForAllValues holds for an absent key. */
function items(
  kinds: ItemKind | readonly ItemKind[],
  actions: Array<'GetItem' | 'BatchGetItem' | 'PutItem' | 'UpdateItem' | 'ConditionCheckItem'>,
): Statement {
  return {
    Sid: sids[[kinds].flat()[0]!],
    Effect: 'Allow',
    Action: actions.map((action) => `dynamodb:${action}`),
    Resource: attribute('Table', 'Arn'),
    Condition: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [kinds].flat().map((kind) => `${prefixes[kind]}*`) },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  };
}

/**
 * A role that can set an item's time to live can have DynamoDB delete it. A write always says which attributes it is about
 * (service-authorization, dynamodb:Attributes), so a request that is to expire is denied, whatever else a role allows.
 */
function keepItems(own: readonly Statement[]): Statement[] {
  const writes = ['dynamodb:PutItem', 'dynamodb:UpdateItem'];
  const isWriting = own.some(({ Action = [] }) => [Action].flat().some((action) => writes.includes(action)));
  const kept: Statement = {
    Sid: 'ItemsStay',
    Effect: 'Deny',
    Action: writes,
    Resource: attribute('Table', 'Arn'),
    Condition: {
      'ForAnyValue:StringEquals': { 'dynamodb:Attributes': ['ttl'] },
      'ForAnyValue:StringNotLike': { 'dynamodb:LeadingKeys': expiring.map((kind) => `${prefixes[kind]}*`) },
    },
  };
  return isWriting ? [kept] : [];
}

function query(...indexes: IndexName[]): Statement {
  return {
    Sid: 'Lists',
    Effect: 'Allow',
    Action: ['dynamodb:Query'],
    Resource: indexes.map((index) => sub(`\${Table.Arn}/index/${index}`)),
  };
}

/** What Lambda's own poller does with the function's role (lambda-dg, with-ddb): reads the stream and reports what it gave up on. */
function readStream(): Statement[] {
  const read = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'].map(
    (action) => `dynamodb:${action}`,
  );
  return [
    { Sid: 'Stream', Effect: 'Allow', Action: read, Resource: attribute('Table', 'StreamArn') },
    { Sid: 'DeadLetters', Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: attribute('DeadLetters', 'Arn') },
  ];
}

/**
 * Either identity may be the one that was verified: the address or its domain. Where it has a default configuration set, SES asks for the
 * permission on that as well, whose name the deployment does not know.
 */
function sendMail({ senderAddress, senderDomain }: Deployment['settings']): Statement {
  const resources = [`identity/${senderAddress}`, `identity/${senderDomain}`, 'configuration-set/*'].map((resource) =>
    sub(`arn:\${AWS::Partition}:ses:\${AWS::Region}:\${AWS::AccountId}:${resource}`),
  );
  return {
    Sid: 'Mail',
    Effect: 'Allow',
    Action: ['ses:SendRawEmail'],
    Resource: resources,
    Condition: { StringEquals: { 'ses:FromAddress': senderAddress } },
  };
}

/**
 * Calling ticket validators, by the ARNs that the deployment names; without any, nothing. A function URL asks for both actions (lambda-dg,
 * urls-auth), and the second is for calls by the URL alone, which is how a validator is reached.
 */
function askValidators({ ticketArns }: Deployment['settings']): Statement[] {
  const functions = ticketArns.filter((arn) => lambdaFunction.test(arn));
  const methods = ticketArns.filter((arn) => !lambdaFunction.test(arn));
  const byIam = { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } };
  const byUrl = { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } };
  return [
    ...(methods.length > 0
      ? [{ Sid: 'Tickets', Effect: 'Allow' as const, Action: ['execute-api:Invoke'], Resource: methods }]
      : []),
    ...(functions.length > 0
      ? [
          {
            Sid: 'TicketUrls',
            Effect: 'Allow' as const,
            Action: ['lambda:InvokeFunctionUrl'],
            Resource: functions,
            Condition: byIam,
          },
          {
            Sid: 'TicketFunctions',
            Effect: 'Allow' as const,
            Action: ['lambda:InvokeFunction'],
            Resource: functions,
            Condition: byUrl,
          },
        ]
      : []),
  ];
}

const functionArn = (stage: string, name: string) =>
  sub(`arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:latchkey-${stage}-${name}`);
const ownLog = ['logs:CreateLogStream', 'logs:PutLogEvents'];

/** Entering the revokers, which are outside of the target roles' paths. */
const enterRevokers = (stage: string, organization: string, catalogue: CatalogueData): Statement[] => {
  const beside = [
    ...[
      'GetItem',
      'BatchGetItem',
      'PutItem',
      'UpdateItem',
      'DescribeStream',
      'GetRecords',
      'GetShardIterator',
      'ListStreams',
    ].map((action) => `dynamodb:${action}`),
    'sqs:SendMessage',
    ...ownLog,
  ];
  return hubPolicy(
    ['sts:AssumeRole'],
    revokerRoles(catalogue),
    functionArn(stage, 'revoke-sessions'),
    organization || undefined,
    beside,
  );
};

/** Entering the target roles. */
const enterTargets = (stage: string, organization: string, catalogue: CatalogueData): Statement[] =>
  hubPolicy(enterActions, targetRoles(catalogue), functionArn(stage, 'issue-session'), organization || undefined, [
    'dynamodb:Query',
    'dynamodb:GetItem',
    'dynamodb:BatchGetItem',
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
    ...ownLog,
  ]);

const writeLog = (name: string, stage: string): Statement => ({
  Sid: 'Log',
  Effect: 'Allow',
  Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  Resource: sub(
    `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/latchkey-${stage}-${name}:*`,
  ),
});

/** Attached from its own side, so that CloudFormation can take it away again from a role that it retains. */
const partOf = (name: string, stage: string, Statement: Statement[]): ManagedPolicy => ({
  Type: 'AWS::IAM::ManagedPolicy',
  Properties: {
    Description: `Latchkey ${stage}: roles of other accounts that functions/${name}.ts may enter`,
    Roles: [{ Ref: roleLogicalId(name) }],
    PolicyDocument: { Version: '2012-10-17', Statement },
  },
});

function roleOf(name: string, stage: string, statements: Statement[]): Role {
  const properties = {
    Description: `Latchkey ${stage}: what functions/${name}.ts may do`,
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    },
    Policies: [{ PolicyName: name, PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
  };
  if (name !== 'issue-session' && name !== 'revoke-sessions') return { Type: 'AWS::IAM::Role', Properties: properties };
  // IAM remembers the id of a role that a trust policy names, not the name: were this role replaced, no target account would know it any more
  return {
    Type: 'AWS::IAM::Role',
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: { RoleName: `latchkey-${stage}-${name}`, ...properties },
  };
}

function attribute(resource: string, name: string) {
  return { 'Fn::GetAtt': [resource, name] };
}

function sub(text: string) {
  return { 'Fn::Sub': text };
}
