import { SESClient } from '@aws-sdk/client-ses';
import { describe, expect, test } from '@jest/globals';
import PostalMime from 'postal-mime';
import { sesMail } from '../../lib/aws/ses.ts';
import { DeliveryRefused } from '../../lib/mail/channel.ts';
import { senderOf } from '../../lib/mail/sender.ts';
import { Problem } from '../../lib/model/problem.ts';
import { cannedAws, cannedClient, refusal, rejectionOf } from '../support/canned-aws.ts';

const sent = {
  status: 200,
  body: '<SendRawEmailResponse><SendRawEmailResult><MessageId>1</MessageId></SendRawEmailResult></SendRawEmailResponse>',
};
const mail = { to: 'lead@example.com', subject: 'Zugriff für Jürgen ✔', text: 'text', html: '<p>html</p>' };
const sender = 'Latchkey <latchkey@example.com>';
function sesWith(...answers: Parameters<typeof cannedAws>) {
  const aws = cannedAws(...answers);
  return { asked: aws.asked, mail: sesMail(new SESClient({ ...cannedClient, requestHandler: aws }), sender) };
}

/** The fields of the call, and its message. */
async function messageIn(fields: URLSearchParams) {
  const { 'RawMessage.Data': data = '', ...rest } = Object.fromEntries(fields);
  const raw = Buffer.from(data, 'base64');
  return { rest, raw: raw.toString('latin1'), message: await PostalMime.parse(raw) };
}

test('sends to one recipient, in UTF-8, and says that no person wrote it', async () => {
  const ses = sesWith(sent);
  await ses.mail.send(mail);
  const { rest, raw, message } = await messageIn(ses.asked[0]!);
  expect(rest).toEqual({
    Action: 'SendRawEmail',
    Version: '2010-12-01',
    Source: 'latchkey@example.com',
    'Destinations.member.1': mail.to,
  });
  expect(message).toMatchObject({
    from: { name: 'Latchkey', address: 'latchkey@example.com' },
    to: [{ name: '', address: mail.to }],
    subject: mail.subject,
    text: `${mail.text}\n`,
    html: `${mail.html}\n`,
  });
  expect(message.headers).toContainEqual(expect.objectContaining({ key: 'auto-submitted', value: 'auto-generated' }));
  expect(raw).toMatch(/^[\r\n -~]*$/);
  expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
});

test('keeps every character of long lines, of dots and of words that look like a header', async () => {
  const text = `From me\n.\n${'\u2714 '.repeat(500)}\n\nBcc: x@example.com\n-- \n=20 end\n`;
  const ses = sesWith(sent);
  await ses.mail.send({ ...mail, text, html: `<p>${text}</p>`, subject: '\u{1f511}'.repeat(200) });
  const { raw, message } = await messageIn(ses.asked[0]!);
  expect(message).toMatchObject({ text: `${text}`, html: `<p>${text}</p>`, subject: '\u{1f511}'.repeat(200) });
  expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThan(100);
  expect(message.headers.map(({ key }) => key)).not.toContain('bcc');
});

