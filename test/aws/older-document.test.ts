import { describe, expect, test } from '@jest/globals';
import { imageOf, recordFromImage } from '../../lib/aws/dynamodb/request-image.ts';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import type { RequestRecord } from '../../lib/model/schema.ts';
import { approved, finished, record, start } from '../support/records.ts';

/** Reads a document as the table holds it. */
const read = (document: object): RequestRecord | undefined =>
  recordFromImage({ pk: { S: `request#${record().id}` }, doc: { S: JSON.stringify(document) } });

/** The same facts where version 0.1 kept them. */
function asStoredBy01({ grant, wantedStart, stages, outcome, ...rest }: RequestRecord, by = 'Lead'): object {
  return {
    ...rest,
    ...(wantedStart !== undefined && { startsAt: wantedStart }),
    ...grant,
    stages: stages.map(({ openedAt, escalated, ...stage }) => ({
      ...stage,
      ...(openedAt !== undefined && { openedBy: 1 }),
      ...(escalated && { escalated: { by: 1, from: escalated.from } }),
    })),
    ...(outcome && { outcome: { status: outcome.status, at: outcome.at, by } }),
  };
}

describe('a document of version 0.1', () => {
  const pending = record();
  const active = approved(pending, start + MINUTE);

  test.each([
    ['pending', pending],
    ['pending, for later', record({ wantedStart: start + HOUR })],
    ['granted', active],
    ['escalated', record({ stages: [{ ...pending.stages[0]!, escalated: { at: start, from: 1 } }] })],
  ])('is read: %s', (_, now) => expect(read(asStoredBy01(now))).toEqual(now));

  test.each([
    ['Lead', { kind: 'person', key: 'Lead', name: 'Lead' }],
    ['the catalogue', { kind: 'catalogue' }],
    ['nobody', { kind: 'clock' }],
    ['the end of the grant', { kind: 'clock' }],
  ])('ended by %s', (by, expected) =>
    expect(read(asStoredBy01(finished(active, 'revoked', start + HOUR), by))?.outcome?.by).toEqual(expected),
  );

  test('whose role required a recent sign-in still requires it', () => {
    const role = { ...pending.role, conditions: { signInSeconds: 900, networks: ['10.0.0.0/8'] } };
    expect(read({ ...asStoredBy01(pending), role })?.role.conditions).toEqual({
      signIn: { within: 900 },
      networks: ['10.0.0.0/8'],
    });
  });

  test('whose ticket check was pending is unchecked', () => {
    const ticketCheck = { validator: 'jira', state: 'due', at: start, tries: 1 };
    expect(read({ ...asStoredBy01(pending), ticketCheck })?.ticketCheck?.state).toBe('unchecked');
  });
});

test('a current document is read unchanged', () => {
  const over = finished(approved(record(), start), 'revoked', start + HOUR);
  expect(recordFromImage(imageOf(over) as Record<string, { S?: string }>)).toEqual(over);
});
