// `npm run demo`: the whole flow in the terminal, over real HTTP against a server of its own.
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { startLocalServer } from './server.ts';
import { signedFetch } from './signed-fetch.ts';

type Json = Record<string, unknown>;
type Answer = { status: number; body: Json };
type Sent = { to: string; subject: string; text: string };

const server = await startLocalServer({ catalogueFile: fileURLToPath(new URL('../access.yml', import.meta.url)) });
try {
  await tellStory(server.url);
} finally {
  await server.close();
}

async function tellStory(url: string): Promise<void> {
  const developer = await signIn(url, 'asi-dev@example.com');
  const lead = await signIn(url, 'lead@example.com');
  const stranger = await signIn(url, 'nobody@example.com');

  chapter('A developer requests access');
  const filed = await tell(
    developer,
    'POST',
    '/v1/requests',
    { role: 'production-app-write', duration: '45m', reason: 'Deploy the hotfix for the login page' },
    201,
  );
  const id = String(filed.id);
  line(`request ${id} is ${filed.status}; approvers: ${approversOf(filed)}`);
  await tell(stranger, 'GET', `/v1/requests/${id}`, undefined, 404);
  await tell(developer, 'POST', `/v1/requests/${id}/decision`, { decision: 'approve' }, 403);
  await tell(developer, 'POST', `/v1/requests/${id}/credentials`, {}, 409);

  chapter('The approvers get an email');
  const mails = (await read(url, '/local/outbox')) as Sent[];
  for (const { to, subject } of mails) line(`to ${to}: ${subject}`);
  const link = linkIn(mails.find(({ to }) => to === 'lead@example.com'));
  for (let visit = 1; visit <= 3; visit++) expectStatus(await fetch(link), 200);
  line(
    `an email scanner opened the link three times; the request is still ${(await tell(developer, 'GET', `/v1/requests/${id}`)).status}`,
  );

  chapter('One of them approves on the page behind the link');
  const form = () => ({ method: 'POST', body: new URLSearchParams({ decision: 'approve', comment: 'Go ahead' }) });
  expectStatus(await fetch(link, form()), 200);
  expectStatus(await fetch(link, form()), 410);
  line('a double click changes nothing: the second answer is 410, because the link has been used');
  const approved = await tell(developer, 'GET', `/v1/requests/${id}`);
  line(`now it is ${approved.status}, until ${approved.endsAt}`);

  chapter('The developer gets credentials that expire with the grant');
  const keys = await tell(developer, 'POST', `/v1/requests/${id}/credentials`, {});
  line(`export AWS_ACCESS_KEY_ID=${keys.AccessKeyId}`);
  line(`export AWS_SECRET_ACCESS_KEY=${masked(keys.SecretAccessKey)}`);
  line(`export AWS_SESSION_TOKEN=${masked(keys.SessionToken)}`);
  line(`they are valid until ${keys.Expiration}, limited by ${keys.LimitedBy}`);
  const signInPage = await tell(developer, 'POST', `/v1/requests/${id}/console`, {});
  line(`console: ${String(signInPage.url).slice(0, 54)}…`);
  await tell(lead, 'POST', `/v1/requests/${id}/credentials`, {}, 403);

  chapter('Time passes');
  await moveClock(url, '46m');
  await tell(developer, 'POST', `/v1/requests/${id}/credentials`, {}, 409);
  await fetch(`${url}/local/sweep`, { method: 'POST' });
  historyOf(await tell(developer, 'GET', `/v1/requests/${id}`));

  chapter('A machine requests access with its own role, without a stored secret');
  const machine = as('asi-dev-server', (path, init) =>
    signedFetch(`${url}${path}`, keysOf('role/asi-dev-server'), init),
  );
  const job = await tell(
    machine,
    'POST',
    '/iam/v1/requests',
    { role: 'sandbox-read', duration: '30m', reason: 'Nightly report' },
    201,
  );
  line(`this role is auto-approved: ${job.status}`);
  const jobKeys = await tell(machine, 'POST', `/iam/v1/requests/${job.id}/credentials`, {});
  line(`credentials are valid until ${jobKeys.Expiration}`);

  chapter('A bot files a request for a person, and can do nothing else');
  const bot = as('chatops-bot', (path, init) => signedFetch(`${url}${path}`, keysOf('role/chatops-bot'), init));
  const chatRequest = {
    role: 'production-bucket-read',
    reason: 'Requested in the chat',
    onBehalfOf: 'asi-dev@example.com',
  };
  const asked = await tell(bot, 'POST', '/iam/v1/requests', chatRequest, 201);
  await tell(bot, 'POST', `/iam/v1/requests/${asked.id}/decision`, { decision: 'approve' }, 403);
  await tell(bot, 'POST', `/iam/v1/requests/${asked.id}/credentials`, {}, 403);
  const denied = await tell(lead, 'POST', `/v1/requests/${asked.id}/decision`, {
    decision: 'deny',
    comment: 'Use the replica, please',
  });
  line(`Lena Park denies it: ${denied.status}`);

  const calls = (await read(url, '/local/sts')) as unknown[];
  chapter('Done');
  line(
    `${calls.length} calls of AssumeRole, ${((await read(url, '/local/outbox')) as unknown[]).length} emails. Every step was recorded.`,
  );
  line('Try it yourself: npm start, then open http://localhost:3000');
}

