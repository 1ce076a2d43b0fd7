// The result of reading one fact: a value, missing, or hidden with the reason. A check that was not made never counts as passed.
import { awsAnswer } from '../lib/common/aws-answer.ts';

export type Seen<Value> =
  | { is: 'there'; value: Value }
  | { is: 'missing' }
  /** `permission`: the IAM action that the operator lacks; `why`: the reason */
  | { is: 'hidden'; permission?: string; why: string };

export const there = <Value>(value: Value): Seen<Value> => ({ is: 'there', value });
export const missing: Seen<never> = { is: 'missing' };

/** Error codes for missing resources (botocore dynamodb, iam, lambda, ses, sesv2), without the suffix `Exception`. */
const absent = new Set([
  'NoSuchEntity',
  'ResourceNotFound',
  'TableNotFound',
  'ConfigurationSetDoesNotExist',
  'NotFound',
]);
const denied = new Set(['AccessDenied', 'UnauthorizedOperation', 'NotAuthorized']);
const unknown = new Set(['UnknownOperation', 'InvalidAction']);

/**
 * Reads one fact.
 * @param permission the IAM action that the call requires
 */
export async function look<Value>(permission: string, read: () => Promise<Value | undefined>): Promise<Seen<Value>> {
  try {
    const value = await read();
    return value === undefined ? missing : there(value);
  } catch (error) {
    const code = awsAnswer(error)?.code;
    if (code !== undefined && absent.has(code)) return missing;
    if (code !== undefined && denied.has(code))
      return { is: 'hidden', permission, why: `you lack the permission ${permission}` };
    if (code !== undefined && unknown.has(code))
      return { is: 'hidden', why: 'this endpoint does not support the operation' };
    return {
      is: 'hidden',
      why: code === undefined ? `no answer to ${permission}` : `AWS answered ${code} to ${permission}`,
    };
  }
}
