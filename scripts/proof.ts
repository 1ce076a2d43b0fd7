// The long proof: runs test/proof at full size, a share of it, or some of its files, and writes docs/proof.md if everything passed.
// `npm run proof`, `npm run proof -- 0.1`, `npm run proof -- full revoke`
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from '../test/proof/size.ts';

const root = join(import.meta.dirname, '..');
const document = join(root, 'docs/proof.md');
const known = readdirSync(join(root, 'test/proof')).flatMap((file) =>
  file.endsWith('.test.ts') ? [file.slice(0, -'.test.ts'.length)] : [],
);

const [share = 'full', ...names] = process.argv.slice(2);
if (share !== 'full' && !(Number(share) > 0 && Number(share) <= 1))
  throw new Error('The size must be "full", or a number above 0 and at most 1.');
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`Unknown proof: ${unknown.join(', ')}. Known: ${known.join(', ')}.`);

const folder = mkdtempSync(join(tmpdir(), 'latchkey-proof-'));
const report = join(folder, 'figures.jsonl');
const begun = Date.now();
const files = names.length > 0 ? names.map((name) => `test/proof/${name}.test.ts`) : ['test/proof'];
const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    '--maxWorkers=100%',
    ...files,
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, LATCHKEY_PROOF: share, LATCHKEY_PROOF_REPORT: report } },
);
if (status === 0) {
  const figures = readFileSync(report, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Figure);
  // a run of some files keeps the rows of the others
  const before = names.length > 0 && existsSync(document) ? readFileSync(document, 'utf8') : '';
  writeFileSync(document, documentOf(figures, before));
}
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;

/** The rows of a document by figure and case, and its tables by case. */
function partsIn(text: string): { rows: Map<string, string>; tables: Map<string, string> } {
  const rows = [...text.matchAll(/^\| (\d+) \| (.+?) \| .+ \|$/gm)].map(([row, figure, what]): [string, string] => [
    `${figure} ${what}`,
    row,
  ]);
  const tables = [
    ...text.matchAll(/^## (.+)\n\nHow often each command was run in each state:\n\n```\n[^`]*```\n/gm),
  ].map(([table, what]): [string, string] => [what!, table]);
  return { rows: new Map(rows), tables: new Map(tables) };
}

function documentOf(figures: readonly Figure[], before: string): string {
  const { rows, tables } = partsIn(before);
  const count = (n: number) => n.toLocaleString('en');
  const size = share === 'full' ? 'full' : `${Number(share) * 100} % of full`;
  const run = `${new Date(begun).toISOString().slice(0, 16).replace('T', ' ')} UTC, ${availableParallelism()} cores`;
  for (const { figure, what, cases, seeds, seconds, measured, table } of figures) {
    const found = Object.entries(measured).map(([name, n]) => `${count(n)} ${name}`);
    rows.set(
      `${figure} ${what}`,
      `| ${figure} | ${what} | ${count(cases)} | ${seeds} | ${found.join('<br>') || 'no violation'} | ${seconds} s | ${size} | ${run} |`,
    );
    if (table !== undefined)
      tables.set(what, `## ${what}\n\nHow often each command was run in each state:\n\n\`\`\`\n${table}\`\`\`\n`);
  }
  const sorted = [...rows].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true })).map(([, row]) => row);
  return `# Properties tested with seeded random trials

Written by \`npm run proof\`, which runs \`test/proof\` at full size, or at a share of it, and writes this file only if everything passed. \`npm test\` runs
the same at a small size. The seed alone determines a trial, and a failure names its seed: \`LATCHKEY_SEED=n npm run unit -- test/proof/<name>.test.ts\`
replays trial n.

- Each row has the size of its own run, its time and its machine, with Node ${process.versions.node.split('.')[0]}. \`npm run proof -- full revoke\` runs one file again.
- Everything runs on fakes of the table, STS, sign-in and SES. The contract suite of the store checks that the fake table and DynamoDB emulators
  behave the same.

| figure | one case | cases | seeds | result | time | size | run |
|---:|---|---:|---|---|---:|---|---|
${sorted.join('\n')}

${[...tables.values()].join('\n')}
## What each figure checks

1. **Race**: approvers, requester, admin and the sweep act on one request at the same time, and the request leaves \`pending\` exactly once. Every caller
   who lost is told so with the current request, or told to try again. Each person gets one email about each event, even if stream records are
   delivered twice and at the same time.
2. **People**: a stage that needs N approvals gets them from N different persons and never from the requester, whichever principals they use, and
   even if the catalogue changes halfway whose principals are whose.
3. **Model**: every answer, stored fact and email is the same as in a reference model of a few lines.
4. **Crash**: the process dies before or after each I/O of each use case. Then the caller tries again, the sweep runs and the stream is delivered again,
   in any order and at the same time. The record is the same as without a crash. Every email is sent. One may be sent twice, only if the process
   died after SES accepted it and before that was marked.
6. **Fuzz**: random bodies, headers, paths, queries, cursors, keys, claims, signatures, links and forms. No answer is 500, every answer has the
   shape that its route documents or a refusal that its route documents, and no refusal has changed anything. Nobody gets in without a token or
   ARN that says so. Typed text never becomes markup in a page or an email. For damaged items, an answer is as usual or a 500 that reveals nothing
   of them. A stream record is processed, or reported by its number. A catalogue file is accepted, or has errors with their positions.
7. **Links**: no changed link opens anything.
8. **Time**: no session and no session policy outlives its grant, and an active grant gives sessions until its last millisecond.
9. **Secrets**: credentials and links are in no log line, stored item, stream record or answer except the one that they are for, in any encoding.
10. **Table**: 30 % of the attempts at a call are throttled, 5 % lose their answer after the write, and 10 % of the writes conflict. The store tries each call four times, as the AWS SDK does by default, and the client tries each request three times: at least 99.9 % get through. No answer is 500, and no answer is wrong. Waiting times are not simulated.
11. **STS**: it refuses, throttles, or hangs past the end of the grant. The grant is unharmed, and every session has its record and every record its session.
12. **Revoking**: after a revoke no session is issued, whatever ran at the same time. With any concurrent revokes and any refusals by IAM, a
   revocation that is done denies every session of its grant from then on, a revocation that is not done is reported as failed, and a role's policy
   never exceeds the size that IAM allows.
14 and 22. **Generated IAM**: \`test/session/iam.test.ts\` uses an independent simulator to decide who can enter a role and what a session can do in it: every
   IAM write of AWS by name, every way to delete or stop the audit services, and every entry of the table in [boundary.md](boundary.md), with and without the
   role's opt-in. It runs at full size with \`npm test\` and prints how many assertions it made.
19. **Filing**: concurrent filings never get past a limit: one open request for each person and role, open requests and requests in an hour, and unsigned
   reviews of break-glass. Processes die in between. None of them leaves anything behind that blocks the next filing.
20. **Ending**: a revoke, hand-back or denial succeeds in one call, however many calls run at the same time, and nothing is issued afterwards. After a
   revocation with a block, no call that begins after the answer succeeds, and no matching request is open after the next sweep. The index is current, a second late, or much later.
21. **Identity**: one account at the issuer is one person, whatever email address its token has and in whatever other way the same human calls.
   Nobody decides or reviews their own request, decides twice, or gets a role that is denied to them.
23. **AWS files**: after an edit of \`~/.aws/config\`, botocore and the AWS SDK for JavaScript read Latchkey's profile as intended and every other value
   as before, or the edit was refused and nothing was written. The copy for the command of \`exec\` has no credentials in its default profile and is
   otherwise the same. Without a Python with botocore, its recorded answers are compared.
`;
}
