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

const deploy = 'npx osls deploy --stage {stage} --package .serverless    # after npm run package, with the parameters of this deployment';
const template = [
  'npm run --silent target -- --account {account} --hub {hub} --stage {stage}{organization} > {account}.yml',
  'aws cloudformation deploy --template-file {account}.yml --stack-name latchkey --capabilities CAPABILITY_NAMED_IAM    # with credentials of {accountId}',
] as const;
const install = 'Install the template of the account anew: npm run target -- --account {account} --hub {hub} --stage {stage}{organization}';

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
    fix: 'Deploy the stage again: serverless.yml gives the role that name.',
    plan: [deploy],
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
    asks: 'every index of the lists is there, with its keys, and shows keys only',
    cause: 'An index was deleted or changed by hand, or its making is under way.',
    fix: 'Deploy the stage; DynamoDB fills a new index by itself.',
    plan: [deploy],
  },
  'table-stream': {
    level: 'finding',
    asks: "the table's stream shows new and old images",
    cause: 'Without them nobody is mailed and no live session is ended.',
    fix: 'Switch it on and deploy, so that the functions read the new stream.',
    plan: [
      'aws dynamodb update-table --table-name {table} --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES --region {region}',
      deploy,
    ],
  },
  'table-ttl': {
    level: 'warning',
    asks: 'DynamoDB collects what has expired, by the attribute ttl',
    cause: 'Old messages and lists of revocations stay for ever; deny policies on roles are pruned late.',
    fix: 'Switch it on.',
    plan: ['aws dynamodb update-time-to-live --table-name {table} --time-to-live-specification Enabled=true,AttributeName=ttl --region {region}'],
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
    fix: 'Switch it on.',
    plan: ['aws dynamodb update-table --table-name {table} --deletion-protection-enabled --region {region}'],
  },
  'table-encryption': {
    level: 'warning',
    asks: 'the table is encrypted with a key of KMS',
    cause: "It is encrypted with a key of AWS's own, whose uses CloudTrail does not show.",
    fix: 'Switch it on.',
    plan: ['aws dynamodb update-table --table-name {table} --sse-specification Enabled=true,SSEType=KMS --region {region}'],
  },
  consumer: {
    level: 'finding',
    asks: "the function reads the table's stream",
    cause: 'notify sends no mail without it, revoke-sessions ends no session.',
    fix: 'Enable the event source mapping, or deploy the stage if there is none.',
    plan: [deploy],
  },
  'consumer-partial': {
    level: 'finding',
    asks: 'the function may say which records failed',
    cause: 'One record that fails would hold up or repeat all others of its batch.',
    fix: 'Deploy the stage: the mapping needs ReportBatchItemFailures.',
    plan: [deploy],
  },
  'consumer-dead-letters': {
    level: 'finding',
    asks: 'what the stream gives up on goes to a queue with an alarm',
    cause: 'A record that is given up would vanish without anybody noticing.',
    fix: 'Deploy the stage: the mapping needs the queue latchkey-{stage}-dead-letters for failures.',
    plan: [deploy],
  },
  sender: {
    level: 'finding',
    asks: 'SES has verified the sender or its domain',
    cause: 'SES refuses every mail of {sender}.',
    fix: 'Verify the domain {domain} (SES, Identities), or the address alone.',
    plan: ['aws ses verify-email-identity --email-address {sender} --region {region}    # then follow the link that SES mails'],
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
    fix: install,
    plan: template,
  },
  'external-id': {
    level: 'finding',
    asks: 'the role refuses the hub without the external id',
    cause: "Its trust policy does not ask for sts:ExternalId; somebody else's request could be made in your name.",
    fix: install,
    plan: template,
  },
  tags: {
    level: 'finding',
    asks: 'the role refuses a session without the tags of its request',
    cause: 'Its trust policy does not ask for them; a session without could not be ended on its own.',
    fix: install,
    plan: template,
  },
  'source-identity': {
    level: 'finding',
    asks: 'the role refuses a session that names no person',
    cause: 'Its trust policy does not ask for sts:SourceIdentity; CloudTrail would not show who it was.',
    fix: install,
    plan: template,
  },
  revoker: {
    level: 'finding',
    asks: "the hub enters the account's revoker",
    cause: '{why}',
    fix: install,
    plan: template,
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
    fix: install,
    plan: template,
  },
  'revoker-rights': {
    level: 'finding',
    asks: "the revoker may change the role's inline policies",
    cause: "The role is not in the revoker's policy, or the boundary is not on the role: the revoker may touch no role without it.",
    fix: install,
    plan: template,
  },
  'revoker-reach': {
    level: 'finding',
    asks: "the revoker may not change roles that are not the catalogue's",
    cause: "Its policy is wider than the template's: whoever has the hub could change roles of the account.",
    fix: install,
    plan: template,
  },
  // -- what stands in an account
  role: {
    level: 'finding',
    asks: 'the role is there, under the path of the catalogue',
    cause: 'It was not installed, or by hand under another path. A name can be had once in an account, whatever the path.',
    fix: install,
    plan: template,
  },
  'role-trust': {
    level: 'finding',
    asks: "the role's trust policy says what the template says",
    cause: 'It was changed by hand, or the catalogue or the hub was changed and the template not installed again: {differences}.',
    fix: install,
    plan: template,
  },
  'role-boundary': {
    level: 'finding',
    asks: 'the role has the boundary of the template',
    cause: 'It was taken off or replaced. Sessions could make identities that outlive them, and the revoker may not touch the role.',
    fix: install,
    plan: ['aws iam put-role-permissions-boundary --role-name {role} --permissions-boundary {boundary}    # with credentials of {accountId}'],
  },
  'role-duration': {
    level: 'finding',
    asks: "the role's MaxSessionDuration is the catalogue's",
    cause: "STS refuses a session that is longer than the role's own maximum.",
    fix: install,
    plan: ['aws iam update-role --role-name {role} --max-session-duration {seconds}    # with credentials of {accountId}'],
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
    fix: install,
    plan: template,
  },
  'revoker-role': {
    level: 'finding',
    asks: 'the revoker is there, and its trust policy says what the template says',
    cause: 'It is missing or was changed: {differences}.',
    fix: install,
    plan: template,
  },
  'revoker-policy': {
    level: 'finding',
    asks: 'the revoker may do what the template says and no more',
    cause: 'Its policy is missing or was changed: {differences}.',
    fix: install,
    plan: template,
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

export function fault(code: Code, about: string, seen: string, values: Values): Finding {
  const { level, cause, fix, plan }: Check = checks[code];
  const filled = (text: string) => text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? `{${name}}`);
  return { code, level, about, seen, cause: filled(cause), fix: filled(fix), ...(plan && { plan: plan.map(filled) }) };
}

export const notChecked = (code: Code, about: string, why: string, permission?: string): Finding => ({
  code,
  level: 'not-checked',
  about,
  seen: why,
  ...(permission !== undefined && { needs: permission }),
});
