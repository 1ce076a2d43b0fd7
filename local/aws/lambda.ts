// A Lambda emulator: returns the configuration of the functions, and lets the hub's operator invoke them through the doctor's alias.
import { randomUUID } from 'node:crypto';
import { hubAccount } from './operator.ts';
import { AwsError } from './query-protocol.ts';
import type { PlainAnswer } from './sign-in.ts';

export type EmulatedFunction = {
  environment: Record<string, string>;
  /** name of its IAM role in the hub */
  role: string;
  /** its aliases */
  aliases: readonly string[];
  invoke(event: unknown, invokedFunctionArn: string): Promise<unknown>;
};
export type LambdaEmulator = {
  /** by name */
  functions: Map<string, EmulatedFunction>;
  /** Answers one call of the REST protocol. @throws AwsError */
  answer(
    method: string,
    target: string,
    body: Buffer,
    caller: { arn: string; isOperator: boolean },
  ): Promise<PlainAnswer>;
};

const path = /^.*\/2015-03-31\/functions\/([\w-]{1,64})\/(invocations|configuration)$/;
const arnOf = (name: string) => `arn:aws:lambda:us-east-1:${hubAccount}:function:${name}`;

export function createLambdaEmulator(): LambdaEmulator {
  const functions: LambdaEmulator['functions'] = new Map();
  return {
    functions,
    async answer(method, target, body, caller) {
      if (!caller.isOperator)
        throw new AwsError('AccessDeniedException', `User: ${caller.arn} is not authorized to perform this`, 403);
      const url = new URL(target, 'http://localhost');
      const [, name = '', what] = path.exec(url.pathname) ?? [];
      if (what === undefined)
        throw new AwsError('UnknownOperationException', 'This emulator does not have that operation.', 404);
      const found = functions.get(name);
      if (!found) throw new AwsError('ResourceNotFoundException', `Function not found: ${arnOf(name)}`, 404);
      if (method === 'GET' && what === 'configuration') return json(configurationOf(name, found));
      if (method !== 'POST' || what !== 'invocations')
        throw new AwsError('UnknownOperationException', 'This emulator does not have that operation.', 404);
      const qualifier = url.searchParams.get('Qualifier');
      if (qualifier !== null && !found.aliases.includes(qualifier))
        throw new AwsError('ResourceNotFoundException', `Function not found: ${arnOf(name)}:${qualifier}`, 404);
      return json(
        await found.invoke(
          JSON.parse(body.toString('utf8')),
          qualifier === null ? arnOf(name) : `${arnOf(name)}:${qualifier}`,
        ),
      );
    },
  };
}

/** Errors in the form of the REST protocol. */
export const jsonError = ({ code, message, status }: AwsError): PlainAnswer => ({
  ...json({ Type: status < 500 ? 'User' : 'Service', Message: message, message, __type: code }, status),
  headers: { 'x-amzn-errortype': code },
});

// -- internal --------------------------------------------------------------------------------------------------------

const configurationOf = (name: string, { environment, role }: EmulatedFunction) => ({
  FunctionName: name,
  FunctionArn: arnOf(name),
  Role: `arn:aws:iam::${hubAccount}:role/${role}`,
  State: 'Active',
  RevisionId: randomUUID(),
  Environment: { Variables: environment },
});

const json = (value: unknown, status = 200): PlainAnswer => ({
  status,
  contentType: 'application/json',
  body: JSON.stringify(value),
});
