// Validates an AssumeRole input like STS: lengths, patterns and counts of botocore's model, all errors at once with AWS's messages.
import type { AssumeRoleInput } from '../../lib/session/session.ts';
import { AwsError, listField } from './query-protocol.ts';

/** An AssumeRole input with STS's member names. TokenCode is left out, because it is a secret while it is valid. */
export type AssumeRoleCall = Partial<AssumeRoleInput> & {
  PolicyArns?: Array<{ arn: string }>;
  TransitiveTagKeys?: string[];
  SerialNumber?: string;
};
/** A valid AssumeRole input. DurationSeconds is filled in. */
export type CheckedCall = AssumeRoleCall & Pick<AssumeRoleInput, 'RoleArn' | 'RoleSessionName' | 'DurationSeconds'>;

const maxPolicyCharacters = 2048;

/** Reads the fields of a call without checking them. */
export function readAssumeRole(fields: URLSearchParams): AssumeRoleCall {
  const call: AssumeRoleCall = {};
  for (const name of [
    'RoleArn',
    'RoleSessionName',
    'ExternalId',
    'SourceIdentity',
    'Policy',
    'SerialNumber',
  ] as const) {
    const value = fields.get(name);
    if (value !== null) call[name] = value;
  }
  const duration = fields.get('DurationSeconds');
  if (duration !== null) call.DurationSeconds = /^-?\d{1,9}$/.test(duration) ? Number(duration) : Number.NaN;
  const tags = listField(fields, 'Tags').map(({ Key = '', Value = '' }) => ({ Key, Value }));
  if (tags.length > 0) call.Tags = tags;
  const policyArns = listField(fields, 'PolicyArns').map(({ arn = '' }) => ({ arn }));
  if (policyArns.length > 0) call.PolicyArns = policyArns;
  const transitive = listField(fields, 'TransitiveTagKeys').map((item) => item[''] ?? '');
  if (transitive.length > 0) call.TransitiveTagKeys = transitive;
  return call;
}

/** Checks the shape of a call. @throws AwsError ValidationError, MalformedInput, InvalidParameterValue, PackedPolicyTooLarge or MalformedPolicyDocument */
export function checkAssumeRole(call: AssumeRoleCall): CheckedCall {
  if (Number.isNaN(call.DurationSeconds)) throw new AwsError('MalformedInput', 'Invalid Integer in DurationSeconds');
  const errors = [...textErrors(call), ...durationErrors(call), ...tagErrors(call)];
  if (errors.length > 0) {
    throw new AwsError(
      'ValidationError',
      `${errors.length} validation error${errors.length > 1 ? 's' : ''} detected: ${errors.join('; ')}`,
    );
  }
  checkTagKeys(call);
  checkPolicy(call);
  return { DurationSeconds: 3600, ...call } as CheckedCall; // the required members were found by textErrors
}

type Rule = { member: string; min: number; max: number; pattern: RegExp; shown: string; required?: boolean };

/** botocore sts, AssumeRoleRequest */
const texts: Partial<Record<keyof AssumeRoleCall, Rule>> = {
  RoleArn: {
    member: 'roleArn',
    min: 20,
    max: 2048,
    pattern: /^[\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd]*$/,
    shown: '[\\u0009\\u000A\\u000D\\u0020-\\u007E...]+',
    required: true,
  },
  RoleSessionName: {
    member: 'roleSessionName',
    min: 2,
    max: 64,
    pattern: /^[\w+=,.@-]*$/,
    shown: '[\\w+=,.@-]*',
    required: true,
  },
  ExternalId: { member: 'externalId', min: 2, max: 1224, pattern: /^[\w+=,.@:/-]*$/, shown: '[\\w+=,.@:\\/-]*' },
  SourceIdentity: {
    member: 'sourceIdentity',
    min: 2,
    max: 64,
    pattern: /^(?!aws:)[\w+=,.@-]*$/,
    shown: '[\\w+=,.@-]*',
  },
  Policy: {
    member: 'policy',
    min: 1,
    max: Number.POSITIVE_INFINITY,
    pattern: /^[\t\n\r\x20-\xff]*$/,
    shown: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+',
  },
};

