// The cost of each call with few and with very many stored requests: sequential round trips, DynamoDB calls and units.
import { imageOf } from '../lib/aws/dynamodb/request-image.ts';
import { dynamoStore } from '../lib/aws/store.ts';
import { DAY, HOUR } from '../lib/common/time.ts';
import type { RequestRecord } from '../lib/model/schema.ts';
import { call, filed } from '../test/support/calls.ts';
import { dynoxideHolding } from '../test/support/dynoxide-import.ts';
import { dynoxide, type Emulator } from '../test/support/emulators.ts';
import { fakeApp } from '../test/support/fake-app.ts';
import { meter } from '../test/support/meter.ts';
import { approved, finished, record, requestId, start, vended } from '../test/support/records.ts';

export const title = 'The same calls at 100 and 100,000 requests';
const table = 'latchkey-scale';

/** @returns a section of Markdown: both sizes side by side, which must not differ */
export async function measure(): Promise<string> {
  const absence = dynoxide.absence();
  if (absence !== undefined) return `SKIPPED: ${absence}.`;
  const [few, many] = [await costsAt(100), await costsAt(100_000)];
  const rows = few.map((cost, i) => ({ cost, same: textOf(cost) === textOf(many[i]!), many: many[i]! }));
  return [
    'Sequential round trips to AWS, DynamoDB calls, read and write units, measured through the functions on dynoxide. The stored requests are finished',
    'requests of many people over a year. At both sizes 30 requests are open (open requests do not pile up), and the caller has 30 earlier requests.',
    '',
    `Target: no difference; ${rows.every(({ same }) => same) ? 'met' : '**missed**'}.`,
    '',
    '| call | at 100: round trips, calls, read, write | at 100,000 |',
    '|---|---:|---:|',
    ...rows.map(
      ({ cost, many: at, same }) => `| ${cost.name} | ${textOf(cost)} | ${same ? 'the same' : `**${textOf(at)}**`} |`,
    ),
  ].join('\n');
}

type Cost = { name: string; hops: number; calls: number; read: number; write: number };
const textOf = ({ hops, calls, read, write }: Cost): string => `${hops}, ${calls}, ${read}, ${write}`;

async function costsAt(size: number): Promise<Cost[]> {
  const emulator = await dynoxideHolding(table, images(size));
  try {
    return await costsOn(emulator);
  } finally {
    await emulator.stop();
  }
}

async function costsOn(emulator: Emulator): Promise<Cost[]> {
  const client = emulator.client();
  const app = fakeApp({ store: dynamoStore(client, table) });
  const own = meter(client);
  const costs: Cost[] = [];
  const cost = async <Answer extends { status: number; text: string }>(
    name: string,
    run: () => Promise<Answer>,
  ): Promise<void> => {
    own.forget();
    app.forget();
    const { status, text } = await run();
    if (status !== 200) throw new Error(`${name}: ${status} ${text}`);
    costs.push({ name, hops: app.hops(), calls: own.calls(), read: own.read(), write: own.write() });
  };
  const list = (view: string, as: string) => () => call(app, 'listRequests', { as, query: { view, limit: '20' } });

  let id = '';
  await cost('file', async () => {
    id = (await filed(app)).id;
    return { status: 200, text: '' };
  });
  await cost('read', () => call(app, 'readRequest', { as: 'dev@example.com', id }));
  await cost('decide', () => call(app, 'decideRequest', { as: 'lead@example.com', id, body: { decision: 'approve' } }));
  await cost('issue credentials', () => call(app, 'issueCredentials', { as: 'dev@example.com', id, body: null }));
  await cost('issue a console URL', () => call(app, 'issueConsole', { as: 'dev@example.com', id, body: null }));
  await cost('hand back', () => call(app, 'endRequest', { as: 'dev@example.com', id, body: null }));
  await cost('list mine', list('mine', 'dev@example.com'));
  await cost('list to decide', list('to-decide', 'lead@example.com'));
  await cost('list all', list('all', 'auditor@example.com'));
  return costs;
}

// -- what is stored --------------------------------------------------------------------------------------------------

const open = 30;
const earlier = 30;

/** Stores requests up to `size`: the same first ones at every size, then a year of finished ones, evenly spread. */
function* stored(size: number): Generator<RequestRecord> {
  for (let n = 1; n <= size; n++) {
    if (n <= open) yield by(n, `waiting-${n}@example.com`, start - n * 60_000);
    else if (n <= open + earlier) yield over(by(n, 'dev@example.com', start - (n - open) * 7 * DAY - DAY));
    else
      yield over(
        by(
          n,
          `person-${n % 2000}@example.com`,
          Math.floor(start - DAY - ((n - open - earlier) / (size - open - earlier)) * 364 * DAY),
        ),
      );
  }
}

const by = (n: number, person: string, createdAt: number): RequestRecord => {
  const filing = record({ id: requestId(n), createdAt });
  return {
    ...filing,
    role: { ...filing.role, id: 'read' },
    requester: { person, principal: person, email: person, name: person },
  };
};
const over = (filing: RequestRecord): RequestRecord => {
  const at = filing.createdAt + HOUR;
  return finished(vended(approved(filing, at), at), 'ended', at + filing.durationSeconds * 1000);
};

function* images(size: number): Generator<ReturnType<typeof imageOf>> {
  for (const one of stored(size)) yield imageOf(one);
}
