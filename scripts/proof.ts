// The long proof: runs test/proof at full size, or at the share of it given as an argument (`npm run proof -- 0.1`), and writes what
// it found to docs/proof.md, but only if all of it held.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from '../test/proof/size.ts';

const share = process.argv[2] ?? 'full';
if (share !== 'full' && !(Number(share) > 0 && Number(share) <= 1)) throw new Error('the size is a share of full above 0, at most 1');
const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'latchkey-proof-'));
const report = join(folder, 'figures.jsonl');
const begun = Date.now();
const { status } = spawnSync(
  process.execPath,
  ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js', '--maxWorkers=100%', 'test/proof'],
  { cwd: root, stdio: 'inherit', env: { ...process.env, LATCHKEY_PROOF: share, LATCHKEY_PROOF_REPORT: report } },
);
if (status === 0) {
  const figures = readFileSync(report, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Figure);
  writeFileSync(join(root, 'docs/proof.md'), documentOf(figures, Math.round((Date.now() - begun) / 1000)));
}
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;

function documentOf(figures: Figure[], seconds: number): string {
  const sorted = figures.toSorted((a, b) => a.figure - b.figure || a.what.localeCompare(b.what, 'en', { numeric: true }));
  const count = (n: number) => n.toLocaleString('en');
  const rows = sorted.map(({ figure, what, cases, seeds, seconds, measured }) => {
    const found = Object.entries(measured).map(([name, n]) => `${count(n)} ${name}`);
    return `| ${figure} | ${what} | ${count(cases)} | ${seeds} | ${found.join('<br>') || 'nothing wrong'} | ${seconds} s |`;
  });
  const tables = sorted.flatMap(({ what, table }) =>
    table === undefined ? [] : [`## ${what}\n\nHow often each command met each state:\n\n\`\`\`\n${table}\`\`\`\n`],
  );
  return `# What was proved, and how often

Written by \`npm run proof\`, which runs \`test/proof\` at full size, or a share of it, and writes this file only if everything held. \`npm test\` runs the
same at a quick size. A trial follows from its seed alone, and a failure names it: \`LATCHKEY_SEED=n npm run unit -- test/proof/<name>.test.ts\`
replays trial n.

- Size of this run: ${share === 'full' ? 'full' : `${Number(share) * 100} % of full`}
- Run: ${new Date(begun).toISOString().slice(0, 16).replace('T', ' ')} UTC, ${count(seconds)} s on ${availableParallelism()} cores, Node ${process.versions.node}
- Everything runs over fakes of the table, STS, sign-in and SES; the contract suite of the store holds the fake table and DynamoDB emulators
  to the same behaviour.

| figure | one case is | cases | seeds | found | took |
|---:|---|---:|---|---|---:|
${rows.join('\n')}

${tables.join('\n')}
## What each figure holds

1. **Race**: whatever approvers, requester, admin and the sweep do at once to one request, it leaves \`pending\` exactly once; whoever lost is
   told so with the request as it is, or told to try again; each person gets one mail about each thing that happened, also where stream records
   come twice and at once.
2. **People**: a stage that needs N approvals gets them from N different persons and never from the requester, by whatever principals they come,
   also when the catalogue learns halfway whose principals are whose.
3. **Model**: every answer, every stored fact and every mail is what a reference machine of a few lines says.
4. **Crash**: the process dies before or after each I/O of each use case; then the caller tries again, the sweep runs and the stream comes again,
   in any order and at once. What is on record is as if nobody had died; every mail goes out; one may go out twice, only when the process died
   after SES took it and before that was marked.
7. **Links**: no change of a link opens anything.
8. **Time**: no session and no session policy outlives its grant; an active grant gives sessions to its last millisecond.
9. **Secrets**: credentials and links are in no log line, stored item, stream record or answer but the one they are for, in no spelling.
11. **Table**: of the attempts at a call 30 % are throttled, 5 % lose their answer after the write; 10 % of the writes conflict. No answer is 500, none is wrong.
12. **STS**: it refuses, throttles, hangs over the end of the grant. The grant is unharmed, no session is without its record and no record without its session.
`;
}
