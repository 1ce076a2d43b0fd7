// The text of a CloudFormation template, and whether CloudFormation takes one of that length.
import { stringify } from 'yaml';
import type { CatalogueFinding } from '../lib/catalogue/finding.ts';
import { cloudFormationTemplate, type Template } from '../lib/target/cloud-formation.ts';
import { type Target, usualHub } from '../lib/target/target.ts';

/** Bytes of a template: as a call of CloudFormation takes it, and as it takes it from S3 (cloudformation-limits). */
export const templateLimits = { call: 51_200, s3: 1_048_576 };

/** A reader of YAML 1.1 takes an unquoted 2012-10-17 for a date. */
export const inYaml = (template: Template): string =>
  stringify(template, { aliasDuplicateObjects: false, lineWidth: 140, version: '1.1' });

/** Whether CloudFormation would refuse the template of an account for its length. */
export function* sizeErrors(target: Target): Generator<CatalogueFinding> {
  const { key } = target.account;
  const bytes = bytesOf(cloudFormationTemplate(target, usualHub));
  if (bytes > templateLimits.s3)
    yield {
      path: ['accounts', key],
      detail: `The template of the account ${key} would have ${bytes} bytes; CloudFormation takes ${templateLimits.s3}. Put fewer roles into it, or move permissions to managed policies of your own.`,
    };
}

// -- internal --------------------------------------------------------------------------------------------------------

/** Writing YAML takes long, and its text is never ten times as long as JSON without blanks: most templates are not written for this. */
function bytesOf(template: Template): number {
  const least = Buffer.byteLength(JSON.stringify(template));
  return least * 10 < templateLimits.s3 ? least : Buffer.byteLength(inYaml(template));
}
