// Every check of the doctor by code: what it requires, why it fails, and how to fix it. docs/doctor.md has the same table.

export type Level = 'ok' | 'warning' | 'finding' | 'not-checked';
export type Check = {
  /** the level if it fails */
  level: 'warning' | 'finding';
  /** the condition that must hold */
  asks: string;
  /** `{name}` is replaced by a value of the case */
  cause: string;
  fix: string;
  /** commands for --fix-plan; without them the fix is manual */
  plan?: readonly string[];
};

const deploy =
  'npx osls deploy --stage {stage} --package .serverless    # after npm run package, with the parameters of this deployment';
const inAccount = '    # with credentials of {accountId}';
const template = [
  'npm run --silent target -- --account {account} --hub {hub} --stage {stage}{organization} > {account}.yml',
  `aws cloudformation deploy --template-file {account}.yml --stack-name latchkey --capabilities CAPABILITY_NAMED_IAM${inAccount}`,
] as const;
const install =
  'Install the template of the account: npm run target -- --account {account} --hub {hub} --stage {stage}{organization}';
/** For checks whose details are visible only in the target account. */
const look = [
  `npm run --silent doctor -- --account {account} --hub {hub} --stage {stage}{organization} --fix-plan${inAccount}`,
] as const;
const lookThere =
  'Run the doctor with credentials of {accountId}. It reports the difference from the template and the command that fixes it.';
/** CloudFormation compares templates, not deployed resources. */
const notByTemplate =
  'A deployment of the same template does not undo manual changes. If the catalogue changed, install the new template instead.';
const putBack = (command: string) => `Restore it: ${command}, with credentials of {accountId}. ${notByTemplate}`;
const rewrite = (command: string) =>
  `Restore it: ${command}, with the document that --fix-plan prints in full. ${notByTemplate}`;
const setBoundary = 'aws iam put-role-permissions-boundary --role-name {role} --permissions-boundary {boundary}';
const setDuration = 'aws iam update-role --role-name {role} --max-session-duration {seconds}';