describe('the sender', () => {
  test.each([
    ['latchkey@example.com', { name: '', address: 'latchkey@example.com' }],
    ['Latchkey <latchkey@example.com>', { name: 'Latchkey', address: 'latchkey@example.com' }],
    ['Zug\u00e4nge <l@example.com>', { name: 'Zug\u00e4nge', address: 'l@example.com' }],
    ['Latchkey (Prod) <l@example.com>', { name: 'Latchkey (Prod)', address: 'l@example.com' }],
    ['"Latchkey, Ops" <l@example.com>', { name: 'Latchkey, Ops', address: 'l@example.com' }],
    ['"a \\"b\\" \\\\" <l@example.com>', { name: 'a "b" \\', address: 'l@example.com' }],
    ['Access & Approvals <l@example.com>', { name: 'Access & Approvals', address: 'l@example.com' }],
  ])('%s is shown as it is meant', async (text, sender) => {
    expect(senderOf(text)).toEqual(sender);
    const aws = cannedAws(sent);
    await sesMail(new SESClient({ ...cannedClient, requestHandler: aws }), text).send(mail);
    expect((await messageIn(aws.asked[0]!)).message.from).toEqual(sender);
  });

  test.each([
    '',
    'latchkey',
    'Latchkey latchkey@example.com',
    '<latchkey@example.com>',
    'Latchkey <latchkey@example.com> x',
    'a@example.com, b@example.com',
    'Latchkey <a@example.com>, <b@example.com>',
    'Latchkey\r\nBcc: x <l@example.com>',
    '=?UTF-8?B?WA==?= <l@example.com>',
    'L\u202egnp <l@example.com>',
    '"open <l@example.com>',
    `${'x'.repeat(101)} <l@example.com>`,
  ])('%j is none', (text) => expect(senderOf(text)).toBeUndefined());
});

describe('is never sent', () => {
  test.each([
    'a@example.com\r\nBcc: b@example.com',
    'a@example.com, b@example.com',
    'A <a@example.com>',
    'jürgen@example.com',
    'a@exämple.com',
    'a b@example.com',
    'a\0@example.com',
    'a@b@example.com',
    'a@',
    '@example.com',
    '',
    `${'a'.repeat(65)}@example.com`,
  ])('to %j', async (to) => {
    const ses = sesWith(sent);
    const error = await rejectionOf(ses.mail.send({ ...mail, to }));
    expect(error).toBeInstanceOf(DeliveryRefused);
    expect((error as DeliveryRefused).reason).toBe('InvalidAddress');
    expect(ses.asked).toHaveLength(0);
  });

  test.each(['a\r\nBcc: b@example.com', 'a\nb', 'a\tb', 'a\0b', 'a\u0085b', 'a\u2028b'])(
    'about %j',
    async (subject) => {
      const ses = sesWith(sent);
      expect(await rejectionOf(ses.mail.send({ ...mail, subject }))).toMatchObject({
        name: 'DeliveryRefused',
        reason: 'InvalidSubject',
      });
      expect(ses.asked).toHaveLength(0);
    },
  );
});

test.each([
  ['MessageRejected', 400],
  ['InvalidParameterValue', 400],
  ['ValidationError', 400],
])('%s settles the mail', async (code, status) => {
  const error = await rejectionOf(
    sesWith(refusal(code, 'canary lead@example.com is not verified', status)).mail.send(mail),
  );
  expect(error).toMatchObject({ name: 'DeliveryRefused', reason: code });
  expect(String(error)).not.toContain('canary');
});

test.each<[string, Parameters<typeof cannedAws>[0]]>([
  ['throttling', refusal('Throttling', 'Maximum sending rate exceeded. canary')],
  ['a paused account', refusal('AccountSendingPausedException', 'canary')],
  ['a paused configuration set', refusal('ConfigurationSetSendingPausedException', 'canary')],
  ['a domain that is not set up', refusal('MailFromDomainNotVerifiedException', 'canary')],
  [
    'a sender that is not verified yet',
    refusal(
      'MessageRejected',
      'Email address is not verified. The following identities failed: Latchkey@example.com canary',
    ),
  ],
  ['a missing permission', refusal('AccessDenied', 'canary', 403)],
  ['a fault of SES', refusal('InternalFailure', 'canary', 500)],
  ['a timeout', Object.assign(new Error('canary'), { name: 'TimeoutError' })],
])('%s leaves the mail for another try', async (_what, given) => {
  const error = await rejectionOf(sesWith(given).mail.send(mail));
  expect(error).toBeInstanceOf(Problem);
  expect(error).toMatchObject({ code: 'try-again', extras: { retryAfterSeconds: expect.any(Number) } });
  expect(String(error)).not.toContain('canary');
});
