// The federation endpoint of AWS sign-in: session credentials in, sign-in token out, and the console page that a login would open.
import { randomBytes } from 'node:crypto';
import type { App } from '../../lib/app.ts';
import { equalInConstantTime } from '../../lib/common/digest.ts';
import { MINUTE, toInstant } from '../../lib/common/time.ts';
import { consoleHosts } from '../../lib/session/console-url.ts';
import type { StsEmulator } from './sts.ts';

export type PlainAnswer = { status: number; contentType: string; body: string; headers?: Record<string, string> };
export type SignInEmulator = {
  /** Answers a call to `/federation`. Only GET is documented by AWS, so only GET is served. */
  answer(method: string, query: URLSearchParams): PlainAnswer;
};

/** How long a sign-in token can be used; iam-ug id_roles_providers_enable-console-custom-url */
const tokenLife = 15 * MINUTE;

/**
 * @param sts whose sessions may sign in
 * @param clock Latchkey's own
 */
export function createSignInEmulator({
  sts,
  clock,
}: { sts: Pick<StsEmulator, 'session'> } & Pick<App, 'clock'>): SignInEmulator {
  const tokens = new Map<string, { accessKeyId: string; usableUntil: number }>();

  const getSigninToken = (query: URLSearchParams): PlainAnswer => {
    const accessKeyId = sessionIn(query.get('Session'), sts, clock());
    // chained credentials cannot be combined with SessionDuration
    if (accessKeyId === undefined || query.has('SessionDuration')) return text(400, 'Invalid credentials parameter');
    for (const [token, { usableUntil }] of tokens) if (usableUntil <= clock()) tokens.delete(token);
    const token = randomBytes(256).toString('base64url');
    tokens.set(token, { accessKeyId, usableUntil: clock() + tokenLife });
    return { status: 200, contentType: 'application/json', body: JSON.stringify({ SigninToken: token }) };
  };

  /** AWS opens the console; the emulator answers with a text that says what would open. */
  const login = (query: URLSearchParams): PlainAnswer => {
    const token = tokens.get(query.get('SigninToken') ?? '');
    const session = token && sts.session(token.accessKeyId);
    if (!token || !session || token.usableUntil <= clock() || session.expiresAt <= clock())
      return text(400, 'The sign-in token is invalid or has expired.');
    const destination = query.get('Destination') ?? '';
    if (!consoleHosts.some((host) => destination.startsWith(`https://${host}/`)))
      return text(400, 'The destination is not on the AWS console.');
    return text(
      200,
      `On AWS, the console would open at ${destination} as ${session.arn} until ${toInstant(session.expiresAt)}.`,
    );
  };

  return {
    answer(method, query) {
      if (method !== 'GET') return text(405, 'Method not allowed');
      const action = query.get('Action');
      if (action === 'getSigninToken') return getSigninToken(query);
      if (action === 'login') return login(query);
      return text(400, 'Unknown action');
    },
  };
}

const text = (status: number, body: string): PlainAnswer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body,
});

/** The access key ID of an active session, if key, secret and token match. */
function sessionIn(json: string | null, sts: Pick<StsEmulator, 'session'>, now: number): string | undefined {
  const { sessionId, sessionKey, sessionToken } = readSession(json);
  const session = sts.session(sessionId);
  const isRight =
    session &&
    equalInConstantTime(session.secretAccessKey, sessionKey) &&
    equalInConstantTime(session.sessionToken ?? '', sessionToken);
  return isRight && session.expiresAt > now ? sessionId : undefined;
}

function readSession(json: string | null): { sessionId: string; sessionKey: string; sessionToken: string } {
  const nothing = { sessionId: '', sessionKey: '', sessionToken: '' };
  try {
    const parsed: unknown = JSON.parse(json ?? '');
    const entries =
      typeof parsed === 'object' && parsed !== null
        ? Object.entries(parsed).filter(([, value]) => typeof value === 'string')
        : [];
    return { ...nothing, ...Object.fromEntries(entries) };
  } catch (error) {
    if (error instanceof SyntaxError) return nothing;
    throw error;
  }
}
