// Reads the configuration of a hub with the operator's credentials. Judges and changes nothing.
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { GetFunctionConfigurationCommand, InvokeCommand, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import {
  DescribeConfigurationSetCommand,
  GetAccountSendingEnabledCommand,
  GetIdentityVerificationAttributesCommand,
  GetSendQuotaCommand,
} from '@aws-sdk/client-ses';
import { GetEmailIdentityCommand } from '@aws-sdk/client-sesv2';
import { projectionOf } from '../lib/aws/table.ts';
import { doctorAlias } from '../lib/target/probe.ts';
import type { Clients } from './clients.ts';
import {
  type Answer,
  consumers,
  type FunctionFacts,
  type HubFacts,
  type MappingFacts,
  type ProbeFacts,
  type TableFacts,
  watched,
} from './facts.ts';
import { look, missing, type Seen } from './seen.ts';

type Of<Names extends string, Value> = Record<Names, Value>;

export async function readHub(clients: Clients, stage: string): Promise<HubFacts> {
  const functions = await each(watched, (name) => readFunction(clients, `latchkey-${stage}-${name}`));
  const environment = watched.flatMap((name) =>
    functions[name].is === 'there' ? [functions[name].value.environment] : [],
  );
  const tableName = environment.find(({ LATCHKEY_TABLE }) => LATCHKEY_TABLE)?.LATCHKEY_TABLE ?? `latchkey-${stage}`;
  const sender = senderIn(environment.find(({ LATCHKEY_SENDER }) => LATCHKEY_SENDER)?.LATCHKEY_SENDER);
  const { dynamodb, ses } = clients;
  const named = { TableName: tableName };
  const [table, ttl, recovery, mappings, verified, sending, quota, defaultSet] = await Promise.all([
    look('dynamodb:DescribeTable', async () => tableIn((await dynamodb.send(new DescribeTableCommand(named))).Table)),
    look('dynamodb:DescribeTimeToLive', async () => {
      const { TimeToLiveDescription: found } = await dynamodb.send(new DescribeTimeToLiveCommand(named));
      return {
        attribute: found?.AttributeName ?? '',
        isOn: found?.TimeToLiveStatus === 'ENABLED' || found?.TimeToLiveStatus === 'ENABLING',
      };
    }),
    look('dynamodb:DescribeContinuousBackups', async () => {
      const { ContinuousBackupsDescription: found } = await dynamodb.send(new DescribeContinuousBackupsCommand(named));
      return { isOn: found?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED' };
    }),
    each(consumers, (name) => readMappings(clients, `latchkey-${stage}-${name}`)),
    look('ses:GetIdentityVerificationAttributes', async () => {
      const Identities = sender ? [sender.address, sender.domain] : [];
      const { VerificationAttributes = {} } = await ses.send(
        new GetIdentityVerificationAttributesCommand({ Identities }),
      );
      return Object.entries(VerificationAttributes).flatMap(([identity, { VerificationStatus }]) =>
        VerificationStatus === 'Success' ? [identity] : [],
      );
    }),
    look('ses:GetAccountSendingEnabled', async () => ({
      isOn: (await ses.send(new GetAccountSendingEnabledCommand({}))).Enabled === true,
    })),
    look('ses:GetSendQuota', async () => ({
      max24Hours: (await ses.send(new GetSendQuotaCommand({}))).Max24HourSend ?? 0,
    })),
    readDefaultSet(clients, sender),
  ]);
  const configurationSet =
    defaultSet.is === 'there' && defaultSet.value !== '' ? await readSet(clients, defaultSet.value) : undefined;
  const mail = { sender, verified, defaultSet, configurationSet, sending, quota };
  return { functions, tableName, table, ttl, recovery, mappings, ...mail };
}

/** Asks the two functions that assume roles in other accounts to probe one account. @param account its key in the catalogue */
export async function readProbes(clients: Clients, stage: string, account: string): Promise<ProbeFacts> {
  const [target, revoker] = await Promise.all([
    probe(clients, `latchkey-${stage}-issue-session`, account) as Promise<ProbeFacts['target']>,
    probe(clients, `latchkey-${stage}-revoke-sessions`, account) as Promise<ProbeFacts['revoker']>,
  ]);
  return { target, revoker };
}

// --- internal ---

/** SES uses the identity of the address if there is one, otherwise that of the domain (ses-dg, verify-addresses-and-domains). */
async function readDefaultSet({ sesv2 }: Clients, sender: HubFacts['sender']): Promise<HubFacts['defaultSet']> {
  const ofIdentity = (EmailIdentity: string) =>
    look('ses:GetEmailIdentity', async () => {
      const { ConfigurationSetName = '' } = await sesv2.send(new GetEmailIdentityCommand({ EmailIdentity }));
      return ConfigurationSetName;
    });
  if (!sender) return missing;
  const ofAddress = await ofIdentity(sender.address);
  return ofAddress.is === 'missing' ? ofIdentity(sender.domain) : ofAddress;
}

/** SES tracks clicks, by rewriting links, if an event destination requests them (ses-dg, faqs-metrics). */
const readSet = (
  { ses }: Clients,
  ConfigurationSetName: string,
): Promise<Exclude<HubFacts['configurationSet'], undefined>> =>
  look('ses:DescribeConfigurationSet', async () => {
    const found = await ses.send(
      new DescribeConfigurationSetCommand({
        ConfigurationSetName,
        ConfigurationSetAttributeNames: ['eventDestinations', 'reputationOptions'],
      }),
    );
    const destinations = found.EventDestinations?.filter(({ Enabled }) => Enabled) ?? [];
    return {
      isSending: found.ReputationOptions?.SendingEnabled !== false,
      tracksClicks: destinations.some(({ MatchingEventTypes }) => MatchingEventTypes?.includes('click')),
    };
  });

async function each<Name extends string, Value>(
  names: readonly Name[],
  read: (name: Name) => Promise<Value>,
): Promise<Of<Name, Value>> {
  const pairs = await Promise.all(names.map(async (name) => [name, await read(name)] as const));
  return Object.fromEntries(pairs) as Of<Name, Value>;
}

const readFunction = ({ lambda }: Clients, FunctionName: string): Promise<Seen<FunctionFacts>> =>
  look('lambda:GetFunctionConfiguration', async () => {
    const { Role = '', Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    return { role: Role, environment: Environment?.Variables ?? {} };
  });

const readMappings = ({ lambda }: Clients, FunctionName: string): Promise<Seen<readonly MappingFacts[]>> =>
  look('lambda:ListEventSourceMappings', async () => {
    const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName }));
    return EventSourceMappings.map(
      ({ UUID = '', State = 'unknown', FunctionResponseTypes = [], DestinationConfig }) => ({
        uuid: UUID,
        state: State,
        responses: FunctionResponseTypes,
        ...(DestinationConfig?.OnFailure?.Destination && { onFailure: DestinationConfig.OnFailure.Destination }),
      }),
    );
  });

