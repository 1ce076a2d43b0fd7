// STS, SES, IAM, AWS sign-in and what the doctor asks of Lambda and DynamoDB behind one HTTP listener: real SDK clients, botocore and curl can call it.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App } from '../../lib/app.ts';
import { createIamEmulator, type IamEmulator } from './iam.ts';
import { createLambdaEmulator, jsonFault, type LambdaEmulator } from './lambda.ts';
import { AwsFault, faultDocument, type QueryService, runAction } from './query-protocol.ts';
import { createSesEmulator, type SesEmulator } from './ses.ts';
import { createSignInEmulator, type PlainAnswer } from './sign-in.ts';
import { readAuthorization, type SigV4Fault, verifySigV4 } from './sigv4.ts';
import { createStsEmulator, type StsCaller, type StsEmulator } from './sts.ts';
import { answerDynamo, type TableQuestions } from './table-description.ts';
import { installTargets, type TargetAccounts } from './target-accounts.ts';

export type AwsEmulator = {
  sts: StsEmulator;
  ses: SesEmulator;
  iam: IamEmulator;
  /** without functions until somebody puts them there */
  lambda: LambdaEmulator;
  /** what is installed in the accounts of the catalogue */
  targets: TargetAccounts;
  /**
   * Answers one request. A path that ends in `/federation` is sign-in's; any other is the service's that the scope of its signature names, else STS's,
   * so that one endpoint URL serves all clients wherever this is mounted. Never rejects.
   */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
};

type Options = Pick<App, 'catalogue' | 'clock'> & {
  /** judges the freshness of signatures, which clients make by the real time; Latchkey's own clock can be moved */
  wallClock?: () => number;
  /** the table that there is, for whoever asks how it is set up */
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

  /** Services that speak JSON. @throws AwsFault */
  const json = async (
    name: string,
    request: IncomingMessage,
    body: Buffer,
    caller: StsCaller,
  ): Promise<PlainAnswer> => {
    if (name === 'ses') return ses.answerV2(request.method ?? 'GET', request.url ?? '/', caller);
    if (name === 'lambda') return await lambda.answer(request.method ?? 'GET', request.url ?? '/', body, caller);
    if (!caller.isOperator)
      throw new AwsFault('AccessDeniedException', `User: ${caller.arn} is not authorized to perform this`, 403);
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
    // SES v2 signs as v1 does, but speaks JSON over paths
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
      if (!verdict.ok) throw signatureFault(verdict.fault, verdict.message);
      if (verdict.key.expiresAt <= clock())
        throw new AwsFault('ExpiredToken', 'The security token included in the request is expired', 403);
      if (!service) return await json(name, request, body, verdict.key);
      const fields = method === 'POST' ? new URLSearchParams(body.toString('utf8')) : query;
      return xml(200, await runAction(service, fields, verdict.key, requestId));
    } catch (error) {
      if (error instanceof AwsFault && !service) return jsonFault(error);
      if (error instanceof AwsFault && service)
        return xml(error.status, faultDocument(error, service.namespace, requestId));
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

/** Starts an emulator of its own on a free loopback port. `endpoint` is for the SDK's `endpoint`, `federation` for the sign-in client. */
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

/** SES takes 10 MB; in a form, three characters may stand for one byte. */
const maxBytes = 32 * 1024 * 1024;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
  }
  return size <= maxBytes ? Buffer.concat(chunks) : Buffer.alloc(0); // too long: nothing of it is signed, so it is refused as such
}

const xml = (status: number, body: string): PlainAnswer => ({
  status,
  contentType: 'text/xml',
  body: `<?xml version="1.0"?>\n${body}`,
});

function signatureFault(fault: SigV4Fault, message: string): AwsFault {
  // STS and SES call a stale signature by the same code as a wrong one
  return new AwsFault(
    fault === 'SignatureExpired' ? 'SignatureDoesNotMatch' : fault,
    message,
    fault === 'IncompleteSignature' ? 400 : 403,
  );
}

/** A mistake of the emulator's own; its stack goes to the terminal of whoever runs it, as there is no log here. */
function faultOfOurs(error: unknown, requestId: string): PlainAnswer {
  console.error('the AWS emulator failed:', error);
  return xml(
    500,
    faultDocument(new AwsFault('InternalFailure', 'The emulator failed.', 500), 'https://localhost/', requestId),
  );
}
