// Memory of the local server process, including the emulators, after the start and after a thousand requests.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RequestView } from '../lib/http/answers.ts';
import { type Caller, openLatchkey } from '../test/support/latchkey-over-http.ts';

export const title = 'Memory of the local server';
const lives = 1000;
const most = 300;
const root = join(import.meta.dirname, '..');

/** @returns a section of Markdown: resident megabytes */
export async function measure(): Promise<string> {
  const server = spawn('npm', ['start', '--silent', '--', '--port', '0'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  try {
    const url = await readyAt(server.stdout);
    const pid = listenerOf(server.pid!);
    const atStart = residentMegabytes(pid);
    await live(url);
    const after = residentMegabytes(pid);
    const isMet = Math.max(atStart, after) < most;
    return [
      `\`npm start\`, one process with table, email, STS and sign-in in memory. In each life, a request is filed and approved, credentials are issued, and`,
      'the grant is handed back, over HTTP. The emails stay in the outbox.',
      '',
      `Target: under ${most} MB resident; ${isMet ? 'met' : '**missed**'}.`,
      '',
      '| when | MB resident |',
      '|---|---:|',
      `| ready | ${atStart} |`,
      `| after ${lives} lives | ${after} |`,
    ].join('\n');
  } finally {
    process.kill(-server.pid!);
    await once(server, 'close');
  }
}

async function readyAt(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const url = /^Latchkey is ready at (\S+)$/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error('the local server did not start');
}

/** npm and its shell are parents of the server; their memory is not counted. */
function listenerOf(parent: number): number {
  const rows = execFileSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const child = rows.map((row) => row.trim().split(/\s+/).map(Number)).find(([, ppid]) => ppid === parent)?.[0];
  return child === undefined ? parent : listenerOf(child);
}

const residentMegabytes = (pid: number): number =>
  Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1000);

async function live(url: string): Promise<void> {
  const latchkey = await openLatchkey(url);
  const [developer, lead] = [await latchkey.person('asi-dev@example.com'), await latchkey.person('lead@example.com')];
  for (let n = 1; n <= lives; n++) {
    const { id } = await posted<RequestView>(developer, '/requests', {
      role: 'production-bucket-read',
      reason: `Look at nightly export ${n}`,
    });
    await posted(lead, `/requests/${id}/decision`, { decision: 'approve' });
    await posted(developer, `/requests/${id}/credentials`);
    // fifteen lives an hour are within the limit of one person
    await latchkey.moveClock({ advance: '4m' });
    await posted(developer, `/requests/${id}/end`);
  }
}

async function posted<Body>(caller: Caller, path: string, body?: unknown): Promise<Body> {
  const { status, text, body: answer } = await caller.post<Body>(path, body);
  if (status >= 300) throw new Error(`${path}: ${status} ${text}`);
  return answer;
}
