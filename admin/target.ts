// `latchkey target`: prints the template for target accounts, what has changed in it, or a new external ID.
import { randomBytes } from 'node:crypto';
import type { CatalogueData } from '../lib/catalogue/catalogue.ts';
import { selectedAccounts } from '../lib/catalogue/role-template.ts';
import { didYouMean } from '../lib/common/suggestion.ts';
import { cloudFormationTemplate } from '../lib/target/cloud-formation.ts';
import { plainDocuments } from '../lib/target/plain-documents.ts';
import { alike, stackSetTemplate } from '../lib/target/stack-set.ts';
import { type Hub, installsRoles, TargetError, targetOf } from '../lib/target/target.ts';
import { terraformDocument } from '../lib/target/terraform.ts';
import { CannotAnswer } from './answer.ts';
import { loadCatalogue } from './catalogue/load.ts';
import { inYaml, templateLimits } from './template-text.ts';
import { textDiff } from './text-diff.ts';

export type TargetQuestion = {
  /** an account of the catalogue, several separated by commas, or patterns with `*` */
  account: string | undefined;
  /** the 12 digits of the account in which Latchkey runs; if not set, it is a parameter of the template */
  hub: string | undefined;
  stage: string;
  organization: string | undefined;
  format: 'cloudformation' | 'terraform' | 'json';
  /** the file */
  catalogue: string;
  /** the previous file: prints the changes instead of the template */
  since: string | undefined;
};

/** The requested text. The same question and catalogue give the same text. @throws CannotAnswer with all errors */
export function targetText(question: TargetQuestion): string {
  const { account, hub: accountId, stage, organization, format, since, catalogue: file } = question;
  const errors = errorsOf(question);
  if (errors.length > 0) throw new CannotAnswer(errors.join('\n'));
  const { data } = loadCatalogue(file);
  const hub = { accountId, stage, organization };
  try {
    if (since !== undefined) return changesText(loadCatalogue(since).data, data, account, hub, format);
    const keys = accountsNamed(data, account ?? '');
    const text = isOne(account ?? '')
      ? printed(data, keys[0]!, hub, format)
      : inYaml(stackSetTemplate(data, keys, hub));
    return format === 'cloudformation' ? withSize(text) : text;
  } catch (error) {
    if (error instanceof TargetError) throw new CannotAnswer(error.message, 1);
    throw error;
  }
}

/** An external ID of 128 random bits, for an account in the catalogue. */
export const newExternalId = (): string => `lk-${randomBytes(16).toString('hex')}`;

// -- internal --------------------------------------------------------------------------------------------------------

const isOne = (account: string): boolean => !/[*,]/.test(account);

const errorsOf = ({ account, hub, stage, organization, format, since }: TargetQuestion): string[] => [
  ...(account === undefined && since === undefined
    ? ['--account is missing: the name of an account in the catalogue, such as --account production']
    : []),
  ...(hub !== undefined && !/^\d{12}$/.test(hub)
    ? [`--hub must be the 12 digits of an AWS account, not "${hub}"`]
    : []),
  ...(/^[a-zA-Z][a-zA-Z0-9-]{0,20}$/.test(stage)
    ? []
    : [`--stage must be the stage that Latchkey was deployed with, such as prod, not "${stage}"`]),
  ...(organization === undefined || /^o-[a-z0-9]{10,32}$/.test(organization)
    ? []
    : ['--organization must be the id of an organisation, such as o-a1b2c3d4e5']),
  ...(hub === undefined && format !== 'cloudformation'
    ? [`--hub is missing: --format ${format} has no parameters, so it needs the hub's account`]
    : []),
  ...(since === undefined && account !== undefined && !isOne(account) && format !== 'cloudformation'
    ? [`--format ${format} is for one account at a time; many accounts share a CloudFormation template`]
    : []),
];

