// docs/permissions.md: what each function may do in AWS, and whether the rehearsal on the emulation uses it.
import { comesWithAssumeRole, isUsedByLambda, unused } from '../deployed/unused.ts';
import { deployedCatalogue } from './deployed-catalogue.ts';
import { iamResources } from './function-roles.ts';
import { markdownTable } from './markdown-table.ts';

type Statement = { Sid: string; Effect: string; Action: string | string[] };
type Policies = Array<{ PolicyName: string; PolicyDocument: { Statement: Statement[] } }>;

export function permissionPage(): string {
  return `# Permissions

Written by \`npm run docs\` from the roles of the functions (\`scripts/function-roles.ts\`), for the example catalogue and without ticket validators. A statement is
one of the function's IAM policy. The last column says what uses the permission: \`npm run deployed\` records every call that IAM judges, and fails if a call of a
function is denied, or if a permission that is listed as used is not used. [deploy.md](deploy.md#rehearse-it-without-aws) says what else it tests.

${markdownTable(['function', 'statement', 'action', 'used'], rows())}
`;
}

function rows(): string[][] {
  const settings = {
    organization: '',
    senderAddress: 'latchkey@example.com',
    senderDomain: 'example.com',
    ticketArns: [],
  };
  const resources = Object.values(iamResources({ stage: 'prod', settings, catalogue: deployedCatalogue() }));
  return resources.flatMap(({ Properties }) =>
    ((Properties.Policies ?? []) as Policies).flatMap(({ PolicyName, PolicyDocument }) =>
      PolicyDocument.Statement.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Sid, Action }) =>
        [Action].flat().map((action) => [`\`${PolicyName}\``, Sid, `\`${action}\``, useOf(PolicyName, Sid, action)]),
      ),
    ),
  );
}

function useOf(name: string, sid: string, action: string): string {
  const reason = unused[`${name} ${sid} ${action}`];
  if (isUsedByLambda(action)) return 'by Lambda itself; not judged by the emulation';
  if (comesWithAssumeRole(action)) return 'with `sts:AssumeRole`; trust policies judge it';
  return reason === undefined ? 'by `npm run deployed`' : `not always by \`npm run deployed\`: when ${reason}`;
}
