// Cursors of lists: the position of the next page, which the caller sends back. They contain no secrets.
import * as v from 'valibot';
import { Problem } from '../model/problem.ts';
import type { RequestRecord } from '../model/schema.ts';
import { RequestId } from '../model/text.ts';

type Position = Pick<RequestRecord, 'id' | 'createdAt'>;

/** Every call takes the list from its caller, so a cursor needs no protection: a changed cursor still points into the caller's own list. */
export const cursorOf = ({ createdAt, id }: Position): string =>
  Buffer.from(JSON.stringify([createdAt, id])).toString('base64url');

/** @throws Problem `invalid-request` for an invalid cursor, which never reaches the store */
export function positionOf(cursor: string): Position {
  const parts = v.safeParse(CursorParts, partsOf(cursor));
  const position = parts.success ? { createdAt: parts.output[0], id: parts.output[1] } : undefined;
  if (position && cursorOf(position) === cursor) return position;
  throw new Problem(
    'invalid-request',
    'The cursor is not valid. Use nextCursor exactly as returned, or start again without it.',
    {
      errors: [{ pointer: '?cursor', detail: 'is not a valid cursor' }],
    },
  );
}

const CursorParts = v.strictTuple([v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8.64e15)), RequestId]);

function partsOf(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
