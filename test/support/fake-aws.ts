// STS, sign-in and SES as far as Latchkey can see them: they remember what they were told and refuse what AWS refuses.
import { createHash } from 'node:crypto';
import type { Iam, Mail, OutgoingMail, SessionCredentials, SignIn, Sts } from '../../lib/app.ts';
import { floorToSecond, SECOND } from '../../lib/common/time.ts';
import { DeliveryRefused } from '../../lib/mail/channel.ts';
import { Problem } from '../../lib/model/problem.ts';
import type { AssumeRoleInput } from '../../lib/session/session.ts';
import type { TrialInput, Tried } from '../../lib/target/probe.ts';

export type FakeMail = Mail & {
  /** what was sent, oldest first */
  outbox: OutgoingMail[];
  /** addresses that the service refuses for good */
  refused: Set<string>;
};

export function fakeMail(): FakeMail {
  const outbox: OutgoingMail[] = [];
  const refused = new Set<string>();
  return {
    outbox,
    refused,
    async send(mail) {
      if (refused.has(mail.to) || !/^[\x21-\x7e]+@[\x21-\x7e]+$/.test(mail.to))
        throw new DeliveryRefused('MessageRejected');
      if (/[\r\n]/.test(mail.subject)) throw new DeliveryRefused('InvalidParameterValue');
      outbox.push({ ...mail });
    },
  };
}

export type FakeSts = Sts & {
  /** inputs that were accepted, oldest first */
  assumed: AssumeRoleInput[];
  /** every session that was handed out */
  issued: SessionCredentials[];
  /** what was only tried, oldest first; and what a role answers to it otherwise than a good trust policy would, a code or undefined for a yes */
  tried: TrialInput[];
  answers: Map<string, (input: TrialInput) => string | undefined>;
};

/** @param clock epoch milliseconds; expirations count from it, in whole seconds as STS's do */
export function fakeSts(clock: () => number): FakeSts {
  const assumed: AssumeRoleInput[] = [];
  const issued: SessionCredentials[] = [];
  const tried: TrialInput[] = [];
  const answers: FakeSts['answers'] = new Map();
  return {
    assumed,
    issued,
    tried,
    answers,
    async assumeRole(input) {
      const errors = errorsOf(input);
      if (errors.length > 0) throw new Problem('aws-refused', `STS refuses the call: ${errors.join(', ')}`);
      const n = assumed.push(structuredClone(input));
      const session = {
        accessKeyId: `ASIA${base32(`key ${n}`, 16)}`,
        secretAccessKey: canary('secret', n, 40),
        sessionToken: canary('session', n, 120),
        expiresAt: floorToSecond(clock()) + input.DurationSeconds * SECOND,
      };
      issued.push(session);
      return session;
    },
    async tryRole(input) {
      tried.push(structuredClone(input));
      const isWhole = input.ExternalId !== undefined && input.Tags !== undefined && input.SourceIdentity !== undefined;
      const answer = answers.get(input.RoleArn) ?? (() => (isWhole ? undefined : 'AccessDenied'));
      const code = answer(input);
      if (code !== undefined) return { was: code === 'AccessDenied' ? 'refused' : 'unclear', code };
      return { was: 'allowed', expiresAt: floorToSecond(clock()) + input.DurationSeconds * SECOND };
    },
  };
}

export type FakeIam = Iam & {
  /** the revocation policy of each role that has one, as text */
  policies: Map<string, string>;
  /** roles that do not exist, and roles without room for a long policy: characters that are left */
  gone: Set<string>;
  room: Map<string, number>;
  /** every policy that was ever put, by its length */
  lengths: number[];
  /** the roles that a revoker was tried on */
  tried: string[];
};

