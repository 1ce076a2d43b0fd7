// Figure 9: credentials and link tokens are searched for, in many spellings, in everything that Latchkey stores, logs, sends or answers.
import type { SESClient } from '@aws-sdk/client-ses';
import type { STSClient } from '@aws-sdk/client-sts';
import { describe, expect, test } from '@jest/globals';
import PostalMime from 'postal-mime';
import { sweep } from '../../lib/actions/sweep.ts';
import type { OutgoingMail } from '../../lib/app.ts';
import { imageOf } from '../../lib/aws/dynamodb/request-image.ts';
import { sesMail } from '../../lib/aws/ses.ts';
import { federation } from '../../lib/aws/sign-in.ts';
import { stsSessions } from '../../lib/aws/sts.ts';
import { MINUTE } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import type { AssumeRoleInput } from '../../lib/session/session.ts';
import { type Answer, call, notify, streamRecord } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { type FakeMail, type FakeSts, fakeMail, fakeSignIn, fakeSts } from '../support/fake-aws.ts';
import { catalogueOf } from '../support/small-catalogue.ts';
import { tokensIn } from './cast.ts';
import { must, oneOf, prove, size } from './size.ts';

const catalogue = catalogueOf();
const people = [
  'dev@example.com',
  'lead@example.com',
  'second-lead@example.com',
  'security@example.com',
  'admin@example.com',
  'stranger@example.com',
];

describe('secrets appear only where they belong', () => {
  test('over the whole life of requests, with errors that carry secrets in their messages', async () => {
    const measured = {
      'secrets looked for': 0,
      'encodings found where they do not belong': 0,
      'forced failures': 0,
      'answers that gave a secret to its owner': 0,
    };
    await prove(9, 'operations searched for secrets', size(15, 2_000), (_, random) => life(random, measured), measured);
    if (process.env.LATCHKEY_SEED === undefined) {
      expect(measured['secrets looked for']).toBeGreaterThan(100);
      expect(measured['answers that gave a secret to its owner']).toBeGreaterThan(10);
    }
  }, 3_600_000);

  test('the search finds a secret in each spelling', () => {
    const secret = 'canary/secret/1/with+plus=and"quote';
    const bytes = Buffer.from(`some text ${secret} and more`);
    const texts = [
      `x${secret}y`,
      JSON.stringify({ secret }),
      encodeURIComponent(secret),
      new URLSearchParams({ secret }).toString(),
      bytes.toString('base64'),
      bytes.subarray(1).toString('base64'),
      bytes.subarray(2).toString('base64url'),
      bytes.toString('hex'),
      secret.replaceAll('/', '\\/'),
      encodeURIComponent(encodeURIComponent(secret)),
    ];
    for (const text of texts)
      expect([text, spellingsOf(secret).some((spelling) => text.includes(spelling))]).toEqual([text, true]);
    expect(spellingsOf(secret).some((spelling) => 'nothing of the kind'.includes(spelling))).toBe(false);
  });
});

type World = {
  app: FakeApp;
  sts: FakeSts;
  mail: FakeMail;
  signInTokens: string[];
  seen: Array<{ where: string; text: string }>;
};

/** The real edges to STS, SES and sign-in over fake services that fail now and then, telling all they know in the error. */
function world(random: () => number, measured: Record<string, number>): World {
  const clock = () => app.now;
  const sts = fakeSts(clock);
  const mail = fakeMail();
  const signIn = fakeSignIn(sts, clock);
  const failing = (share: number, ...known: unknown[]): void => {
    if (random() >= share) return;
    measured['forced failures']! += 1;
    throw indiscreet(random, known.map((part) => JSON.stringify(part)).join(' '));
  };
  const client = <Client>(send: (input: never) => Promise<unknown>) =>
    ({ send: ({ input }: { input: never }) => send(input) }) as unknown as Client;
  const app: FakeApp = fakeApp({
    catalogue,
    sts: stsSessions(
      client<STSClient>(async (input: AssumeRoleInput) => {
        const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = await sts.assumeRole(input);
        failing(0.15, secretAccessKey, sessionToken);
        return {
          Credentials: {
            AccessKeyId: accessKeyId,
            SecretAccessKey: secretAccessKey,
            SessionToken: sessionToken,
            Expiration: new Date(expiresAt),
          },
        };
      }),
    ),
    signIn: federation(async (url) => {
      const { sessionId, sessionKey, sessionToken } = JSON.parse(new URL(url).searchParams.get('Session')!);
      const token = await signIn.token('aws', {
        accessKeyId: sessionId,
        secretAccessKey: sessionKey,
        sessionToken,
        expiresAt: 0,
      });
      failing(0.15, url, token);
      const text = random() < 0.1 ? `not JSON: ${token} ${url}` : JSON.stringify({ SigninToken: token });
      return { status: random() < 0.1 ? 400 : 200, text: async () => text };
    }),
    mail: sesMail(
      client<SESClient>(async ({ Destinations, RawMessage }: never) => {
        const { subject = '', text = '', html = '' } = await PostalMime.parse((RawMessage as { Data: Buffer }).Data);
        const sent: OutgoingMail = { to: (Destinations as string[])[0]!, subject, text, html };
        mail.outbox.push(sent);
        failing(0.15, sent.text);
        return {};
      }),
      'latchkey@example.com',
    ),
  });
  const known = () => [
    ...sts.issued.slice(-1),
    ...mail.outbox.slice(-1).map(({ text }) => text),
    ...signIn.tokens.slice(-1),
  ];
  app.gate = ({ name }) => {
    if (name.startsWith('store.')) failing(0.03, ...known());
  };
  return { app, sts, mail, signInTokens: signIn.tokens, seen: [] };
}

