// The table's CloudFormation properties for serverless.yml: the definition of lib/table.ts, protected, encrypted and recoverable.
import { tableDefinition } from '../lib/table.ts';

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
