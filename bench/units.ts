// The DynamoDB cost of a request's lifecycle: read and write units per step, as an emulator counts them, including indexes.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { handler as sweep } from '../functions/sweep.ts';
import { dynamoStore } from '../lib/aws/store.ts';
import { HOUR } from '../lib/common/time.ts';
import { call, filed, linkTo, notify, streamRecord } from '../test/support/calls.ts';
import { dynoxide } from '../test/support/emulators.ts';
import { type FakeApp, fakeApp } from '../test/support/fake-app.ts';
import { meter } from '../test/support/meter.ts';
import { catalogueOf, smallCatalogueFile } from '../test/support/small-catalogue.ts';

export const title = 'Units of a whole life';
const table = 'latchkey-units';
const look = 'a look of the sweeper';
const most = { write: 30, read: 13 };

/** @returns a section of Markdown: units per step and in total */
export async function measure(): Promise<string> {
  const absence = dynoxide.absence();
  if (absence !== undefined) return `SKIPPED: ${absence}.`;
  const emulator = await dynoxide.start();
  try {
    await emulator.createTable(table);
    return report(await lifeOn(emulator.client(), emulator.client()));
  } finally {
    await emulator.stop();
  }
}

type Step = { name: string; write: number; read: number; calls: number };

/** One approver gets an email and approves by the link, one set of credentials is issued, the outcome is emailed, the grant expires. */
async function lifeOn(client: DynamoDBClient, unmetered: DynamoDBClient): Promise<Step[]> {
  const catalogue = catalogueOf({
    ...smallCatalogueFile,
    groups: { ...smallCatalogueFile.groups, leads: ['lead@example.com'] },
  });
  const app = fakeApp({ store: dynamoStore(client, table), catalogue });
  const looking = dynamoStore(unmetered, table);
  const meterOf = meter(client);
  const steps: Step[] = [];
  const step = async <Answer>(name: string, run: () => Promise<Answer>): Promise<Answer> => {
    meterOf.forget();
    const answer = await run();
    steps.push({ name, write: meterOf.write(), read: meterOf.read(), calls: meterOf.calls() });
    return answer;
  };
  const news = newsOf(app, (id) => looking.get(id));

  const sweepOnce = () => sweep.with(app)({}, {} as Context);
  await sweepOnce(); // the first sweep with a catalogue also looks for grants that the catalogue no longer allows

  const { id } = await step('file', () => filed(app));
  await step('email the approver', () => news(id));
  const link = linkTo(app, 'lead@example.com');
  await step('show the page behind the link', () => expectStatus(200, call(app, 'showDecision', { id: link })));
  const form = {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from('decision=approve&comment=go+ahead'),
  };
  await step('approve by the link', () => expectStatus(200, call(app, 'decideByLink', { id: link, ...form })));
  await step('email the outcome', () => news(id));
  await step('issue credentials', () =>
    expectStatus(200, call(app, 'issueCredentials', { as: 'dev@example.com', id, body: null })),
  );
  await step('send no email about that', () => news(id));
  await step(look, sweepOnce);
  app.now += 2 * HOUR;
  await step('record the end', sweepOnce);
  await step('send no email about the end', () => news(id));
  return withoutLook(steps);
}

/** The sweep that recorded the end also made its regular reads, which are subtracted. */
function withoutLook(steps: Step[]): Step[] {
  const own = steps.find(({ name }) => name === look)!;
  return steps.map((step) =>
    step.name === 'record the end'
      ? { ...step, write: step.write - own.write, read: step.read - own.read, calls: step.calls - own.calls }
      : step,
  );
}

/** Acts as the stream: passes the newest change of a request to the function that sends email. */
function newsOf(app: FakeApp, read: FakeApp['store']['get']) {
  let before: Awaited<ReturnType<typeof read>>;
  return async (id: string): Promise<void> => {
    const after = await read(id);
    if (!after) throw new Error('the request is gone');
    const { batchItemFailures } = await notify(app, streamRecord({ ...(before && { before }), after }));
    if (batchItemFailures.length > 0) throw new Error('the email was not sent');
    before = after;
  };
}

async function expectStatus(wanted: number, answering: ReturnType<typeof call>): Promise<void> {
  const { status, text } = await answering;
  if (status !== wanted) throw new Error(`${status} instead of ${wanted}: ${text}`);
}

function report(all: Step[]): string {
  const steps = all.filter(({ name }) => name !== look);
  const looking = all.find(({ name }) => name === look)!;
  const total = (unit: 'write' | 'read') => steps.reduce((sum, step) => sum + step[unit], 0);
  const isMet = total('write') <= most.write && total('read') <= most.read;
  return [
    'One request from filing until it expires, through the functions on dynoxide, which counts indexes as DynamoDB does. One approver gets an',
    'email, sees the page once and approves by the link. One set of credentials is issued.',
    '',
    `Target: at most ${most.write} write and ${most.read} read units; ${isMet ? 'met' : '**missed**'}.`,
    '',
    '| step | write units | read units | calls |',
    '|---|---:|---:|---:|',
    ...steps.map(({ name, write, read, calls }) => `| ${name} | ${write} | ${read} | ${calls} |`),
    `| **total** | **${total('write')}** | **${total('read')}** | |`,
    '',
    `In addition, the sweeper looks for due requests once a minute, which costs ${looking.read} read units in ${looking.calls} parallel calls for all requests together.`,
  ].join('\n');
}
