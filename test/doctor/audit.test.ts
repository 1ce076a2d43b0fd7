// An altered request cannot give access, and audit verify finds it.
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { type AuditFinding, findingsIn } from '../../doctor/audit.ts';
import { imageOf } from '../../lib/aws/dynamodb/request-image.ts';
import { MINUTE } from '../../lib/common/time.ts';
import type { RequestRecord } from '../../lib/model/schema.ts';
import { alterationOf } from '../../lib/request/history.ts';
import { approvedBy, call, filed, granted } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { start } from '../support/records.ts';

const dev = 'dev@example.com';
const lead = 'lead@example.com';
const decision = {
  person: lead,
  principal: lead,
  name: 'Lead',
  decision: 'approve' as const,
  via: 'link' as const,
  at: start,
};

/** Writes to the table without the functions. */
function alter(app: FakeApp, id: string, change: (request: RequestRecord) => Partial<RequestRecord>): void {
  const request = app.store.requests.get(id)!;
  app.store.requests.set(id, { ...request, ...change(request) });
}
const withDecision = ({ stages }: RequestRecord) => ({
  stages: stages.map((stage) => ({ ...stage, decisions: [...stage.decisions, decision] })),
});
const withLaterEvent = ({ history }: RequestRecord) => ({
  history: history.map((event) => ({ ...event, at: event.at + MINUTE })),
});

describe('an altered request', () => {
  const grant = { startsAt: start, endsAt: start + 30 * MINUTE };

  test.each([
    ['a grant that nobody approved', 'grant', () => ({ grant })],
    [
      'an approval that nobody gave, and a grant',
      'decisions',
      (request: RequestRecord) => ({ ...withDecision(request), grant }),
    ],
    ['another history', 'history', withLaterEvent],
    ['a shorter history', 'history', () => ({ history: [] })],
  ] as const)('with %s gives nobody credentials', async (_, what, change) => {
    const app = fakeApp();
    const { id } = what === 'history' ? await granted(app) : await filed(app);
    alter(app, id, change);
    expect(alterationOf(app.store.requests.get(id)!)).toBe(what);
    const answer = await call(app, 'issueCredentials', { as: dev, id });
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } });
    expect(app.lines.at(-1)).toMatchObject({ code: 'call-failed', fields: { error: 'RequestAltered', request: id } });
    expect(app.sts.assumed).toEqual([]);
  });

  test('cannot be approved, and can be denied, withdrawn and revoked', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    alter(app, id, withLaterEvent);
    const approve = { as: lead, id, body: { decision: 'approve' } };
    expect(await call(app, 'decideRequest', approve)).toMatchObject({ status: 500 });
    expect(app.store.requests.get(id)).toMatchObject({ version: 1, stages: [{ decisions: [] }] });
    const deny = { as: lead, id, body: { decision: 'deny' } };
    expect(await call(app, 'decideRequest', deny)).toMatchObject({ body: { status: 'denied' } });
    const { id: other } = await granted(app);
    alter(app, other, withLaterEvent);
    expect(await call(app, 'endRequest', { as: 'admin@example.com', id: other })).toMatchObject({ status: 200 });
  });

  test('is never found among requests that Latchkey wrote, at any step of their lifecycle', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    const altered = () => alterationOf(app.store.requests.get(id)!);
    expect(altered()).toBeUndefined();
    await approvedBy(app, id, lead);
    for (let i = 0; i < 20; i += 1) {
      await call(app, i % 2 ? 'issueConsole' : 'issueCredentials', { as: dev, id });
      app.now += 1000;
      expect(altered()).toBeUndefined();
    }
    await call(app, 'endRequest', { as: dev, id });
    expect(altered()).toBeUndefined();
  });
});

describe('audit verify', () => {
  const itemOf = async (): Promise<Record<string, AttributeValue>> => {
    const app = fakeApp();
    const { id } = await granted(app);
    return imageOf(app.store.requests.get(id)!);
  };
  const altered = (item: Record<string, AttributeValue>, change: (document: string) => string) => ({
    ...item,
    doc: { S: change(item.doc!.S!) },
  });

  test.each<[string, (item: Record<string, AttributeValue>) => Record<string, AttributeValue>, AuditFinding['what'][]]>(
    [
      ['nothing', (item) => item, []],
      ['nothing in items that are no requests', () => ({ pk: { S: 'message#1#2' }, ttl: { N: '1' } }), []],
      [
        'another requester in an event',
        (item) => altered(item, (doc) => doc.replace(`"actor":"${dev}"`, '"actor":"x"')),
        ['history'],
      ],
      [
        'an approver who is not in the history',
        (item) => altered(item, (doc) => doc.replace(`"person":"${lead}"`, '"person":"x"')),
        ['decisions'],
      ],
      ['a document that is none', (item) => altered(item, () => '{'), ['unreadable']],
      [
        'a document under another key',
        (item) => ({ ...item, pk: { S: 'request#r0000000000000000000000009' } }),
        ['unreadable'],
      ],
      ['a time to live', (item) => ({ ...item, ttl: { N: '1' } }), ['ttl']],
    ],
  )('finds %s', async (_, change, what) =>
    expect(findingsIn(change(await itemOf())).map((finding) => finding.what)).toEqual(what),
  );

  test('finds every change of one character in the history', async () => {
    const item = await itemOf();
    const doc = item.doc!.S!;
    const { history } = JSON.parse(doc) as RequestRecord;
    const text = JSON.stringify(history);
    expect(doc).toContain(text);
    for (let i = 0; i < text.length; i += 1) {
      const changed = `${text.slice(0, i)}${text[i] === '1' ? '2' : '1'}${text.slice(i + 1)}`;
      if (changed === text) continue;
      expect([i, findingsIn(altered(item, (whole) => whole.replace(text, () => changed))).length]).toEqual([i, 1]);
    }
  });
});