/** An error as SDKs make them: the whole exchange in its message, its cause, its stack and its hidden answer. */
function indiscreet(random: () => number, secrets: string): Error {
  const words = oneOf(random, [
    `failed: ${secrets}`,
    `failed\n    at ${secrets}\n    at ${secrets} (file:1:1)`,
    secrets,
    `${encodeURIComponent(secrets)}`,
  ]);
  const fault = {
    $fault: 'client',
    $metadata: { httpStatusCode: oneOf(random, [400, 403, 500, 503]), requestId: 'r', attempts: 2 },
    $response: { body: secrets },
    secrets,
  };
  const error = Object.assign(new Error(words, { cause: new Error(secrets) }), random() < 0.6 ? fault : {});
  // the stack keeps the first message
  if (random() < 0.3) error.message = 'changed afterwards';
  error.name = oneOf(random, [
    'Error',
    'ThrottlingException',
    'AccessDenied',
    'TimeoutError',
    'MessageRejected',
    'TypeError',
  ]);
  return error;
}

/** A request or two from filing to end, everybody trying everything; then the search. */
async function life(random: () => number, measured: Record<string, number>): Promise<number> {
  const here = world(random, measured);
  const { app, seen } = here;
  const ids: string[] = [];
  const record = (where: string, { text, headers }: Answer): void =>
    void seen.push({ where, text: `${text} ${JSON.stringify(headers)}` });
  const id = () => ids.at(-1) ?? 'r0000000000000000000000000';
  const link = () =>
    oneOf(
      random,
      here.mail.outbox.flatMap(({ text }) => tokensIn(text)),
    );
  const operations: Array<() => Promise<void>> = [
    async () => {
      const role = oneOf(random, ['read', 'read', 'write', 'play']);
      const answer = await call<RequestView>(app, 'createRequest', {
        as: 'dev@example.com',
        body: { role, reason: 'Look for secrets', ticket: 'OPS-1' },
        headers: { 'idempotency-key': undefined },
      });
      if (answer.status === 201) ids.push(answer.body.id);
      record('answer to a filing', answer);
    },
    async () =>
      record(
        'answer to a decision',
        await call(app, 'decideRequest', {
          as: oneOf(random, people),
          id: id(),
          body: { decision: random() < 0.8 ? 'approve' : 'deny' },
        }),
      ),
    async () =>
      record('answer to an end', await call(app, 'endRequest', { as: oneOf(random, people), id: id(), body: {} })),
    async () => record('a request', await call(app, 'readRequest', { as: oneOf(random, people), id: id() })),
    async () => record('a list', await call(app, 'listRequests', { as: 'admin@example.com', query: { view: 'all' } })),
    async () => {
      const token = link();
      if (token !== undefined)
        record(
          'the page',
          await call(app, oneOf(random, ['showDecision', 'probeDecision', 'decisionOptions'] as const), { id: token }),
        );
    },
    async () => {
      const token = link();
      if (token === undefined) return;
      const form = Buffer.from(`decision=${random() < 0.8 ? 'approve' : 'deny'}&comment=fine`);
      record(
        'the page after a decision',
        await call(app, 'decideByLink', {
          id: token,
          body: form,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        }),
      );
    },
    ...[0, 1, 2].map(() => async () => {
      const name = oneOf(random, ['issueCredentials', 'issueConsole'] as const);
      const answer = await call(app, name, {
        as: oneOf(random, ['dev@example.com', 'dev@example.com', 'lead@example.com']),
        id: id(),
        body: {},
      });
      if (answer.status !== 200) return record('refusal of a session', answer);
      measured['answers that gave a secret to its owner']! += 1;
      // what it is for is in it; nobody's link is
      seen.push({
        where: 'a session',
        text: answer.text.replaceAll(/"(SecretAccessKey|SessionToken|url)":"[^"]*"/g, ''),
      });
    }),
    ...[0, 1].map(() => async () => {
      const answer = await notify(app, ...app.store.changes.map(streamRecord));
      seen.push({ where: 'the answer of notify', text: JSON.stringify(answer) });
    }),
    async () => {
      app.now += Math.floor(random() * 20 * MINUTE);
      await Promise.allSettled([sweep(app)]);
    },
  ];
  const count = 50;
  await operations[0]!();
  for (let n = 1; n < count; n += 1) await oneOf(random, operations)();
  search(here, measured);
  return count;
}

