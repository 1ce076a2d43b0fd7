// Writes a CloudFormation template as YAML and checks its length.
import { stringify } from 'yaml';
import type { CatalogueFinding } from '../lib/catalogue/finding.ts';
import { cloudFormationTemplate, type Template } from '../lib/target/cloud-formation.ts';
import { type Target, usualHub } from '../lib/target/target.ts';

/** Maximum bytes of a template in a call of CloudFormation and from S3 (cloudformation-limits). */
export const templateLimits = { call: 51_200, s3: 1_048_576 };

/** YAML 1.1, because its readers would take an unquoted 2012-10-17 for a date. */
export const inYaml = (template: Template): string =>
  stringify(template, { aliasDuplicateObjects: false, lineWidth: 140, version: '1.1' });

/** An error if the template of an account is too long for CloudFormation. */
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

/** YAML is slow to write and never ten times as long as compact JSON, so it is only written for templates near the limit. */
function bytesOf(template: Template): number {
  const least = Buffer.byteLength(JSON.stringify(template));
  return least * 10 < templateLimits.s3 ? least : Buffer.byteLength(inYaml(template));
}
