// The long proof: runs test/proof at full size, or at a share of it, or some of its files alone, and writes docs/proof.md if all of it held.
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
  throw new Error('the size is full, or a share of full above 0, at most 1');
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`there is no proof ${unknown.join(', ')}; there are ${known.join(', ')}`);

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
  // a run of some files leaves what is known of the others as it was
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
  const tables = [...text.matchAll(/^## (.+)\n\nHow often each command met each state:\n\n```\n[^`]*```\n/gm)].map(
    ([table, what]): [string, string] => [what!, table],
  );
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
      `| ${figure} | ${what} | ${count(cases)} | ${seeds} | ${found.join('<br>') || 'nothing wrong'} | ${seconds} s | ${size} | ${run} |`,
    );
    if (table !== undefined)
      tables.set(what, `## ${what}\n\nHow often each command met each state:\n\n\`\`\`\n${table}\`\`\`\n`);
  }
  const sorted = [...rows].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true })).map(([, row]) => row);
  return `# What was proved, and how often

Written by \`npm run proof\`, which runs \`test/proof\` at full size, or a share of it, and writes this file only if everything held. \`npm test\` runs the
same at a quick size. A trial follows from its seed alone, and a failure names it: \`LATCHKEY_SEED=n npm run unit -- test/proof/<name>.test.ts\`
replays trial n.

- Each row says how large its own run was, and when and on what it ran, with Node ${process.versions.node.split('.')[0]}: \`npm run proof -- full revoke\` runs one file again.
- Everything runs over fakes of the table, STS, sign-in and SES; the contract suite of the store holds the fake table and DynamoDB emulators
  to the same behaviour.

| figure | one case is | cases | seeds | found | took | size | run |
|---:|---|---:|---|---|---:|---|---|
${sorted.join('\n')}

${[...tables.values()].join('\n')}
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
6. **Fuzz**: whatever is in bodies, headers, paths, queries, cursors, keys, claims, signatures, links and forms: no answer is 500, every one has the
   shape that its route promises or a refusal that its route is said to give, and no refusal has changed anything. Nobody comes in whose token or
   ARN does not say so. What people wrote becomes no markup in a page or a mail. Of damaged items an
   answer is as ever or a 500 that tells nothing of them. A stream record is taken or reported by its number. A catalogue file either opens or
   has errors with their places.
7. **Links**: no change of a link opens anything.
8. **Time**: no session and no session policy outlives its grant; an active grant gives sessions to its last millisecond.
9. **Secrets**: credentials and links are in no log line, stored item, stream record or answer but the one they are for, in no spelling.
10. **Table**: of the attempts at a call 30 % are throttled, 5 % lose their answer after the write; 10 % of the writes conflict. No answer is 500, none is wrong.
11. **STS**: it refuses, throttles, hangs over the end of the grant. The grant is unharmed, no session is without its record and no record without its session.
12. **Revoking**: after a revoke nothing is vended, whatever ran at the same time. Whoever revokes at once, and whatever IAM refuses, a revocation
   that is done denies every session of its grant from then on, one that is not done is said to have failed, and a role's policy never outgrows
   the room that IAM gives.
14 and 22. **Generated IAM**: \`test/session/iam.test.ts\` has an independent simulator judge who enters a role and what a session can do in it: every IAM write
   of AWS by name, every deletion and stop of the audit services, every way of the table in [boundary.md](boundary.md), with and without the role's leave. It runs whole
   with \`npm test\` and prints how many assertions it made.
21. **Identity**: one account at the issuer is one person, whatever its token says of the email address and by whatever other way the same human
   comes: nobody decides or reviews what is their own, decides twice, or gets what is denied to them.
23. **AWS files**: after an edit of \`~/.aws/config\`, botocore and the AWS SDK for JavaScript read our profile as it was meant and every other value as before,
   or the edit was refused and nothing was written. The copy for the command of \`exec\` has no credentials in its default profile and is otherwise the same.
   Where there is no Python with botocore, its recorded answers are compared.
`;
}
