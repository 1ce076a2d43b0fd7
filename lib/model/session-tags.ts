// The session tags that Latchkey sets. Trust policies let no other through, revocations go by the first, CloudTrail shows both.
export const sessionTags = { request: 'latchkey-request', requester: 'latchkey-requester' } as const;
