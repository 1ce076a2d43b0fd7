// The session tags that Latchkey sets. Trust policies allow no others, revocations use the first, CloudTrail shows both.
export const sessionTags = { request: 'latchkey-request', requester: 'latchkey-requester' } as const;
