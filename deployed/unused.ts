// The permissions of functions that the rehearsal on the emulation does not use, and who uses them instead or when they would be used.

const mark = 'somebody else changes the request while it is being ended';
const due = 'a request is due, which takes hours, or its email was not sent within a minute';
/** By function, statement and action. The test of permissions fails where another one is not used. */
export const unused: Readonly<Record<string, string>> = {
  'api Requests dynamodb:UpdateItem': mark,
  'decision-page Ledgers dynamodb:BatchGetItem': 'a grant with an extension is revoked by its mailed link',
  'decision-page Requests dynamodb:BatchGetItem': 'a grant with an extension is revoked by its mailed link',
  'decision-page Requests dynamodb:UpdateItem': mark,
  'notify Messages dynamodb:GetItem': 'a record comes twice, and its email is claimed already',
  'revoke-sessions Requests dynamodb:UpdateItem': mark,
  'sweep Requests dynamodb:BatchGetItem': due,
  'sweep Requests dynamodb:GetItem': due,
  'sweep Requests dynamodb:PutItem': due,
  'sweep Requests dynamodb:UpdateItem': due,
};

/** What AWS does in a function's name, where the emulation asks no policy: its log, its stream, its dead letters. */
export const isUsedByLambda = (action: string): boolean =>
  /^(?:logs:|sqs:|dynamodb:(?:DescribeStream|GetRecords|GetShardIterator|ListStreams)$)/.test(action);

/** What trust policies judge in the same call as sts:AssumeRole. */
export const comesWithAssumeRole = (action: string): boolean => /^sts:(?:TagSession|SetSourceIdentity)$/.test(action);
