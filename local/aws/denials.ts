// Whether a policy denies a session everything: the conditions that Latchkey writes into its Deny statements, judged as IAM does.

/** What IAM knows of the session that calls; times in epoch milliseconds. */
export type SessionContext = { tags: ReadonlyArray<{ Key: string; Value: string }>; issuedAt: number; now: number };
type Statement = {
  Effect: string;
  Action?: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
};

/** @param policies as text. @throws Error for a condition on everything that this emulator cannot judge: better none than a wrong answer */
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
  throw new Error(`the emulator cannot judge ${operator} of ${key}`);
}