export function fakeIam(): FakeIam {
  const policies = new Map<string, string>();
  const gone = new Set<string>();
  const room = new Map<string, number>();
  const lengths: number[] = [];
  const tried: string[] = [];
  return {
    policies,
    gone,
    room,
    lengths,
    tried,
    async tryRevoker(_way, roles) {
      tried.push(...roles);
      const deletes = roles.map(
        (arn): Tried =>
          gone.has(arn) || !arn.includes('/latchkey/') ? { was: 'refused', code: 'AccessDenied' } : { was: 'allowed' },
      );
      return { entered: { was: 'allowed' }, withoutExternalId: { was: 'refused', code: 'AccessDenied' }, deletes };
    },
    async setRevocations({ arn }, policy) {
      if (gone.has(arn)) return 'gone';
      const text = policy && JSON.stringify(policy);
      lengths.push(text?.length ?? 0);
      if (text && text.length > (room.get(arn) ?? 10_240)) return 'full';
      if (text) policies.set(arn, text);
      else policies.delete(arn);
      return 'written';
    },
  };
}

export type FakeSignIn = SignIn & {
  /** sign-in tokens that were handed out */
  tokens: string[];
};

export function fakeSignIn(sts: Pick<FakeSts, 'issued'>, clock: () => number): FakeSignIn {
  const tokens: string[] = [];
  return {
    tokens,
    async token(partition, credentials) {
      if (!['aws', 'aws-us-gov', 'aws-cn', 'aws-eusc'].includes(partition))
        throw new Problem('aws-refused', `no federation endpoint for ${partition}`);
      const known = sts.issued.some(
        ({ accessKeyId, secretAccessKey, sessionToken, expiresAt }) =>
          accessKeyId === credentials.accessKeyId &&
          secretAccessKey === credentials.secretAccessKey &&
          sessionToken === credentials.sessionToken &&
          expiresAt > clock(),
      );
      if (!known) throw new Problem('aws-refused', 'sign-in does not know these credentials');
      const token = canary('signin', tokens.length + 1, 60);
      tokens.push(token);
      return token;
    },
  };
}

/** The checks of STS before it looks at any role. botocore sts AssumeRoleRequest; iam-ug id_roles_terms-and-concepts for chaining. */
function errorsOf(input: AssumeRoleInput): string[] {
  const name = /^[\w+=,.@-]{2,64}$/;
  const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
  const keys = input.Tags.map(({ Key }) => Key.toLowerCase());
  const rules: Array<[string, boolean]> = [
    [
      'RoleArn',
      /^arn:(aws|aws-us-gov|aws-cn|aws-eusc):iam::\d{12}:role\/[\x21-\x7e]+$/.test(input.RoleArn) &&
        input.RoleArn.length <= 2048,
    ],
    ['RoleSessionName', name.test(input.RoleSessionName)],
    [
      'DurationSeconds: 900 to 3600 for a chained role',
      Number.isInteger(input.DurationSeconds) && input.DurationSeconds >= 900 && input.DurationSeconds <= 3600,
    ],
    ['ExternalId', /^[\w+=,.@:/-]{2,1224}$/.test(input.ExternalId)],
    ['SourceIdentity', name.test(input.SourceIdentity) && !input.SourceIdentity.startsWith('aws:')],
    [
      'Policy: 1 to 2048 characters',
      input.Policy.length >= 1 && input.Policy.length <= 2048 && /^[\t\n\r\u0020-\u00ff]*$/.test(input.Policy),
    ],
    ['Policy: JSON', isPolicy(input.Policy)],
    ['Tags: at most 50', keys.length <= 50 && new Set(keys).size === keys.length],
    [
      'Tags: keys',
      input.Tags.every(({ Key }) => tagText.test(Key) && Key.length >= 1 && Key.length <= 128 && !/^aws:/i.test(Key)),
    ],
    ['Tags: values', input.Tags.every(({ Value }) => tagText.test(Value) && Value.length <= 256)],
  ];
  return rules.flatMap(([rule, isKept]) => (isKept ? [] : [rule]));
}

function isPolicy(text: string): boolean {
  try {
    const policy: unknown = JSON.parse(text);
    return typeof policy === 'object' && policy !== null && 'Version' in policy && 'Statement' in policy;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** A secret that is told from everything else wherever it turns up. */
const canary = (kind: string, n: number, length: number): string =>
  `canary/${kind}/${n}/`.padEnd(length, createHash('sha512').update(`${kind} ${n}`).digest('base64'));

/** Characters that AWS makes access key ids of. */
const base32 = (seed: string, length: number): string =>
  [...createHash('sha256').update(seed).digest().subarray(0, length)]
    .map((byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[byte % 32])
    .join('');