/** DynamoDB leaves out features that are off. An emulator leaves out features that it lacks, and the ARN. */
function tableIn(table: TableDescription | undefined): TableFacts | undefined {
  if (!table) return undefined;
  const keysOf = (schema: TableDescription['KeySchema'] = []) =>
    schema.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`);
  const isWhole = table.TableArn !== undefined;
  const stream = table.StreamSpecification?.StreamEnabled
    ? table.StreamSpecification.StreamViewType
    : isWhole
      ? 'off'
      : undefined;
  const isProtected = table.DeletionProtectionEnabled ?? (isWhole ? false : undefined);
  const isEncrypted = table.SSEDescription ? table.SSEDescription.Status === 'ENABLED' : isWhole ? false : undefined;
  return {
    keys: keysOf(table.KeySchema),
    indexes: Object.fromEntries(
      (table.GlobalSecondaryIndexes ?? []).map(({ IndexName = '', KeySchema, Projection, IndexStatus = 'ACTIVE' }) => [
        IndexName,
        {
          keys: keysOf(KeySchema),
          projection: IndexStatus === 'ACTIVE' ? projectionOf(Projection) : IndexStatus,
        },
      ]),
    ),
    ...(stream !== undefined && { stream }),
    ...(isProtected !== undefined && { isProtected }),
    ...(isEncrypted !== undefined && { isEncrypted }),
  };
}

/** `Latchkey <lk@example.com>` -> its address and domain */
function senderIn(text: string | undefined): HubFacts['sender'] {
  const address = /<(.+)>$/.exec(text ?? '')?.[1] ?? text;
  return address ? { address, domain: address.slice(address.lastIndexOf('@') + 1) } : undefined;
}

async function probe({ lambda }: Clients, FunctionName: string, account: string): Promise<Seen<Answer<object>>> {
  const seen = await look('lambda:InvokeFunction', async () => {
    const Payload = Buffer.from(JSON.stringify({ doctor: { account } }));
    return await lambda.send(new InvokeCommand({ FunctionName, Qualifier: doctorAlias, Payload }));
  });
  if (seen.is !== 'there') return seen;
  const { FunctionError, Payload } = seen.value;
  if (FunctionError !== undefined || !Payload) return { is: 'there', value: { error: 'failed' } };
  const answer: unknown = JSON.parse(Buffer.from(Payload).toString('utf8'));
  return typeof answer === 'object' && answer !== null ? { is: 'there', value: answer as Answer<object> } : missing;
}