export const checks = {
  // -- the hub
  functions: {
    level: 'finding',
    asks: 'the functions that the doctor looks at are deployed',
    cause: 'The function does not exist here: another stage or Region is deployed, or nothing yet.',
    fix: 'Pass the deployed stage and Region (--stage, --region), or deploy stage {stage} to {region}.',
    plan: [deploy],
  },
  'function-role': {
    level: 'finding',
    asks: 'a function that assumes roles in other accounts runs as the role that their trust policies name',
    cause: 'The trust policies accept only {expected}.',
    fix: 'Set the role of the function again. A deployment does not undo manual changes.',
    plan: ['aws lambda update-function-configuration --function-name {name} --role {roleArn} --region {region}'],
  },
  probe: {
    level: 'finding',
    asks: 'the function answers the doctor through its alias `doctor`',
    cause: 'The function failed, or was deployed by a version of Latchkey without the doctor.',
    fix: 'Deploy this version. If the problem persists, check the log group /aws/lambda/latchkey-{stage}-{function}.',
    plan: [deploy],
  },
  catalogue: {
    level: 'finding',
    asks: 'the deployed catalogue is the catalogue file',
    cause: 'The catalogue was changed but not deployed, or this is another checkout.',
    fix: 'Deploy the catalogue, or pass the deployed one with --catalogue.',
    plan: [deploy],
  },
  version: {
    level: 'warning',
    asks: 'the deployed version of Latchkey is this version',
    cause: 'The deployment and this checkout have different versions.',
    fix: 'Deploy this version, or run the doctor of the deployed one.',
  },
  'clock-hub': {
    level: 'finding',
    asks: "the function's clock differs from the clock of STS by at most 5 s",
    cause: "Grants start and end by the function's clock.",
    fix: 'AWS sets this clock. Run the doctor again. If the problem persists, report it to AWS.',
  },
  'clock-here': {
    level: 'warning',
    asks: "this machine's clock differs from AWS's by at most 60 s",
    cause: 'AWS rejects signatures that are five minutes old, and times in this report are wrong.',
    fix: 'Synchronise the clock of this machine with NTP.',
  },
  table: {
    level: 'finding',
    asks: 'the table of the functions exists',
    cause: 'No table has the name that the functions are configured with.',
    fix: 'Deploy the stage. If the table was deleted, first restore it from a backup under this name.',
    plan: [deploy],
  },
  'table-keys': {
    level: 'finding',
    asks: 'the table has the key that the functions use',
    cause: 'The table was created manually or by another tool. The key of a table cannot be changed.',
    fix: 'Move the table away, deploy the stage, and copy the items that you need.',
  },
  'table-indexes': {
    level: 'finding',
    asks: 'every index exists, with its keys and projection',
    cause: 'An index was deleted or changed manually, or is still being created.',
    fix: 'Create it again as lib/aws/table.ts defines it. DynamoDB fills it automatically. A deployment does not restore an index that was deleted manually.',
  },
  'table-stream': {
    level: 'finding',
    asks: "the table's stream has new and old images",
    cause: 'Without them no email is sent and no active session is revoked.',
    fix: 'Enable the stream, then point the event source mappings of notify and revoke-sessions at it, because an enabled stream has a new ARN.',
    plan: [
      'aws dynamodb update-table --table-name {table} --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES --region {region}',
    ],
  },
  'table-ttl': {
    level: 'warning',
    asks: 'DynamoDB deletes expired items by the attribute ttl',
    cause: 'Old messages and lists of revocations are never deleted, and deny policies on roles are removed late.',
    fix: 'Enable time to live on the attribute ttl: `latchkey doctor --fix-plan` prints the command.',
    plan: [
      'aws dynamodb update-time-to-live --table-name {table} --time-to-live-specification Enabled=true,AttributeName=ttl --region {region}',
    ],
  },
  'table-recovery': {
    level: 'finding',
    asks: 'point-in-time recovery of the table is on',
    cause: 'A mistake could destroy the record of who had access to what.',
    fix: 'Enable point-in-time recovery.',
    plan: [
      'aws dynamodb update-continuous-backups --table-name {table} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true --region {region}',
    ],
  },
  'table-protection': {
    level: 'finding',
    asks: 'deletion protection of the table is on',
    cause: 'Deletion protection was switched off.',
    fix: 'Enable deletion protection: `latchkey doctor --fix-plan` prints the command.',
    plan: ['aws dynamodb update-table --table-name {table} --deletion-protection-enabled --region {region}'],
  },
  'table-encryption': {
    level: 'warning',
    asks: 'the table is encrypted with a KMS key',
    cause: 'It is encrypted with a key owned by AWS, whose use CloudTrail does not show.',
    fix: 'Encrypt the table with the KMS key aws/dynamodb: `latchkey doctor --fix-plan` prints the command.',
    plan: [
      'aws dynamodb update-table --table-name {table} --sse-specification Enabled=true,SSEType=KMS --region {region}',
    ],
  },
  consumer: {
    level: 'finding',
    asks: "the function reads the table's stream",
    cause: 'Without it, notify sends no email and revoke-sessions revokes no session.',
    fix: 'Enable its event source mapping. If it was deleted, remove the events of the function from serverless.yml, deploy, restore them and deploy again, because a deployment alone does not recreate it.',
    plan: ['aws lambda update-event-source-mapping --uuid {uuid} --enabled --region {region}'],
  },
  'consumer-partial': {
    level: 'finding',
    asks: 'the function reports which records failed',
    cause: 'One failed record would block or repeat all other records of its batch.',
    fix: 'Set ReportBatchItemFailures on its event source mapping.',
    plan: [
      'aws lambda update-event-source-mapping --uuid {uuid} --function-response-types ReportBatchItemFailures --region {region}',
    ],
  },
  'consumer-dead-letters': {
    level: 'finding',
    asks: 'records that the stream gives up on go to a queue with an alarm',
    cause: 'Records that are given up would be lost without notice.',
    fix: 'Set the queue latchkey-{stage}-dead-letters as its destination on failure.',
    plan: [
      'aws lambda update-event-source-mapping --uuid {uuid} --destination-config OnFailure={Destination=arn:{partition}:sqs:{region}:{hub}:latchkey-{stage}-dead-letters} --region {region}',
    ],
  },
  sender: {
    level: 'finding',
    asks: 'SES has verified the sender or its domain',
    cause: 'SES rejects every email from {sender}.',
    fix: 'Verify the domain {domain} (SES, Identities), or only the address.',
    plan: [
      'aws ses verify-email-identity --email-address {sender} --region {region}    # then follow the link that SES emails',
    ],
  },
  'configuration-set': {
    level: 'finding',
    asks: "the default configuration set of the sender's identity, if it has one, exists, sends, and does not track clicks",
    cause:
      'SES sends every email from {sender} through its default configuration set. Without it, or while it is paused, no email is sent; with click tracking, SES rewrites the links in emails and sees them.',
    fix: 'Fix the configuration set, or remove it from the identity (SES, Identities, {sender} or {domain}, Configuration set).',
    plan: [
      'aws sesv2 put-email-identity-configuration-set-attributes --email-identity {identity} --region {region}    # removes it',
    ],
  },
  sending: {
    level: 'finding',
    asks: 'sending is enabled in SES',
    cause: 'Sending was paused, by you or by AWS after bounces and complaints.',
    fix: 'Find out why (SES, Account dashboard, Reputation), then enable sending.',
    plan: ['aws ses update-account-sending-enabled --enabled --region {region}'],
  },
  sandbox: {
    level: 'finding',
    asks: 'SES is not in its sandbox',
    cause: 'In the sandbox, SES sends only to verified addresses, and 200 emails a day.',
    fix: 'Request production access (SES, Account dashboard). AWS takes about a day.',
  },
  // -- access to an account, as tried by the hub's functions
  enter: {
    level: 'finding',
    asks: 'the hub can assume the role with external ID, tags and source identity',
    cause: '{why}',
    fix: 'If nothing is installed yet, install the template: npm run target -- --account {account} --hub {hub} --stage {stage}{organization}. Otherwise run the doctor with credentials of {accountId}, which reports the difference.',
    plan: look,
  },
  'external-id': {
    level: 'finding',
    asks: 'the role refuses the hub without the external ID',
    cause: 'Its trust policy does not require sts:ExternalId, which allows the confused deputy problem.',
    fix: lookThere,
    plan: look,
  },
  tags: {
    level: 'finding',
    asks: 'the role refuses a session without the tags of its request',
    cause: 'Its trust policy does not require them. A session without tags cannot be revoked individually.',
    fix: lookThere,
    plan: look,
  },
  'source-identity': {
    level: 'finding',
    asks: 'the role refuses a session that names no person',
    cause: 'Its trust policy does not require sts:SourceIdentity. CloudTrail would not show the person.',
    fix: lookThere,
    plan: look,
  },
  revoker: {
    level: 'finding',
    asks: "the hub can assume the account's revoker",
    cause: '{why}',
    fix: 'If nothing is installed yet, install the template: npm run target -- --account {account} --hub {hub} --stage {stage}{organization}. Otherwise run the doctor with credentials of {accountId}, which reports the difference.',
    plan: look,
  },
  'no-revoker': {
    level: 'warning',
    asks: 'the account has a revoker',
    cause:
      'The catalogue sets revoker: false. A revocation stops new sessions, but existing sessions last until they expire.',
    fix: 'Remove the line from the catalogue and install the template of the account, or accept this.',
  },
  'revoker-external-id': {
    level: 'finding',
    asks: 'the revoker refuses the hub without the external ID',
    cause: 'Its trust policy does not require sts:ExternalId.',
    fix: lookThere,
    plan: look,
  },
  'revoker-rights': {
    level: 'finding',
    asks: "the revoker may change the role's inline policies",
    cause:
      "The role is not in the revoker's policy, or has no permissions boundary: the revoker may only change roles with the boundary.",
    fix: lookThere,
    plan: look,
  },
  'revoker-reach': {
    level: 'finding',
    asks: 'the revoker may change only roles of the catalogue',
    cause:
      "Its policy allows more than the template's: an attacker in the hub could change other roles of the account.",
    fix: lookThere,
    plan: look,
  },
  // -- resources in an account
  role: {
    level: 'finding',
    asks: 'the role exists with the path in the catalogue',
    cause:
      'It was not installed, or was created manually with another path. Role names are unique in an account, whatever the path.',
    fix: install,
    plan: template,
  },
  'role-trust': {
    level: 'finding',
    asks: "the role's trust policy matches the template",
    cause:
      'It was changed manually, or the catalogue or the hub changed and the template was not installed again: {differences}.',
    fix: rewrite('aws iam update-assume-role-policy --role-name {role}'),
    plan: [`aws iam update-assume-role-policy --role-name {role} --policy-document '{document}'${inAccount}`],
  },
  'role-boundary': {
    level: 'finding',
    asks: 'the role has the boundary of the template',
    cause:
      'It was removed or replaced. Sessions could create identities that outlive them, and the revoker may not change the role.',
    fix: putBack(setBoundary),
    plan: [`${setBoundary}${inAccount}`],
  },
  'role-duration': {
    level: 'finding',
    asks: "the role's MaxSessionDuration matches the catalogue",
    cause: "STS refuses a session longer than the role's maximum.",
    fix: putBack(setDuration),
    plan: [`${setDuration}${inAccount}`],
  },
  'role-room': {
    level: 'finding',
    asks: "the role's inline policies leave room for revocations",
    cause: 'All inline policies of a role may have 10,240 characters together, and others use most of them.',
    fix: 'Move them to managed policies. If a revocation does not fit, its sessions cannot be revoked.',
  },
  boundary: {
    level: 'finding',
    asks: 'the boundary matches the template',
    cause: 'It is missing or was changed: {differences}.',
    fix: rewrite('aws iam create-policy-version --policy-arn {boundary} --set-as-default'),
    plan: [
      `aws iam create-policy-version --policy-arn {boundary} --set-as-default --policy-document '{document}'${inAccount}`,
    ],
  },
  'revoker-role': {
    level: 'finding',
    asks: 'the revoker exists, and its trust policy matches the template',
    cause: 'It is missing or was changed: {differences}.',
    fix: rewrite('aws iam update-assume-role-policy --role-name latchkey-revoker'),
    plan: [`aws iam update-assume-role-policy --role-name latchkey-revoker --policy-document '{document}'${inAccount}`],
  },
  'revoker-policy': {
    level: 'finding',
    asks: "the revoker's permissions match the template",
    cause: 'Its policy is missing or was changed: {differences}.',
    fix: rewrite('aws iam put-role-policy --role-name latchkey-revoker --policy-name Revoke'),
    plan: [
      `aws iam put-role-policy --role-name latchkey-revoker --policy-name Revoke --policy-document '{document}'${inAccount}`,
    ],
  },
} as const satisfies Record<string, Check>;
export type Code = keyof typeof checks;

