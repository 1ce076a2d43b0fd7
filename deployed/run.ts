// `npm run deployed`: packages Latchkey, deploys it into an emulation of AWS on this machine, and tests what was deployed. The last line counts.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { everythingIsWanted } from '../test/support/skipped.ts';
import { startEmulation } from './emulation.ts';
import { startGateway } from './gateway.ts';
import { startIssuer } from './issuer.ts';
import { deployStack, outputsOf, packageStack, verifySender } from './stack.ts';
import { setUpTargets } from './targets.ts';
import { installedIssuer, installedPython, missingPython } from './tools.ts';
import { deployedVariable, type Outputs, type World } from './world.ts';

const root = join(import.meta.dirname, '..');
/** In this order: the last one takes the stack away. */
const suites = [
  'deployed/hub.test.ts',
  'deployed/life.test.ts',
  'deployed/operation.test.ts',
  'deployed/permissions.test.ts',
  'deployed/removal.test.ts',
];

type Count = { passed: number; failed: number };

async function main(): Promise<number> {
  const missing = missingPython();
  if (missing !== undefined) return skipped(missing);
  const begun = Date.now();
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-deployed-'));
  try {
    const { passed, failed } = await tried(folder);
    console.log(`the deployed stack was tested in ${Math.round((Date.now() - begun) / 1000)} s`);
    console.log(`${passed} passed, ${failed} failed`);
    return failed === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function skipped(missing: string): number {
  console.log(`SKIPPED: the deployed stack is not tested: ${missing}`);
  console.log(`0 passed, ${everythingIsWanted ? 1 : 0} failed`);
  return everythingIsWanted ? 1 : 0;
}

/** Everything that is started is stopped again, whatever happens. */
async function tried(folder: string): Promise<Count> {
  const stops: Array<() => Promise<void>> = [];
  try {
    const world = await prepared(folder, stops);
    let all: Count = { passed: 0, failed: 0 };
    for (const suite of suites) all = sum(all, await counted(suite, world, folder));
    return all;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

const sum = (a: Count, b: Count): Count => ({ passed: a.passed + b.passed, failed: a.failed + b.failed });

async function prepared(folder: string, stops: Array<() => Promise<void>>): Promise<World> {
  const emulation = await said('start the emulation', async () => startEmulation(installedPython(), folder));
  stops.push(emulation.stop);
  const gateway = await startGateway(emulation.endpoint);
  stops.push(gateway.close);
  const issuer = await said('start the identity provider', () => startIssuer(installedIssuer()));
  stops.push(issuer.close);
  const deployment = {
    endpoint: emulation.endpoint,
    calls: emulation.calls,
    issuer: issuer.url,
    baseUrl: gateway.url,
    folder,
  };
  await said('package', () => packageStack(deployment));
  await verifySender(deployment);
  await said('deploy', () => deployStack(deployment));
  const outputs = (await outputsOf(deployment)) as Outputs;
  gateway.leadTo(outputs.HttpApiId);
  await said('set up two target accounts', () => setUpTargets(emulation.endpoint, ['production', 'sandbox']));
  return { ...deployment, outputs };
}

/** Says what is done and how long it took. */
async function said<T>(what: string, work: () => Promise<T>): Promise<T> {
  const begun = Date.now();
  const done = await work();
  console.log(`${what}: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  return done;
}

/** One file of tests, in a process of its own while this one keeps the gateway up. A file that cannot be read counts as one failure. */
async function counted(suite: string, world: World, folder: string): Promise<Count> {
  const [worldFile, report] = [join(folder, 'world.json'), join(folder, 'report.json')];
  writeFileSync(worldFile, JSON.stringify(world));
  rmSync(report, { force: true });
  const child = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      '--config=deployed/jest.config.js',
      '--runInBand',
      // connections that fetch keeps open would hold up the end for a minute
      '--forceExit',
      '--json',
      `--outputFile=${report}`,
      '--runTestsByPath',
      suite,
    ],
    { cwd: root, stdio: 'inherit', env: { ...process.env, [deployedVariable]: worldFile } },
  );
  await new Promise((resolve) => child.once('close', resolve));
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
    readFileSync(report, 'utf8'),
  ) as Report;
  return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites };
}
type Report = Record<'numPassedTests' | 'numFailedTests' | 'numRuntimeErrorTestSuites', number>;

process.exitCode = await main();