function* textErrors(call: AssumeRoleCall): Generator<string> {
  for (const [name, rule] of Object.entries(texts)) {
    const value = call[name as keyof AssumeRoleCall] as string | undefined;
    if (value !== undefined) yield* lengthAndPattern(value, rule);
    else if (rule.required)
      yield `Value null at '${rule.member}' failed to satisfy constraint: Member must not be null`;
  }
}

function* lengthAndPattern(value: string, { member, min, max, pattern, shown }: Rule): Generator<string> {
  const failed = `Value at '${member}' failed to satisfy constraint: Member must`;
  if (!pattern.test(value)) yield `${failed} satisfy regular expression pattern: ${shown}`;
  const length = [...value].length;
  if (length < min) yield `${failed} have length greater than or equal to ${min}`;
  if (length > max) yield `${failed} have length less than or equal to ${max}`;
}

function* durationErrors({ DurationSeconds: seconds }: AssumeRoleCall): Generator<string> {
  const failed = `Value '${seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value`;
  if (seconds !== undefined && seconds < 900) yield `${failed} greater than or equal to 900`;
  if (seconds !== undefined && seconds > 43200) yield `${failed} less than or equal to 43200`;
}

const tagPattern = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const tagPatternShown = '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+';

function* tagErrors({ Tags = [], PolicyArns = [], TransitiveTagKeys = [] }: AssumeRoleCall): Generator<string> {
  for (const [member, list, max] of [
    ['tags', Tags, 50],
    ['transitiveTagKeys', TransitiveTagKeys, 50],
    ['policyArns', PolicyArns, 10],
  ] as const) {
    if (list.length > max)
      yield `Value at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${max}`;
  }
  for (const [i, { Key, Value }] of Tags.entries()) {
    yield* lengthAndPattern(Key, {
      member: `tags.${i + 1}.member.key`,
      min: 1,
      max: 128,
      pattern: tagPattern,
      shown: tagPatternShown,
    });
    yield* lengthAndPattern(Value, {
      member: `tags.${i + 1}.member.value`,
      min: 0,
      max: 256,
      pattern: tagPattern,
      shown: tagPatternShown,
    });
  }
}

/** Keys must differ in more than case, and none may start with aws: (iam-ug id_session-tags). */
function checkTagKeys({ Tags = [] }: AssumeRoleCall): void {
  const keys = Tags.map(({ Key }) => Key.toLowerCase());
  if (new Set(keys).size < keys.length) {
    throw new AwsError(
      'InvalidParameterValue',
      'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    );
  }
  if (keys.some((key) => key.startsWith('aws:')))
    throw new AwsError('InvalidParameterValue', 'The prefix aws: of a tag key is reserved.');
}

/**
 * The documented limit: 2,048 characters of plain text for inline and managed policies together. AWS has a second limit, on
 * the packed size of policy and tags, which cannot be computed outside of AWS. Staying well below the first limit is the only defence.
 */
function checkPolicy({ Policy = '', PolicyArns = [] }: AssumeRoleCall): void {
  const characters = [Policy, ...PolicyArns.map(({ arn }) => arn)].reduce((sum, text) => sum + text.length, 0);
  if (characters > maxPolicyCharacters) {
    const percent = Math.ceil((100 * characters) / maxPolicyCharacters);
    throw new AwsError(
      'PackedPolicyTooLarge',
      `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`,
    );
  }
  if (Policy !== '' && !isPolicyDocument(Policy))
    throw new AwsError('MalformedPolicyDocument', 'Syntax errors in policy.');
}

/** Checks the likely errors in an identity policy: version, statements, effect, action, resource, no principal. */
function isPolicyDocument(text: string): boolean {
  const document = parseJson(text);
  if (!isObject(document) || (document.Version !== '2012-10-17' && document.Version !== '2008-10-17')) return false;
  const statements = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  return statements.length > 0 && statements.every(isStatement);
}

function isStatement(statement: unknown): boolean {
  if (!isObject(statement) || 'Principal' in statement || 'NotPrincipal' in statement) return false;
  const hasOneOf = (a: string, b: string) => a in statement !== b in statement;
  const isAllowOrDeny = statement.Effect === 'Allow' || statement.Effect === 'Deny';
  return (
    isAllowOrDeny &&
    hasOneOf('Action', 'NotAction') &&
    hasOneOf('Resource', 'NotResource') &&
    (statement.Condition === undefined || isObject(statement.Condition))
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
