// Evaluates Deny statements on all actions, with the conditions that Latchkey writes, as IAM does.

/** The session's context for IAM; times in epoch milliseconds. */
export type SessionContext = { tags: ReadonlyArray<{ Key: string; Value: string }>; issuedAt: number; now: number };
type Statement = {
  Effect: string;
  Action?: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
};

/** @param policies as text. @throws Error for a condition that this emulator cannot evaluate, because no answer is better than an incorrect one */
export const isDenied = (policies: readonly string[], session: SessionContext): boolean =>
  policies
    .flatMap((text) => [JSON.parse(text).Statement as Statement | Statement[]].flat())
    .filter(({ Effect, Action }) => Effect === 'Deny' && [Action].flat().includes('*'))
    .some(({ Condition = {} }) =>
      Object.entries(Condition).every(([operator, keys]) =>
        Object.entries(keys).every(([key, wanted]) => holds(operator, key, [wanted].flat(), session)),
      ),
    );

function holds(operator: string, key: string, wanted: string[], { tags, issuedAt, now }: SessionContext): boolean {
  const tag = /^aws:PrincipalTag\/(.+)$/.exec(key)?.[1];
  // keys of tags are case-insensitive (iam-ug, id_session-tags)
  if (operator === 'StringEquals' && tag !== undefined)
    return tags.some(({ Key, Value }) => Key.toLowerCase() === tag.toLowerCase() && wanted.includes(Value));
  const at = { 'aws:CurrentTime': now, 'aws:TokenIssueTime': issuedAt }[key];
  if (at !== undefined && operator === 'DateLessThan') return wanted.some((instant) => at < Date.parse(instant));
  if (at !== undefined && operator === 'DateGreaterThanEquals')
    return wanted.some((instant) => at >= Date.parse(instant));
  throw new Error(`the emulator cannot evaluate ${operator} of ${key}`);
}
