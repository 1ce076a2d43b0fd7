// Where a page of a list goes on: a position that its caller hands back, and that holds nothing secret.
import * as v from 'valibot';
import { canonicalJson, digestOf } from './digest.ts';
import type { Caller } from './principal.ts';
import { Problem } from './problem.ts';
import { type ListQuery, RequestId, type RequestRecord } from './schema.ts';

type Position = Pick<RequestRecord, 'id' | 'createdAt'>;

/**
 * The cursor holds a position and a digest over position, caller and query. The digest is no secret and need not be: who
 * forges one picks another place in a list that is derived from the caller anyway. It makes an altered cursor an error
 * rather than a surprise.
 */
export function cursorOf({ createdAt, id }: Position, caller: Caller, query: ListQuery): string {
  return Buffer.from(canonicalJson([createdAt, id, bindingOf({ createdAt, id }, caller, query)])).toString('base64url');
}

/** @throws Problem `invalid-request` for a cursor that is not this list's */
export function positionOf(cursor: string, caller: Caller, query: ListQuery): Position {
  const position = decoded(cursor);
  if (!position || cursorOf(position, caller, query) !== cursor) {
    throw new Problem('invalid-request', 'The cursor does not belong to this list. Start again without it.', {
      errors: [{ pointer: '?cursor', detail: 'was altered or belongs to another list' }],
    });
  }
  return position;
}

const bindingOf = (position: Position, caller: Caller, { view, status, role }: ListQuery): string =>
  digestOf([position, caller.person.key, view, status ?? '', role ?? '']).slice(0, 22);

/** Whoever forges a digest writes whatever he likes; what can be no position never reaches the store, which has limits of its own. */
const CursorParts = v.tuple([
  v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8.64e15)),
  RequestId,
  v.string(),
]);

function decoded(cursor: string): Position | undefined {
  try {
    const parts = v.safeParse(CursorParts, JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    return parts.success ? { createdAt: parts.output[0], id: parts.output[1] } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
