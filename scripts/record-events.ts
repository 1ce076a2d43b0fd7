// Writes the stream records in events/ as the functions would cause them: run it after a change of what the store writes (npm run docs does).
import { readFileSync, writeFileSync } from 'node:fs';
import { imageOf } from '../lib/aws/dynamodb/request-image.ts';
import { keyOf } from '../lib/aws/table.ts';
import { MINUTE } from '../lib/common/time.ts';
import { approvedBy, call, filed } from '../test/support/calls.ts';
import { fakeApp } from '../test/support/fake-app.ts';
import type { Change } from '../test/support/fake-store.ts';

/** File in events/ -> the change of a request that it holds. */
export async function recordedChanges(): Promise<Record<string, Change>> {
  const app = fakeApp();
  const { id } = await filed(app);
  app.now += 5 * MINUTE;
  await approvedBy(app, id, 'lead@example.com');
  const [insert, modify] = app.store.changes.splice(0) as [Change, Change];

  const play = await filed(app, { role: 'play', reason: 'Look around' }, { as: 'other@example.com' });
  await call(app, 'issueCredentials', { as: 'other@example.com', id: play.id, body: {} });
  app.now += MINUTE;
  await call(app, 'endRequest', { as: 'admin@example.com', id: play.id, body: {} });
  const revoked = app.store.changes.at(-1)!;
  return { 'notify.insert': insert, 'notify.modify': modify, 'revoke-sessions.modify': revoked };
}

type Written = { Records: [{ dynamodb: Record<string, unknown> }] };

/** The event in a file with another change in it; everything else is kept. */
export function eventWith(event: Written, { before, after }: Change): Written {
  const [record] = event.Records;
  const images = { ...(before && { OldImage: imageOf(before) }), NewImage: imageOf(after) };
  const dynamodb = { ...record.dynamodb, Keys: { pk: { S: keyOf('request', after.id) } }, ...images };
  return { Records: [{ ...record, dynamodb }] };
}

export const readEvent = (name: string): Written =>
  JSON.parse(readFileSync(new URL(`../events/${name}.json`, import.meta.url), 'utf8')) as Written;

if (import.meta.main)
  for (const [name, change] of Object.entries(await recordedChanges()))
    writeFileSync(
      new URL(`../events/${name}.json`, import.meta.url),
      `${JSON.stringify(eventWith(readEvent(name), change), null, 2)}\n`,
    );
