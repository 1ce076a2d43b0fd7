// Cold start times: new processes load the built issue-session, an empty handler, and the same function bundled without optimisation, in turn.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build as bundle } from 'esbuild';
import { type Artefact, build } from '../scripts/build.ts';

export const title = 'Cold start';
const rounds = 80;
const target = 2.3;
const built = join(import.meta.dirname, '../.build');

/** A minimal environment like Lambda's: NODE_EXTRA_CA_CERTS alone would add tens of milliseconds. */
const environment = {
  AWS_LAMBDA_FUNCTION_NAME: 'latchkey-bench-issue-session',
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_SESSION_TOKEN: 'bench',
  LAMBDA_TASK_ROOT: join(built, 'issue-session'),
  LATCHKEY_TABLE: 'latchkey-bench',
  LATCHKEY_BASE_URL: 'https://access.example.com',
  LATCHKEY_ISSUER: 'https://login.example.com',
  LATCHKEY_AUDIENCE: 'latchkey',
  LATCHKEY_SCOPE: 'latchkey/use',
};

/** @returns a section of Markdown: ratios to the empty handler, and bytes */
export async function measure(): Promise<string> {
  const artefacts = await build();
  const scratch = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  try {
    const variants = await variantsIn(scratch);
    const medians = startsOf(variants);
    const empty = medians[0]!;
    const rows = variants.map(({ name, file }, i) => {
      const { ready, load } = medians[i]!;
      return `| ${name} | ${bytesOf(file)} | ${(ready / empty.ready).toFixed(2)} | ${load.toFixed(1)} ms |`;
    });
    const ratio = medians[1]!.ready / empty.ready;
    return [
      `Medians of ${rounds} fresh processes each, interleaved, Node ${process.versions.node}, clean environment. "Start" is the time from the start of the process until`,
      'the handler is ready and its clients are built, without the code that Lambda itself has loaded by then, such as its runtime client. With',
      'aws-lambda-ric 4.0.2 (with its native part replaced) loaded first, the ratio was 2.1.',
      '',
      `Target: at most ${target} times the empty handler; ${ratio <= target ? 'met' : '**missed**'}.`,
      '',
      '| bundle | bytes | start, ratio to empty | loading |',
      '|---|---:|---:|---:|',
      ...rows,
      '',
      'Size of each function, minified, and zipped with its catalogue:',
      '',
      '| function | bytes | zip |',
      '|---|---:|---:|',
      ...artefacts.map(({ name, bundleBytes, zipBytes }: Artefact) => `| ${name} | ${bundleBytes} | ${zipBytes} |`),
    ].join('\n');
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

type Variant = { name: string; file: string };

async function variantsIn(scratch: string): Promise<Variant[]> {
  const empty = join(scratch, 'empty/index.js');
  mkdirSync(join(scratch, 'empty'));
  writeFileSync(empty, 'exports.handler=async()=>({statusCode:200});\n');
  const careless = join(scratch, 'careless/index.mjs');
  await bundle({
    entryPoints: [join(import.meta.dirname, '../functions/issue-session.ts')],
    outfile: careless,
    bundle: true,
    platform: 'node',
    format: 'esm',
    minify: true,
    logLevel: 'error',
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
  return [
    { name: 'empty handler', file: empty },
    { name: 'issue-session', file: join(built, 'issue-session/issue-session.js') },
    { name: 'issue-session as ESM with the whole SDK', file: careless },
  ];
}

/** Medians in milliseconds per variant. The variants run in turn, so that other load affects all of them equally. */
function startsOf(variants: Variant[]): Array<{ load: number; ready: number }> {
  const samples = variants.map(() => ({ load: [] as number[], ready: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const [i, { file }] of variants.entries()) {
      const said = execFileSync(process.execPath, [join(import.meta.dirname, 'child.mjs'), file], {
        env: environment,
        encoding: 'utf8',
      });
      const { load, ready } = JSON.parse(said) as { load: number; ready: number };
      samples[i]!.load.push(load);
      samples[i]!.ready.push(ready);
    }
  }
  return samples.map(({ load, ready }) => ({ load: median(load), ready: median(ready) }));
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const bytesOf = (file: string): number => readFileSync(file).length;
