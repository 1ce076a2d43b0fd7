// The table and its stream as serverless.yml needs them: the definition of lib/aws/table.ts, protected, encrypted and recoverable, and filters.
import { prefixes, tableDefinition } from '../lib/aws/table.ts';

export function tableProperties(stage: string) {
  const { StreamSpecification, ...definition } = tableDefinition(`latchkey-${stage}`);
  return {
    ...definition,
    StreamSpecification: { StreamViewType: StreamSpecification.StreamViewType },
    DeletionProtectionEnabled: true,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    SSESpecification: { SSEEnabled: true },
    TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
  };
}

/** osls calls this for `\${file(scripts/deployment.cjs):table}`. */
export const table = async ({ resolveVariable }: { resolveVariable(variable: string): Promise<string> }) =>
  tableProperties(await resolveVariable('sls:stage'));

const key = (prefix: string) => ({ Keys: { pk: { S: [{ prefix }] } } });

/** Which records of the stream wake a function (lambda-dg, with-ddb-filtering): osls reads `\${file(scripts/deployment.cjs):filters.NAME}`. */
export const filters = {
  changedRequests: [{ eventName: ['INSERT', 'MODIFY'], dynamodb: key(prefixes.request) }],
  /** requests with a revocation under way, and lists that DynamoDB deleted because nothing on them can live any more */
  revocations: [
    { eventName: ['INSERT', 'MODIFY'], dynamodb: { NewImage: { revocation: { S: ['pending'] } } } },
    {
      eventName: ['REMOVE'],
      userIdentity: { principalId: ['dynamodb.amazonaws.com'] },
      dynamodb: key(prefixes.revocations),
    },
  ],
};
