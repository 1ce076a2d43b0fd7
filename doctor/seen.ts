// What the doctor could read: a value, that there is none, or why it was not to be seen. A check that was not made is never a pass.
import { awsAnswer } from '../lib/common/aws-answer.ts';

export type Seen<Value> =
  | { is: 'there'; value: Value }
  | { is: 'missing' }
  /** `permission`: what the operator lacks, as IAM writes it; `why` without one */
  | { is: 'hidden'; permission?: string; why: string };

export const there = <Value>(value: Value): Seen<Value> => ({ is: 'there', value });
export const missing: Seen<never> = { is: 'missing' };

/** Codes by which AWS says that something is not there (botocore dynamodb, iam, lambda, ses, sesv2), without the suffix `Exception`. */
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
 * Reads one thing.
 * @param permission the IAM action that the call takes
 */
export async function look<Value>(permission: string, read: () => Promise<Value | undefined>): Promise<Seen<Value>> {
  try {
    const value = await read();
    return value === undefined ? missing : there(value);
  } catch (error) {
    const code = awsAnswer(error)?.code;
    if (code !== undefined && absent.has(code)) return missing;
    if (code !== undefined && denied.has(code))
      return { is: 'hidden', permission, why: `AWS does not let you: ${permission}` };
    if (code !== undefined && unknown.has(code))
      return { is: 'hidden', why: 'this endpoint does not have the operation' };
    return {
      is: 'hidden',
      why: code === undefined ? `no answer to ${permission}` : `AWS answered ${code} to ${permission}`,
    };
  }
}