/** Keys of the accounts that are meant, in the order of the file. @throws TargetError for a name or pattern that finds none */
function accountsNamed(catalogue: CatalogueData, text: string): string[] {
  const found = text.split(',').flatMap((name) => {
    const keys = selectedAccounts(catalogue, { accounts: [name] });
    if (keys.length > 0) return keys;
    throw new TargetError(
      name.includes('*')
        ? `No account in the catalogue matches ${name}.`
        : `There is no account "${name}" in the catalogue${didYouMean(name, Object.keys(catalogue.accounts)) || '.'} It has: ${Object.keys(catalogue.accounts).join(', ')}.`,
    );
  });
  return Object.keys(catalogue.accounts).filter((key) => found.includes(key));
}

function printed(catalogue: CatalogueData, account: string, hub: Hub, format: TargetQuestion['format']): string {
  const target = targetOf(catalogue, account, hub);
  if (format === 'json') return `${JSON.stringify(plainDocuments(target, hub), null, 2)}\n`;
  if (format === 'terraform') return `${JSON.stringify(terraformDocument(target), null, 2)}\n`;
  return inYaml(cloudFormationTemplate(target, hub));
}

/** Adds deployment instructions to a template that is too long for a call. */
function withSize(text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes > templateLimits.s3)
    throw new TargetError(
      `The template has ${bytes} bytes; CloudFormation takes ${templateLimits.s3} from S3. Put fewer roles into one account, or name fewer accounts.`,
    );
  return bytes > templateLimits.call
    ? `${tooLongForCall(bytes)
        .map((line) => `# ${line}\n`)
        .join('')}${text}`
    : text;
}

const tooLongForCall = (bytes: number): string[] => [
  `This template has ${bytes} bytes, and CloudFormation takes ${templateLimits.call} in a call: give it a bucket in S3, such as`,
  'aws cloudformation deploy --template-file FILE --stack-name latchkey --capabilities CAPABILITY_NAMED_IAM --s3-bucket BUCKET',
  'A stack set takes it by --template-url, once it is in a bucket.',
];

/** Notes for people who redirect the text to a file. */
export const targetNotes = (text: string): string[] =>
  text.startsWith('# ')
    ? text
        .split('\n')
        .filter((line) => line.startsWith('# '))
        .map((line) => line.slice(2))
    : [];

/** The accounts to update after a change of the catalogue, with the changes. Accounts with the same changes are grouped. */
function changesText(
  old: CatalogueData,
  renewed: CatalogueData,
  account: string | undefined,
  hub: Hub,
  format: TargetQuestion['format'],
): string {
  const both = { accounts: { ...old.accounts, ...renewed.accounts } };
  const keys = account === undefined ? Object.keys(both.accounts) : accountsNamed({ ...renewed, ...both }, account);
  const textIn = (data: CatalogueData, key: string) =>
    installsRoles(data, key) ? printed(data, key, hub, format) : undefined;
  const told = keys.flatMap((key) => {
    const [before, after] = [textIn(old, key), textIn(renewed, key)];
    return before === after ? [] : [{ key, change: changeOf(before, after) }];
  });
  const groups = alike(told, ({ key, change }) => {
    const { id, externalId, tags } = both.accounts[key]!;
    return [key, id, externalId, ...Object.values(tags)].reduce((text, own) => text.replaceAll(own, ''), change);
  });
  return [
    ...groups.map((some) => `${some.map(({ key }) => key).join(', ')}: ${some[0]!.change}`),
    `${keys.length - told.length} of ${keys.length} ${keys.length === 1 ? 'account' : 'accounts'} as before.\n`,
  ].join('\n');
}

function changeOf(before: string | undefined, after: string | undefined): string {
  if (before === undefined) return 'install the template (there was none before).\n';
  if (after === undefined) return 'delete what is installed (the catalogue no longer has a role there).\n';
  return `install it again, this has changed:\n${textDiff(before, after).join('\n')}\n`;
}