/** The result of one check. `about`: a function, table, role or account; `values` fill in the texts of the code. */
export type Finding = {
  code: Code;
  level: Level;
  about: string;
  seen: string;
  /** only for a warning or finding */
  cause?: string;
  fix?: string;
  plan?: readonly string[];
  /** the missing IAM action, if it could not be checked */
  needs?: string;
};
export type Values = Readonly<Record<string, string>>;

export const fine = (code: Code, about: string, seen: string): Finding => ({ code, level: 'ok', about, seen });

/** The fix for a missing resource is always to install the template. */
export const notInstalled = (code: Code, about: string, values: Values): Finding => ({
  ...failed(code, about, 'missing', values),
  fix: filledIn(install, values),
  plan: template.map((line) => filledIn(line, values)),
});

export function failed(code: Code, about: string, seen: string, values: Values): Finding {
  const { level, cause, fix, plan }: Check = checks[code];
  const filled = (text: string) => filledIn(text, values);
  return { code, level, about, seen, cause: filled(cause), fix: filled(fix), ...(plan && { plan: plan.map(filled) }) };
}

const filledIn = (text: string, values: Values): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? `{${name}}`);

export const notChecked = (code: Code, about: string, why: string, permission?: string): Finding => ({
  code,
  level: 'not-checked',
  about,
  seen: why,
  ...(permission !== undefined && { needs: permission }),
});
