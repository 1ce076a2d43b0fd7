// Where a page of a list goes on: a position that its caller hands back, and that holds nothing secret.
import * as v from 'valibot';
import { Problem } from '../model/problem.ts';
import type { RequestRecord } from '../model/schema.ts';
import { RequestId } from '../model/text.ts';

type Position = Pick<RequestRecord, 'id' | 'createdAt'>;

/** Whose list it is follows from the caller at every call, so a cursor needs no secret: who changes one moves within his own list. */
export const cursorOf = ({ createdAt, id }: Position): string =>
  Buffer.from(JSON.stringify([createdAt, id])).toString('base64url');

/** @throws Problem `invalid-request` for what is no cursor; it never reaches the store, which has limits of its own */
export function positionOf(cursor: string): Position {
  const parts = v.safeParse(CursorParts, partsOf(cursor));
  const position = parts.success ? { createdAt: parts.output[0], id: parts.output[1] } : undefined;
  if (position && cursorOf(position) === cursor) return position;
  throw new Problem(
    'invalid-request',
    'This is not a cursor. Use nextCursor as it was answered, or start again without it.',
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
