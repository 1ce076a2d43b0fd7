// `latchkey doctor`: checks a deployment and its target accounts, and reports what is wrong, why, and how to fix it. Read-only.
import type { CatalogueData } from '../lib/catalogue/catalogue.ts';
import { findingLines, readCatalogue, unreadable } from '../lib/catalogue/file.ts';
import { TargetError } from '../lib/target/target.ts';
import { localStage, operatorKeys } from '../local/aws/operator.ts';
import { clientsOf, type Place } from './clients.ts';
import { type Diagnosis, diagnose, Lost, type Question } from './diagnosis.ts';
import { countsOf, jsonOf, planOf, planText, textOf } from './report.ts';
import { reasonOf } from './unreached.ts';

/** The options of the command, by their names. */
export type DoctorOptions = {
  account: string | undefined;
  stage: string | undefined;
  region: string | undefined;
  hub: string | undefined;
  organization: string | undefined;
  'target-role': string | undefined;
  catalogue: string | undefined;
  endpoint: string | undefined;
  local: string | undefined;
  all: boolean;
  json: boolean;
  'fix-plan': boolean;
};

/** `exitCode` 0: ok or only warnings; 1: findings. `errors` means exit code 2. */
export type DoctorResult = { text: string; exitCode: 0 | 1 } | { errors: string[] };

/**
 * Runs the checks that the options select, or returns all invalid options at once.
 * @param read a file's text
 */
export async function runDoctor(
  given: DoctorOptions,
  read: (file: string) => Uint8Array,
  clock: () => number = Date.now,
): Promise<DoctorResult> {
  const { all, json, 'fix-plan': wantsPlan, catalogue: file = 'access.yml' } = given;
  const errors = errorsIn(given);
  if (errors.length > 0) return { errors };
  const found = catalogueIn(file, read);
  if ('errors' in found) return found;
  const { account } = given;
  if (account !== undefined && !Object.hasOwn(found.catalogue.accounts, account))
    return {
      errors: [
        `Account "${account}" not found in ${file}. Accounts: ${Object.keys(found.catalogue.accounts).join(', ')}.`,
      ],
    };
  const diagnosis = await visit(questionOf(given), found.catalogue, clock);
  if ('errors' in diagnosis) return diagnosis;
  const plan = wantsPlan ? planOf(diagnosis) : undefined;
  const text = json ? jsonOf(diagnosis, plan) : `${textOf(diagnosis, { all })}${plan ? `\n${planText(plan)}` : ''}`;
  return { text, exitCode: countsOf(diagnosis).finding > 0 ? 1 : 0 };
}

// --- internal ---

function errorsIn({
  stage = 'prod',
  region,
  hub,
  organization,
  endpoint,
  local,
  'target-role': role,
}: DoctorOptions): string[] {
  const rules: Array<[boolean, string]> = [
    [
      /^[a-zA-Z][a-zA-Z0-9-]{0,20}$/.test(stage),
      `--stage must be the stage that Latchkey was deployed with, such as prod, not "${stage}"`,
    ],
    [
      region === undefined || /^[a-z]{2,}(?:-[a-z]+)+-\d+$/.test(region),
      `--region must be a Region such as eu-west-1, not "${region}"`,
    ],
    [hub === undefined || /^\d{12}$/.test(hub), `--hub must be the 12 digits of an AWS account, not "${hub}"`],
    [
      organization === undefined || /^o-[a-z0-9]{10,32}$/.test(organization),
      '--organization must be the ID of an organisation, such as o-a1b2c3d4e5',
    ],
    [
      role === undefined || /^(?:[\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/.test(role),
      `--target-role must be the path and name of a role, not "${role}"`,
    ],
    [endpoint === undefined || isUrl(endpoint), `--endpoint must be an http or https URL, not "${endpoint}"`],
    [
      local === undefined || isUrl(local),
      `--local must be the URL of a local server, such as http://localhost:3000, not "${local}"`,
    ],
    [local === undefined || endpoint === undefined, '--local and --endpoint cannot be combined'],
  ];
  return rules.flatMap(([isKept, fault]) => (isKept ? [] : [fault]));
}

const isUrl = (url: string): boolean => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);

/** A local server has its emulators below /local/aws, a test key for the operator, and a read-only role in every account. */
function questionOf({
  local,
  stage,
  region,
  endpoint,
  hub,
  organization,
  account,
  'target-role': targetRole,
}: DoctorOptions): Question {
  const place: Place = local
    ? { region: 'us-east-1', endpoint: new URL('/local/aws', local).href, credentials: operatorKeys }
    : { ...(region && { region }), ...(endpoint && { endpoint }) };
  const role = targetRole ?? (local ? 'Auditor' : undefined);
  return {
    place,
    stage: stage ?? (local ? localStage : 'prod'),
    ...(hub && { hub }),
    ...(organization && { organization }),
    ...(account && { account }),
    ...(role && { targetRole: role }),
  };
}

async function visit(
  question: Question,
  catalogue: CatalogueData,
  clock: () => number,
): Promise<Diagnosis | { errors: string[] }> {
  const clients = clientsOf(question.place);
  try {
    return await diagnose(question, catalogue, clients, clock);
  } catch (error) {
    const told =
      error instanceof Lost || error instanceof TargetError ? error.message : reasonOf(error, question.place);
    if (told === undefined) throw error;
    return { errors: [told] };
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}

function catalogueIn(
  file: string,
  read: (file: string) => Uint8Array,
): { catalogue: CatalogueData } | { errors: string[] } {
  try {
    const { data, errors } = readCatalogue(read(file));
    return data ? { catalogue: data } : { errors: findingLines(file, errors) };
  } catch (error) {
    const fault = unreadable(file, error);
    if (fault === undefined) throw error;
    return { errors: [`${fault} Pass the catalogue with --catalogue FILE.`] };
  }
}
