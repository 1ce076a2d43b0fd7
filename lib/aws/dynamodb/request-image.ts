// A request as an item of the table, and back from an item or a stream image.
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import type { Position } from '../../app.ts';
import { entryOf } from '../../catalogue/role-template.ts';
import { RequestRecord } from '../../model/schema.ts';
import { dueAt, isPending, overAt } from '../../model/status.ts';
import type { OpenRequest } from '../../policy/filing-context.ts';
import { keyOf, partOf } from '../table.ts';
import { type Item, iso, number, text } from './item.ts';
import { upgraded } from './older-document.ts';

/** The one partition of byDue. */
export const dueQueue = 'due';

export const requestKey = (id: string): Item => ({ pk: text(keyOf('request', id)) });
export const idOf = (item: Item): string => partOf('request', item.pk?.S)!;

/** A request as the low-level attributes of its item. Index attributes follow from the record alone, so one put keeps all indexes correct. */
export function imageOf(record: RequestRecord): Item {
  const due = dueAt(record);
  const created = createdKey(record);
  return {
    ...requestKey(record.id),
    doc: text(JSON.stringify(record)),
    version: number(record.version),
    requester: text(record.requester.person),
    role: text(record.role.id),
    until: text(iso(overAt(record))),
    ...(record.review && !record.review.signed && { review: text(iso(record.review.due)) }),
    month: text(created.slice(0, 7)),
    created: text(created),
    ...(isPending(record) && { pending: text(entryOf(record.role.id)) }),
    ...(due !== undefined && { queue: text(dueQueue), due: text(iso(due)) }),
    ...(record.filedBy && { filer: text(record.filedBy.principal) }),
    // the stream's filter for revoke-sessions compares this
    ...(record.revocation?.state === 'pending' && { revocation: text('pending') }),
  };
}

/**
 * The request in a table item or a stream image (low-level attributes, as in a DynamoDBStreamEvent).
 * @returns undefined without an image, and for an item of another kind
 * @throws Error when the item is a request and its document cannot be read
 */
export function recordFromImage(
  image: Record<string, { S?: string | undefined }> | undefined,
): RequestRecord | undefined {
  const key = image?.pk?.S;
  const id = partOf('request', key);
  if (image === undefined || id === undefined) return undefined;
  try {
    const record = v.parse(RequestRecord, upgraded(JSON.parse(image.doc?.S ?? '')));
    if (record.id === id) return record;
    throw new SyntaxError('the document belongs to another key');
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof v.ValiError)
      throw new Error(`the document of ${key} cannot be read`);
    throw cause;
  }
}

/** Sorts by time, then by id, so that a list can resume between requests of the same millisecond. */
export const createdKey = ({ createdAt, id }: Position) => `${iso(createdAt)}#${id}`;

export const positionOf = (item: Item): Position => ({
  id: idOf(item),
  createdAt: Date.parse(item.created!.S!.split('#')[0]!),
});

/** What an item of an index says of an open request. */
export function slotOf(item: Item): OpenRequest {
  const { id, createdAt } = positionOf(item);
  const reviewDue = timeOf(item.review);
  return {
    id,
    role: item.role!.S!,
    createdAt,
    until: timeOf(item.until) ?? 0,
    ...(reviewDue !== undefined && { reviewDue }),
  };
}

const timeOf = (value: AttributeValue | undefined): number | undefined =>
  value?.S === undefined ? undefined : Date.parse(value.S);
