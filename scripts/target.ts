// `npm run target`: prints what a target account installs so that Latchkey can let people into it, or a new external id.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import type { CatalogueData } from '../lib/catalogue.ts';
import { faultLines, readCatalogue } from '../lib/catalogue-file.ts';
import { cloudFormationTemplate, type Hub, plainDocuments, targetOf, terraformDocument } from '../lib/target.ts';

const usage = `Usage: npm run --silent target -- --account KEY [--hub ACCOUNT] [--stage prod] [--organization o-...] [--format cloudformation]
       npm run --silent target -- --new-external-id

  --account KEY       the account's name in the catalogue, such as production
  --hub ACCOUNT       the 12 digits of the account in which Latchkey runs; left out, the template asks for them when it is deployed
  --stage STAGE       the stage of that deployment (default prod)
  --organization ID   lets in the hub only while it is in this AWS organisation; leave it out where the hub is in none
  --format FORMAT     cloudformation (YAML, default), terraform (JSON syntax) or json (every document by itself)
  --catalogue FILE    default access.yml
  --new-external-id   an external id of 128 random bits, to be kept in the catalogue under its account
`;
const formats = ['cloudformation', 'terraform', 'json'] as const;
type Format = (typeof formats)[number];

/** What the arguments ask for, or every fault at once. The same arguments and catalogue print the same text. */
export function runTarget(args: readonly string[], read: (file: string) => string): { text: string } | { faults: string[] } {
  const given = readArgs(args);
  if ('faults' in given) return given;
  if (given['new-external-id']) return { text: `lk-${randomBytes(16).toString('hex')}\n` };
  const { account, hub: accountId, stage = 'prod', organization, format = 'cloudformation', catalogue = 'access.yml' } = given;
  const faults = [
    ...(account === undefined ? ['--account is missing: the name of an account in the catalogue, such as --account production'] : []),
    ...(accountId !== undefined && !/^\d{12}$/.test(accountId) ? [`--hub must be the 12 digits of an AWS account, not "${accountId}"`] : []),
    ...(/^[a-zA-Z][a-zA-Z0-9-]{0,20}$/.test(stage) ? [] : [`--stage must be the stage that Latchkey was deployed with, such as prod, not "${stage}"`]),
    ...(organization === undefined || /^o-[a-z0-9]{10,32}$/.test(organization)
      ? []
      : ['--organization must be the id of an organisation, such as o-a1b2c3d4e5']),
    ...(formats.includes(format as Format) ? [] : [`--format must be one of ${formats.join(', ')}, not "${format}"`]),
    ...(accountId === undefined && format !== 'cloudformation'
      ? [`--hub is missing: --format ${format} has no parameters, so it needs the hub's account`]
      : []),
  ];
  if (faults.length > 0 || account === undefined) return { faults: [...faults, '', usage] };
  try {
    const data = catalogueIn(catalogue, read);
    if ('faults' in data) return data;
    return { text: printed(data.catalogue, account, { accountId, stage, organization }, format as Format) };
  } catch (error) {
    return { faults: [error instanceof Error ? error.message : String(error)] };
  }
}

function printed(catalogue: CatalogueData, account: string, hub: Hub, format: Format): string {
  const target = targetOf(catalogue, account, hub);
  if (format === 'json') return `${JSON.stringify(plainDocuments(target), null, 2)}\n`;
  if (format === 'terraform') return `${JSON.stringify(terraformDocument(target), null, 2)}\n`;
  // a reader of YAML 1.1 takes an unquoted 2012-10-17 for a date
  return stringify(cloudFormationTemplate(target, hub), { aliasDuplicateObjects: false, lineWidth: 140, version: '1.1' });
}

function catalogueIn(file: string, read: (file: string) => string): { catalogue: CatalogueData } | { faults: string[] } {
  try {
    const { data, faults } = readCatalogue(read(file));
    return data ? { catalogue: data } : { faults: faultLines(file, faults) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { faults: [`There is no file ${file}. Name the catalogue with --catalogue FILE.`] };
    throw error;
  }
}

function readArgs(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = { account: text, hub: text, stage: text, organization: text, format: text, catalogue: text, 'new-external-id': { type: 'boolean' } } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith('ERR_PARSE_ARGS_')) return { faults: [message, '', usage] };
    throw error;
  }
}

if (import.meta.main) {
  const result = runTarget(process.argv.slice(2), (file) => readFileSync(file, 'utf8'));
  if ('text' in result) process.stdout.write(result.text);
  else {
    console.error(result.faults.join('\n'));
    process.exitCode = 1;
  }
}
