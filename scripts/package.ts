// `npm run package`: builds, has osls write the CloudFormation template, and has AWS's validator read it. Offline, without credentials.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CelEngine, TemplateFile } from '@aws/cloudformation-validate';
import { alarmWarnings } from './alarms.ts';
import { catalogueVariable, deployedCatalogue, deployedWarnings } from './deployed-catalogue.ts';
import { givenParameters } from './given-parameters.ts';
import { checkSettings, type Settings, signInWarnings, tellingError } from './settings.ts';

const root = join(import.meta.dirname, '..');

/** One for the whole process: making it takes longer than using it. */
let engine: InstanceType<typeof CelEngine> | undefined;

/** Findings in a template from AWS's own rules, offline; one line each. */
export function findingsIn(template: string): string[] {
  engine ??= new CelEngine();
  // W3005: osls writes a DependsOn that a GetAtt implies already; it changes nothing
  const report = engine.validateStandard(new TemplateFile(template), {
    severityLevel: 'WARN',
    exclude: { ids: ['W3005'] },
  });
  const findings = report.diagnostics.map(
    ({ severity, ruleId, entity, propertyPath, message }) =>
      `${severity} ${ruleId} ${entity?.logicalId ?? ''} ${propertyPath ?? ''}: ${message}`,
  );
  return report.status === 'OK'
    ? findings
    : [`the validator could not read all of the template: ${report.status}`, ...findings];
}

const usage = `Usage: npm run package -- --stage STAGE --param NAME=VALUE ... [--catalogue FILE] [--package DIR]

Builds all functions, writes the CloudFormation template, and validates it. Works
offline and without credentials. Without arguments, packages an example.

  --stage STAGE         name of the deployment, such as prod
  --param NAME=VALUE    a deployment parameter; docs/deployment-parameters.md
                        lists them
  --region REGION       the same as --param region=REGION
  --catalogue FILE      catalogue to deploy (default: access.yml)
  --package DIR         where to write the package (default: .serverless)
  -h, --help            print this help

Other options are passed to osls.
`;

function main(given: string[]): number {
  const { rest, ...options } = optionsIn(given);
  if (options.isHelp) {
    console.log(usage);
    return 0;
  }
  if (options.catalogue !== undefined) process.env[catalogueVariable] = resolve(options.catalogue);
  const isExample = rest.length === 0;
  const args = isExample ? ['--stage', 'example'] : rest;
  const checked = checkedBefore(args);
  if ('errors' in checked) return failed(checked.errors);
  const built = run(join(root, 'scripts/build.ts'));
  if (built !== 0) return built;
  const packaged = run(join(root, 'node_modules/serverless/bin/serverless.js'), 'package', ...args);
  if (packaged !== 0) return packaged;
  return examine(join(options.folder, 'cloudformation-template-update-stack.json'), checked.settings, isExample);
}

/** Validates the template, and says what to know before it is deployed. */
function examine(template: string, settings: Settings | undefined, isExample: boolean): number {
  const findings = findingsIn(template);
  if (findings.length > 0) return failed(findings);
  const { Resources } = JSON.parse(readFileSync(template, 'utf8'));
  const warnings = [...deployedWarnings(), ...alarmWarnings(Resources), ...(isExample ? [] : signInWarnings(settings))];
  for (const warning of warnings) console.error(warning);
  console.log(`${template} passed CloudFormation validation.`);
  if (isExample)
    console.log(
      'Stage "example" is a dry run and cannot be deployed. Give --stage and parameters: npm run package -- --help',
    );
  const file = process.env[catalogueVariable];
  if (file)
    console.log(`For osls deploy, set ${catalogueVariable}=${relative(process.cwd(), file)} in the environment.`);
  return 0;
}

type Options = { isHelp: boolean; catalogue?: string; folder: string };

/** @returns `rest` is for osls, which does not know --catalogue */
function optionsIn(given: string[]): Options & { rest: string[] } {
  const { values, tokens } = parseArgs({
    args: given,
    options: {
      help: { type: 'boolean', short: 'h' },
      catalogue: { type: 'string' },
      package: { type: 'string', short: 'p', default: '.serverless' },
    },
    strict: false,
    tokens: true,
  });
  const own = tokens.flatMap((token) =>
    token.kind === 'option' && token.name === 'catalogue'
      ? [token.index, ...(token.inlineValue ? [] : [token.index + 1])]
      : [],
  );
  return {
    isHelp: values.help === true,
    ...(typeof values.catalogue === 'string' && { catalogue: values.catalogue }),
    folder: String(values.package),
    rest: given.filter((_, i) => !own.includes(i)),
  };
}

/**
 * The parameters as osls will find them, checked before anything is built.
 * `settings` is undefined where serverless.yml takes a value from elsewhere, which only osls can look up.
 */
function checkedBefore(args: string[]): { settings: Settings | undefined } | { errors: string[] } {
  try {
    const given = givenParameters(args, readFileSync(join(root, 'serverless.yml'), 'utf8'), process.env);
    const catalogue = deployedCatalogue();
    if (Object.values(given).some((value) => value.includes('${'))) return { settings: undefined };
    const checked = checkSettings(given, catalogue);
    return 'errors' in checked ? { errors: [tellingError(checked.errors).message] } : checked;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { errors: [error.message] };
  }
}

function failed(lines: readonly string[]): 1 {
  for (const line of lines) console.error(line);
  return 1;
}

function run(script: string, ...args: string[]): number {
  return spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' }).status ?? 1;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
