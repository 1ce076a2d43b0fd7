// Every check of the doctor by its code: what it asks, why it fails, and what to do. docs/doctor.md shows the same table.

export type Level = 'ok' | 'warning' | 'finding' | 'not-checked';
export type Check = {
  /** how bad it is when it fails */
  level: 'warning' | 'finding';
  /** what is so when all is well */
  asks: string;
  /** `{name}` stands for what was found out about the case */
  cause: string;
  fix: string;
  /** commands that do it, for --fix-plan; without them the fix is somebody's own work */
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
/** What only the other side can tell more of. */
const look = [
  `npm run --silent doctor -- --account {account} --hub {hub} --stage {stage}{organization} --fix-plan${inAccount}`,
] as const;
const lookThere =
  'Run the doctor with credentials of {accountId}: it says what differs from the template, and the command that mends it.';
/** CloudFormation compares templates, not what stands there. */
const notByTemplate =
  'CloudFormation does not undo what was changed beside it; after a change of the catalogue, install the template.';
const putBack = (command: string) => `Put it back: ${command}, with credentials of {accountId}. ${notByTemplate}`;
const rewrite = (command: string) =>
  `Put it back: ${command}, with the document that --fix-plan prints in full. ${notByTemplate}`;
const setBoundary = 'aws iam put-role-permissions-boundary --role-name {role} --permissions-boundary {boundary}';
const setDuration = 'aws iam update-role --role-name {role} --max-session-duration {seconds}';

export const checks = {
  // -- the hub
  functions: {
    level: 'finding',
    asks: 'the functions that the doctor looks at are deployed',
    cause: 'There is no such function here: another stage or Region is deployed, or nothing yet.',
    fix: 'Name what is deployed with --stage and --region, or deploy the stage {stage} to {region}.',
    plan: [deploy],
  },
  'function-role': {
    level: 'finding',
    asks: 'a function that goes into other accounts runs as the role that their trust policies name',
    cause: 'IAM would let in {expected} and nobody else.',
    fix: 'Give the function its role again; CloudFormation does not undo what was changed beside it.',
    plan: ['aws lambda update-function-configuration --function-name {name} --role {roleArn} --region {region}'],
  },
  probe: {
    level: 'finding',
    asks: 'the function answers the doctor through its alias',
    cause: 'The function failed, or was deployed by a version of Latchkey that has no doctor.',
    fix: 'Deploy this version; if it stays so, look at the log group /aws/lambda/latchkey-{stage}-{function}.',
    plan: [deploy],
  },
  catalogue: {
    level: 'finding',
    asks: 'the functions decide by the catalogue that is in the file',
    cause: 'The catalogue was changed and not deployed, or this is another checkout.',
    fix: 'Deploy the catalogue, or name the deployed one with --catalogue.',
    plan: [deploy],
  },
  version: {
    level: 'warning',
    asks: 'the functions are of this version of Latchkey',
    cause: 'The deployment and this checkout are of different versions.',
    fix: 'Deploy this version, or run the doctor of the deployed one.',
  },
  'clock-hub': {
    level: 'finding',
    asks: "the function's clock is at most 5 s off that of STS",
    cause: "Grants begin and end by the function's clock.",
    fix: 'Nothing of yours sets that clock: invoke again, and tell AWS if it stays so.',
  },
  'clock-here': {
    level: 'warning',
    asks: "this machine's clock is at most 60 s off AWS's",
    cause: 'AWS refuses signatures that are five minutes old, and what you read here about times is wrong.',
    fix: 'Set the clock of this machine by NTP.',
  },
  table: {
    level: 'finding',
    asks: 'the table of the functions is there',
    cause: 'There is no table of the name that the functions are told.',
    fix: 'Deploy the stage. If the table was deleted, restore it from its backup under this name first.',
    plan: [deploy],
  },
  'table-keys': {
    level: 'finding',
    asks: "the table's key is what the functions write by",
    cause: 'It was made by hand or by something else; a key cannot be changed.',
    fix: 'Move it out of the way, deploy the stage, and copy the items that are worth it.',
  },
  'table-indexes': {
    level: 'finding',
    asks: 'every index of the lists is there, with its keys and what it holds',
    cause: 'An index was deleted or changed by hand, or its making is under way.',
    fix: 'Make it again as lib/aws/table.ts defines it. DynamoDB fills it by itself; CloudFormation does not bring back what was deleted beside it.',
  },
  'table-stream': {
    level: 'finding',
    asks: "the table's stream shows new and old images",
    cause: 'Without them nobody is mailed and no live session is ended.',
    fix: 'Switch it on, then have the event source mappings of notify and revoke-sessions read the new stream: a stream that is switched on is a new one.',
    plan: [
      'aws dynamodb update-table --table-name {table} --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES --region {region}',
    ],
  },
  'table-ttl': {
    level: 'warning',
    asks: 'DynamoDB collects what has expired, by the attribute ttl',
    cause: 'Old messages and lists of revocations stay for ever; deny policies on roles are pruned late.',
    fix: 'Enable time to live on the attribute ttl: `latchkey doctor --fix-plan` prints the command.',
    plan: [
      'aws dynamodb update-time-to-live --table-name {table} --time-to-live-specification Enabled=true,AttributeName=ttl --region {region}',
    ],
  },
  'table-recovery': {
    level: 'finding',
    asks: 'the table can be restored to any moment of the last weeks',
    cause: 'A mistake would take the record of who could do what with it.',
    fix: 'Switch point-in-time recovery on.',
    plan: [
      'aws dynamodb update-continuous-backups --table-name {table} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true --region {region}',
    ],
  },
  'table-protection': {
    level: 'finding',
    asks: 'the table cannot be deleted by one call',
    cause: 'Deletion protection was switched off.',
    fix: 'Enable deletion protection: `latchkey doctor --fix-plan` prints the command.',
    plan: ['aws dynamodb update-table --table-name {table} --deletion-protection-enabled --region {region}'],
  },
  'table-encryption': {
    level: 'warning',
    asks: 'the table is encrypted with a key of KMS',
    cause: "It is encrypted with a key of AWS's own, whose uses CloudTrail does not show.",
    fix: 'Encrypt the table with the key aws/dynamodb of KMS: `latchkey doctor --fix-plan` prints the command.',
    plan: [
      'aws dynamodb update-table --table-name {table} --sse-specification Enabled=true,SSEType=KMS --region {region}',
    ],
  },
  consumer: {
    level: 'finding',
    asks: "the function reads the table's stream",
    cause: 'notify sends no mail without it, revoke-sessions ends no session.',
    fix: 'Enable its event source mapping. One that was deleted is not brought back by a deployment: take the events of the function out of serverless.yml, deploy, put them back, deploy.',
    plan: ['aws lambda update-event-source-mapping --uuid {uuid} --enabled --region {region}'],
  },
  'consumer-partial': {
    level: 'finding',
    asks: 'the function may say which records failed',
    cause: 'One record that fails would hold up or repeat all others of its batch.',
    fix: 'Let it say so: ReportBatchItemFailures.',
    plan: [
      'aws lambda update-event-source-mapping --uuid {uuid} --function-response-types ReportBatchItemFailures --region {region}',
    ],
  },
  'consumer-dead-letters': {
    level: 'finding',
    asks: 'what the stream gives up on goes to a queue with an alarm',
    cause: 'A record that is given up would vanish without anybody noticing.',
    fix: 'Give it the queue latchkey-{stage}-dead-letters.',
    plan: [
      'aws lambda update-event-source-mapping --uuid {uuid} --destination-config OnFailure={Destination=arn:{partition}:sqs:{region}:{hub}:latchkey-{stage}-dead-letters} --region {region}',
    ],
  },
  sender: {
    level: 'finding',
    asks: 'SES has verified the sender or its domain',
    cause: 'SES refuses every mail of {sender}.',
    fix: 'Verify the domain {domain} (SES, Identities), or the address alone.',
    plan: [
      'aws ses verify-email-identity --email-address {sender} --region {region}    # then follow the link that SES mails',
    ],
  },
  'configuration-set': {
    level: 'finding',
    asks: "the default configuration set of the sender's identity, if it has one, exists, sends, and does not track clicks",
    cause:
      'SES sends every email of {sender} through its default configuration set. Without it, or while it is paused, no email is sent; with click tracking, SES rewrites the links in emails and sees them.',
    fix: 'Correct the configuration set, or take it off the identity (SES, Identities, {sender} or {domain}, Configuration set).',
    plan: [
      'aws sesv2 put-email-identity-configuration-set-attributes --email-identity {identity} --region {region}    # takes it off',
    ],
  },
  sending: {
    level: 'finding',
    asks: 'SES may send',
    cause: 'Sending was paused, by you or by AWS after bounces and complaints.',
    fix: 'Find out why (SES, Account dashboard, Reputation), then switch sending on.',
    plan: ['aws ses update-account-sending-enabled --enabled --region {region}'],
  },
  sandbox: {
    level: 'finding',
    asks: 'SES is out of its sandbox',
    cause: 'In the sandbox SES mails verified addresses only, 200 a day.',
    fix: 'Ask AWS for production access (SES, Account dashboard). It takes them a day or so.',
  },
  // -- the way into an account, as the hub's functions go it
  enter: {
    level: 'finding',
    asks: 'the hub enters the role with external id, tags and source identity',
    cause: '{why}',
    fix: 'Where nothing is installed yet, install the template: npm run target -- --account {account} --hub {hub} --stage {stage}{organization}. Else run the doctor with credentials of {accountId}: it says what differs.',
    plan: look,
  },
  'external-id': {
    level: 'finding',
    asks: 'the role refuses the hub without the external id',
    cause: "Its trust policy does not ask for sts:ExternalId; somebody else's request could be made in your name.",
    fix: lookThere,
    plan: look,
  },
  tags: {
    level: 'finding',
    asks: 'the role refuses a session without the tags of its request',
    cause: 'Its trust policy does not ask for them; a session without could not be ended on its own.',
    fix: lookThere,
    plan: look,
  },
  'source-identity': {
    level: 'finding',
    asks: 'the role refuses a session that names no person',
    cause: 'Its trust policy does not ask for sts:SourceIdentity; CloudTrail would not show who it was.',
    fix: lookThere,
    plan: look,
  },
  revoker: {
    level: 'finding',
    asks: "the hub enters the account's revoker",
    cause: '{why}',
    fix: 'Where nothing is installed yet, install the template: npm run target -- --account {account} --hub {hub} --stage {stage}{organization}. Else run the doctor with credentials of {accountId}: it says what differs.',
    plan: look,
  },
  'no-revoker': {
    level: 'warning',
    asks: 'the account has a revoker',
    cause: 'The catalogue says revoker: false. A revocation stops new sessions; those that are out end by themselves.',
    fix: 'Take the line out of the catalogue and install the template of the account, or leave it so.',
  },
  'revoker-external-id': {
    level: 'finding',
    asks: 'the revoker refuses the hub without the external id',
    cause: 'Its trust policy does not ask for sts:ExternalId.',
    fix: lookThere,
    plan: look,
  },
  'revoker-rights': {
    level: 'finding',
    asks: "the revoker may change the role's inline policies",
    cause:
      "The role is not in the revoker's policy, or the boundary is not on the role: the revoker may touch no role without it.",
    fix: lookThere,
    plan: look,
  },
  'revoker-reach': {
    level: 'finding',
    asks: "the revoker may not change roles that are not the catalogue's",
    cause: "Its policy is wider than the template's: whoever has the hub could change roles of the account.",
    fix: lookThere,
    plan: look,
  },
  // -- what stands in an account
  role: {
    level: 'finding',
    asks: 'the role is there, under the path of the catalogue',
    cause:
      'It was not installed, or by hand under another path. A name can be had once in an account, whatever the path.',
    fix: install,
    plan: template,
  },
  'role-trust': {
    level: 'finding',
    asks: "the role's trust policy says what the template says",
    cause:
      'It was changed by hand, or the catalogue or the hub was changed and the template not installed again: {differences}.',
    fix: rewrite('aws iam update-assume-role-policy --role-name {role}'),
    plan: [`aws iam update-assume-role-policy --role-name {role} --policy-document '{document}'${inAccount}`],
  },
  'role-boundary': {
    level: 'finding',
    asks: 'the role has the boundary of the template',
    cause:
      'It was taken off or replaced. Sessions could make identities that outlive them, and the revoker may not touch the role.',
    fix: putBack(setBoundary),
    plan: [`${setBoundary}${inAccount}`],
  },
  'role-duration': {
    level: 'finding',
    asks: "the role's MaxSessionDuration is the catalogue's",
    cause: "STS refuses a session that is longer than the role's own maximum.",
    fix: putBack(setDuration),
    plan: [`${setDuration}${inAccount}`],
  },
  'role-room': {
    level: 'finding',
    asks: "the role's inline policies leave room for revocations",
    cause: 'A role takes 10,240 characters of inline policies in all, and others take most of it.',
    fix: 'Move them to managed policies; where one revocation does not fit, its sessions cannot be ended.',
  },
  boundary: {
    level: 'finding',
    asks: 'the boundary says what the template says',
    cause: 'It is missing or was changed: {differences}.',
    fix: rewrite('aws iam create-policy-version --policy-arn {boundary} --set-as-default'),
    plan: [
      `aws iam create-policy-version --policy-arn {boundary} --set-as-default --policy-document '{document}'${inAccount}`,
    ],
  },
  'revoker-role': {
    level: 'finding',
    asks: 'the revoker is there, and its trust policy says what the template says',
    cause: 'It is missing or was changed: {differences}.',
    fix: rewrite('aws iam update-assume-role-policy --role-name latchkey-revoker'),
    plan: [`aws iam update-assume-role-policy --role-name latchkey-revoker --policy-document '{document}'${inAccount}`],
  },
  'revoker-policy': {
    level: 'finding',
    asks: 'the revoker may do what the template says and no more',
    cause: 'Its policy is missing or was changed: {differences}.',
    fix: rewrite('aws iam put-role-policy --role-name latchkey-revoker --policy-name Revoke'),
    plan: [
      `aws iam put-role-policy --role-name latchkey-revoker --policy-name Revoke --policy-document '{document}'${inAccount}`,
    ],
  },
} as const satisfies Record<string, Check>;
export type Code = keyof typeof checks;

/** One check made, or not. `about`: a function, table, role or account; `values` fill in the texts of the code. */
export type Finding = {
  code: Code;
  level: Level;
  about: string;
  seen: string;
  /** of a warning or finding */
  cause?: string;
  fix?: string;
  plan?: readonly string[];
  /** the IAM action without which it could not be checked */
  needs?: string;
};
export type Values = Readonly<Record<string, string>>;

export const fine = (code: Code, about: string, seen: string): Finding => ({ code, level: 'ok', about, seen });

/** What is not there at all is installed, whatever else would mend it. */
export const notInstalled = (code: Code, about: string, values: Values): Finding => ({
  ...fault(code, about, 'it is missing', values),
  fix: filledIn(install, values),
  plan: template.map((line) => filledIn(line, values)),
});

export function fault(code: Code, about: string, seen: string, values: Values): Finding {
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