// -- actors ----------------------------------------------------------------------------------------------------------

type Init = { method: string; headers: Record<string, string>; body?: string };
type Actor = { name: string; call(path: string, init: Init): Promise<Response> };
function as(name: string, call: Actor['call']): Actor {
  return { name, call };
}

async function signIn(url: string, email: string): Promise<Actor> {
  const answer = await fetch(`${url}/local/token`, { method: 'POST', body: JSON.stringify({ email }) });
  const { token } = (await answer.json()) as { token: string };
  return as(email, (path, init) =>
    fetch(`${url}${path}`, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
  );
}

function keysOf(resource: string) {
  const key = server.keys.find(({ arn }) => arn.endsWith(`:${resource}`));
  if (!key) throw new Error(`the catalogue does not contain ${resource}`);
  return key;
}

/** Makes a call, prints the caller, the call and the status, and stops the demo at an unexpected status. */
async function tell(actor: Actor, method: string, path: string, body?: Json, expected = 200): Promise<Json> {
  const headers = { 'content-type': 'application/json' };
  const response = await actor.call(path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  const answer: Answer = { status: response.status, body: (await response.json()) as Json };
  const isNo = answer.status >= 400;
  line(
    `${styleText(isNo ? 'yellow' : 'green', String(answer.status))} ${styleText('dim', `${actor.name}  ${method} ${path}`)}`,
  );
  if (isNo) line(`    ${answer.body.code}: ${answer.body.detail}`);
  if (answer.status !== expected)
    throw new Error(`unexpected answer: ${method} ${path} returned ${answer.status} instead of ${expected}`);
  return answer.body;
}

async function read(url: string, path: string): Promise<unknown> {
  return (await fetch(`${url}${path}`)).json();
}

async function moveClock(url: string, advance: string): Promise<void> {
  const { now } = (await (
    await fetch(`${url}/local/clock`, { method: 'POST', body: JSON.stringify({ advance }) })
  ).json()) as { now: string };
  line(`it is ${now}`);
}

function expectStatus({ status }: Response, expected: number): void {
  if (status !== expected) throw new Error(`unexpected answer: the page returned ${status} instead of ${expected}`);
}

function linkIn(mail: Sent | undefined): string {
  const link = /http:\/\/\S+\/decide\/\S+/.exec(mail?.text ?? '')?.[0];
  if (link === undefined) throw new Error('unexpected: the approver got no email');
  return link;
}

// -- output ----------------------------------------------------------------------------------------------------------

// styleText uses colours only on a terminal that supports them
function chapter(title: string): void {
  console.log(`\n${styleText('bold', title)}`);
}
function line(text: string): void {
  console.log(`  ${text}`);
}
function masked(secret: unknown): string {
  return `${String(secret).slice(0, 4)}${'*'.repeat(12)}`;
}
function approversOf({ approval }: Json): string {
  return (approval as { stages: Array<{ approvers: string[] }> }).stages
    .flatMap(({ approvers }) => approvers)
    .join(' and ');
}
function historyOf({ history }: Json): void {
  for (const { at, type, actor, via } of history as Array<Record<string, string>>)
    line(`${at}  ${type} by ${actor} (${via})`);
}
