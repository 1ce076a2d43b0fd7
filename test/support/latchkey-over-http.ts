// A local server of a test's own, and the people, machines and mailboxes around it, over real HTTP: what `curl` could do, in fewer words.
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { RequestView } from '../../lib/http/answers.ts';
import type { AssumeRoleInput } from '../../lib/session/session.ts';
import type { SentMail } from '../../local/aws/ses.ts';
import { startLocalServer } from '../../local/server.ts';

/** `body` is the parsed answer where that is JSON. */
export type Answer<Body> = { status: number; headers: Headers; text: string; body: Body };
/** Somebody who calls the API; paths are those of the contract without their mount, as `/requests`. */
export type Caller = {
  get<Body = Problem>(path: string): Promise<Answer<Body>>;
  post<Body = Problem>(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<Body>>;
};
export type Problem = { code: string; detail: string; errors?: Array<{ pointer: string }>; request?: RequestView };

export type LatchkeyOverHttp = {
  /** `http://localhost:PORT` */
  url: string;
  /** signed in by the local issuer */
  person(email: string, more?: { mfa?: boolean; groups?: string[] }): Promise<Caller>;
  /** signs with its test key, as an SDK does */
  signer(arn: string): Caller;
  /** newest first */
  mailTo(email: string): Promise<SentMail[]>;
  /** the link in the newest email to this person that has one */
  linkTo(email: string): Promise<string>;
  /** opens a link as an email program, a browser or a scanner does; posts a form as a browser does */
  visit(link: string, method: 'GET' | 'HEAD' | 'OPTIONS'): Promise<Answer<undefined>>;
  press(link: string, decision: 'approve' | 'deny', comment?: string): Promise<Answer<undefined>>;
  /** the calls to STS, newest first */
  assumed(): Promise<AssumeRoleInput[]>;
  moveClock(to: { advance: string } | { set: string }): Promise<void>;
  sweep(): Promise<{ due: number; settled: number }>;
  close(): Promise<void>;
};

/** Starts a fresh server on a free port, or speaks to the one at `url`. */
export async function openLatchkey(at?: string): Promise<LatchkeyOverHttp> {
  const server = at === undefined ? await startLocalServer() : undefined;
  const url = at ?? server!.url;
  const keys = new Map(server?.keys.map((key) => [key.arn, key]));
  const json = { 'content-type': 'application/json' };
  const local = async <Body>(path: string, body?: unknown): Promise<Body> => {
    const answer = await send<Body>(
      `${url}/local/${path}`,
      body === undefined ? {} : { method: 'POST', headers: json, body: JSON.stringify(body) },
    );
    if (answer.status !== 200) throw new Error(`/local/${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  };
  const mailTo = async (email: string) => (await local<SentMail[]>('outbox')).filter(({ to }) => to === email);

  return {
    url,
    async person(email, more = {}) {
      const { token } = await local<{ token: string }>('token', { email, ...more });
      const authorization = `Bearer ${token}`;
      return {
        get: (path) => send(`${url}/v1${path}`, { headers: { authorization } }),
        post: (path, body, headers) =>
          send(`${url}/v1${path}`, {
            method: 'POST',
            headers: { authorization, ...json, ...headers },
            ...(body !== undefined && { body: JSON.stringify(body) }),
          }),
      };
    },
    signer(arn) {
      const key = keys.get(arn);
      if (!key) throw new Error(`the server has no test key for ${arn}`);
      return {
        get: (path) => signedSend(key, url, 'GET', path),
        post: (path, body, headers) => signedSend(key, url, 'POST', path, { ...json, ...headers }, body),
      };
    },
    mailTo,
    async linkTo(email) {
      const link = (await mailTo(email))
        .map(({ text }) => /\S+\/decide\/[\w-]+/.exec(text)?.[0])
        .find((found) => found !== undefined);
      if (link === undefined) throw new Error(`no link was mailed to ${email}`);
      return link;
    },
    visit: (link, method) => send(link, { method }),
    press: (link, decision, comment = '') =>
      send(link, { method: 'POST', headers: { origin: 'null' }, body: new URLSearchParams({ decision, comment }) }),
    assumed: () => local('sts'),
    moveClock: async (to) => void (await local('clock', to)),
    sweep: () => local('sweep', {}),
    close: async () => server?.close(),
  };
}

// --- internal ---

async function send<Body>(url: string, init: RequestInit): Promise<Answer<Body>> {
  const response = await fetch(url, init);
  const { status, headers } = response;
  const text = await response.text();
  const isJson = /^application\/(problem\+)?json$/.test(headers.get('content-type') ?? '');
  return { status, headers, text, body: (isJson ? JSON.parse(text) : undefined) as Body };
}

type Key = { accessKeyId: string; secretAccessKey: string };

async function signedSend<Body>(
  key: Key,
  url: string,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: unknown,
) {
  const { hostname, port, host } = new URL(url);
  const [pathname = '', search = ''] = path.split('?');
  const text = body === undefined ? undefined : JSON.stringify(body);
  const signer = new SignatureV4({ service: 'execute-api', region: 'us-east-1', sha256: Sha256, credentials: key });
  const signed = await signer.sign({
    method,
    protocol: 'http:',
    hostname,
    port: Number(port),
    path: `/iam/v1${pathname}`,
    query: Object.fromEntries(new URLSearchParams(search)),
    headers: { host, ...headers },
    ...(text !== undefined && { body: text }),
  });
  return send<Body>(`${url}/iam/v1${path}`, {
    method,
    headers: signed.headers,
    ...(text !== undefined && { body: text }),
  });
}