function search({ app, sts, mail, signInTokens, seen }: World, measured: Record<string, number>): void {
  const { store } = app;
  const kept = [
    ...seen,
    ...app.lines.map((line) => ({ where: 'the log', text: JSON.stringify(line) })),
    ...[...store.requests.values()].map((request) => ({
      where: 'a stored request',
      text: JSON.stringify(imageOf(request)),
    })),
    ...[...store.messages.values()].map((message) => ({ where: 'a stored message', text: JSON.stringify(message) })),
    ...store.changes.map((change) => ({ where: 'the stream', text: JSON.stringify(streamRecord(change)) })),
  ];
  const mails = mail.outbox.map((sent) => ({ where: `an email to ${sent.to}`, text: JSON.stringify(sent) }));
  const credentials = [
    ...sts.issued.flatMap(({ secretAccessKey, sessionToken }) => [secretAccessKey, sessionToken]),
    ...signInTokens,
  ];
  const links = mail.outbox.flatMap((sent, i) => tokensIn(sent.text).map((token) => ({ token, mail: i })));
  const all = kept.map(({ text }) => text).join('\n');
  const allMails = mails.map(({ text }) => text);

  const find = (secret: string, texts: Array<{ where: string; text: string }>) => {
    for (const spelling of spellingsOf(secret)) {
      if (!texts.some(({ text }) => text.includes(spelling))) continue;
      const { where, text } = texts.find((place) => place.text.includes(spelling))!;
      throw new Error(
        `${secret.slice(0, 24)}... is in ${where}: ${text.slice(Math.max(0, text.indexOf(spelling) - 80), text.indexOf(spelling) + 80)}`,
      );
    }
  };
  for (const secret of credentials) {
    measured['secrets looked for']! += 1;
    if (
      spellingsOf(secret).some((spelling) => all.includes(spelling) || allMails.some((text) => text.includes(spelling)))
    )
      find(secret, [...kept, ...mails]);
  }
  for (const { token, mail: own } of links) {
    measured['secrets looked for']! += 1;
    const secret = token.slice(48);
    const bytes = Buffer.from(secret, 'base64url');
    for (const spelling of [...spellingsOf(secret), bytes.toString('base64'), bytes.toString('hex')]) {
      if (all.includes(spelling)) find(secret, kept);
      must(
        allMails.every((text, i) => i === own || !text.includes(spelling)),
        'a link was mailed twice',
      );
    }
  }
}

/** What to look for: the text itself and as JSON, URL, form, base64, base64url or hex would have it, whatever stands before and after it. */
function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const aligned = [0, 1, 2].flatMap((shift) => {
    // without the characters that also depend on what stands before and after
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replaceAll('=', '');
    const core = text.slice(shift === 0 ? 0 : shift + 1, -1);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const url = encodeURIComponent(secret);
  const quoted = JSON.stringify(secret).slice(1, -1);
  const form = new URLSearchParams({ '': secret }).toString().slice(1);
  return [
    ...new Set([
      secret,
      quoted,
      JSON.stringify(quoted).slice(1, -1),
      quoted.replaceAll('/', '\\/'),
      secret.replaceAll('/', '\\/'),
      url,
      encodeURIComponent(url),
      form,
      bytes.toString('hex'),
      ...aligned,
    ]),
  ];
}
