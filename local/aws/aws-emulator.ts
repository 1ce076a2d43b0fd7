// Emulates STS, SES, IAM, AWS sign-in and the parts of Lambda and DynamoDB that the doctor uses, over HTTP for real SDK clients, botocore and curl.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App } from '../../lib/app.ts';
import { createIamEmulator, type IamEmulator } from './iam.ts';
import { createLambdaEmulator, jsonError, type LambdaEmulator } from './lambda.ts';
import { AwsError, errorDocument, type QueryService, runAction } from './query-protocol.ts';
import { createSesEmulator, type SesEmulator } from './ses.ts';
import { createSignInEmulator, type PlainAnswer } from './sign-in.ts';
import { readAuthorization, type SigV4Error, verifySigV4 } from './sigv4.ts';
import { createStsEmulator, type StsCaller, type StsEmulator } from './sts.ts';
import { answerDynamo, type TableQuestions } from './table-description.ts';
import { installTargets, type TargetAccounts } from './target-accounts.ts';

export type AwsEmulator = {
  sts: StsEmulator;
  ses: SesEmulator;
  iam: IamEmulator;
  /** has no functions until they are added */
  lambda: LambdaEmulator;
  /** the roles installed in the catalogue's accounts */
  targets: TargetAccounts;
  /**
   * Answers one request. Paths that end in `/federation` belong to sign-in. For any other path, the scope of the signature names the service (default: STS),
   * so that one endpoint URL serves all clients. Never rejects.
   */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
};

type Options = Pick<App, 'catalogue' | 'clock'> & {
  /** wall clock for signatures, because clients sign with real time; Latchkey's own clock can be moved */
  wallClock?: () => number;
  /** the table, for calls that read its configuration */
  table?: TableQuestions;
};

export function createAwsEmulator({
  catalogue,
  clock,
  wallClock = Date.now,
  table = { describe: async () => undefined, scan: async () => undefined },
}: Options): AwsEmulator {
  const targets = installTargets(catalogue);
  const iam = createIamEmulator(targets);
  const sts = createStsEmulator({ targets, clock });
  const lambda = createLambdaEmulator();
  const ses = createSesEmulator({ clock });
  const signIn = createSignInEmulator({ sts, clock });
  const services: Record<string, QueryService<StsCaller>> = { sts, ses, iam };

  /** Services that speak JSON. @throws AwsError */
  const json = async (
    name: string,
    request: IncomingMessage,
    body: Buffer,
    caller: StsCaller,
  ): Promise<PlainAnswer> => {
    if (name === 'ses') return ses.answerV2(request.method ?? 'GET', request.url ?? '/', caller);
    if (name === 'lambda') return await lambda.answer(request.method ?? 'GET', request.url ?? '/', body, caller);
    if (!caller.isOperator)
      throw new AwsError('AccessDeniedException', `User: ${caller.arn} is not authorized to perform this`, 403);
    return await answerDynamo(String(request.headers['x-amz-target'] ?? ''), body, table);
  };

  const answer = async (request: IncomingMessage, requestId: string): Promise<PlainAnswer> => {
    const target = request.url ?? '/';
    const method = request.method ?? 'GET';
    const queryAt = target.includes('?') ? target.indexOf('?') : target.length;
    const query = new URLSearchParams(target.slice(queryAt));
    const body = await bodyOf(request);
    if (target.slice(0, queryAt).endsWith('/federation')) return signIn.answer(method, query);

    const scope = readAuthorization(request.headers.authorization)?.service ?? '';
    // SES v2 signs like v1, but uses REST with JSON
    const isV2 = scope === 'ses' && target.includes('/v2/email/');
    const isJson = scope === 'lambda' || scope === 'dynamodb';
    const name = isJson || Object.hasOwn(services, scope) ? scope : 'sts';
    const service = isV2 ? undefined : services[name];
    try {
      const verdict = await verifySigV4(
        { method, target, headers: request.headers, body },
        sts.caller,
        name,
        wallClock(),
      );
      if (!verdict.ok) throw signatureError(verdict.error, verdict.message);
      if (verdict.key.expiresAt <= clock())
        throw new AwsError('ExpiredToken', 'The security token included in the request is expired', 403);
      if (!service) return await json(name, request, body, verdict.key);
      const fields = method === 'POST' ? new URLSearchParams(body.toString('utf8')) : query;
      return xml(200, await runAction(service, fields, verdict.key, requestId));
    } catch (error) {
      if (error instanceof AwsError && !service) return jsonError(error);
      if (error instanceof AwsError && service)
        return xml(error.status, errorDocument(error, service.namespace, requestId));
      throw error;
    }
  };

  return {
    sts,
    ses,
    iam,
    lambda,
    targets,
    async handle(request, response) {
      const requestId = randomUUID();
      const { status, contentType, body, headers } = await answer(request, requestId).catch((error: unknown) =>
        faultOfOurs(error, requestId),
      );
      response
        .writeHead(status, {
          'content-type': contentType,
          'cache-control': 'no-store',
          'x-amzn-requestid': requestId,
          ...headers,
        })
        .end(body);
    },
  };
}

/** Starts an emulator on a free loopback port. `endpoint` is for the SDK's `endpoint`, `federation` for the sign-in client. */
export async function startAwsEmulator(options: Parameters<typeof createAwsEmulator>[0]) {
  const emulator = createAwsEmulator(options);
  const server = createServer(emulator.handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/local/aws`;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { ...emulator, endpoint, federation: `${endpoint}/federation`, close };
}

// -- internal --------------------------------------------------------------------------------------------------------

/** SES accepts 10 MB, and form encoding can triple that. */
const maxBytes = 32 * 1024 * 1024;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
  }
  return size <= maxBytes ? Buffer.concat(chunks) : Buffer.alloc(0); // too long: the empty body does not match the signature, so the call is refused
}

const xml = (status: number, body: string): PlainAnswer => ({
  status,
  contentType: 'text/xml',
  body: `<?xml version="1.0"?>\n${body}`,
});

function signatureError(error: SigV4Error, message: string): AwsError {
  // STS and SES use the same code for a stale and an invalid signature
  return new AwsError(
    error === 'SignatureExpired' ? 'SignatureDoesNotMatch' : error,
    message,
    error === 'IncompleteSignature' ? 400 : 403,
  );
}

/** An internal error of the emulator; its stack goes to the terminal, because there is no log here. */
function faultOfOurs(error: unknown, requestId: string): PlainAnswer {
  console.error('the AWS emulator failed:', error);
  return xml(
    500,
    errorDocument(new AwsError('InternalFailure', 'The emulator failed.', 500), 'https://localhost/', requestId),
  );
}
