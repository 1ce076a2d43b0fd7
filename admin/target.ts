// `latchkey target`: prints what a target account installs so that Latchkey can let people into it, or a new external id.
import { randomBytes } from 'node:crypto';
import { stringify } from 'yaml';
import type { CatalogueData } from '../lib/catalogue.ts';
import { cloudFormationTemplate, type Hub, plainDocuments, TargetFault, targetOf, terraformDocument } from '../lib/target.ts';
import { CannotAnswer } from './answer.ts';
import { loadCatalogue } from './catalogue/load.ts';

export type TargetQuestion = {
  /** of the catalogue */
  account: string | undefined;
  /** the 12 digits of the account in which Latchkey runs; a template asks for it without */
  hub: string | undefined;
  stage: string;
  organization: string | undefined;
  format: 'cloudformation' | 'terraform' | 'json';
  /** the file */
  catalogue: string;
};

/** What the question asks for, as text. The same question and catalogue give the same text. @throws CannotAnswer with every fault at once */
export function targetText({ account, hub: accountId, stage, organization, format, catalogue: file }: TargetQuestion): string {
  const faults = [
    ...(account === undefined ? ['--account is missing: the name of an account in the catalogue, such as --account production'] : []),
    ...(accountId !== undefined && !/^\d{12}$/.test(accountId) ? [`--hub must be the 12 digits of an AWS account, not "${accountId}"`] : []),
    ...(/^[a-zA-Z][a-zA-Z0-9-]{0,20}$/.test(stage) ? [] : [`--stage must be the stage that Latchkey was deployed with, such as prod, not "${stage}"`]),
    ...(organization === undefined || /^o-[a-z0-9]{10,32}$/.test(organization)
      ? []
      : ['--organization must be the id of an organisation, such as o-a1b2c3d4e5']),
    ...(accountId === undefined && format !== 'cloudformation'
      ? [`--hub is missing: --format ${format} has no parameters, so it needs the hub's account`]
      : []),
  ];
  if (faults.length > 0 || account === undefined) throw new CannotAnswer(faults.join('\n'));
  const { data } = loadCatalogue(file);
  try {
    return printed(data, account, { accountId, stage, organization }, format);
  } catch (error) {
    if (error instanceof TargetFault) throw new CannotAnswer(error.message, 1);
    throw error;
  }
}

/** An external id of 128 random bits, to be kept in the catalogue under its account. */
export const newExternalId = (): string => `lk-${randomBytes(16).toString('hex')}`;

// -- internal --------------------------------------------------------------------------------------------------------

function printed(catalogue: CatalogueData, account: string, hub: Hub, format: TargetQuestion['format']): string {
  const target = targetOf(catalogue, account, hub);
  if (format === 'json') return `${JSON.stringify(plainDocuments(target), null, 2)}\n`;
  if (format === 'terraform') return `${JSON.stringify(terraformDocument(target), null, 2)}\n`;
  // a reader of YAML 1.1 takes an unquoted 2012-10-17 for a date
  return stringify(cloudFormationTemplate(target, hub), { aliasDuplicateObjects: false, lineWidth: 140, version: '1.1' });
}
