// `npm run package`: builds, has osls write the CloudFormation template, and has AWS's validator read it. Offline, without credentials.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CelEngine, TemplateFile } from '@aws/cloudformation-validate';
import { alarmWarnings } from './alarms.ts';
import { deployedDoubts } from './deployed-catalogue.ts';

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

function main(given: string[]): number {
  const isExample = given.length === 0;
  const args = isExample ? ['--stage', 'example'] : given;
  const built = run(join(root, 'scripts/build.ts'));
  if (built !== 0) return built;
  const packaged = run(join(root, 'node_modules/serverless/bin/serverless.js'), 'package', ...args);
  if (packaged !== 0) return packaged;

  const { values } = parseArgs({
    args,
    options: { package: { type: 'string', short: 'p', default: '.serverless' } },
    strict: false,
  });
  const template = join(String(values.package), 'cloudformation-template-update-stack.json');
  const findings = findingsIn(template);
  for (const finding of findings) console.error(finding);
  if (findings.length > 0) return 1;
  const { Resources } = JSON.parse(readFileSync(template, 'utf8'));
  for (const warning of [...deployedDoubts(), ...alarmWarnings(Resources)]) console.error(warning);
  console.log(`AWS's CloudFormation validator has no objection to ${template}.`);
  if (isExample)
    console.log(
      'This was the stage "example", which nobody can deploy; give --stage and its parameters for a real one.',
    );
  return 0;
}

function run(script: string, ...args: string[]): number {
  return spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' }).status ?? 1;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
