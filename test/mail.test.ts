import { SESClient } from '@aws-sdk/client-ses';
import { describe, expect, test } from '@jest/globals';
import { DeliveryRefused } from '../lib/channel.ts';
import { sesMail } from '../lib/mail.ts';
import { Problem } from '../lib/problem.ts';
import { cannedAws, cannedClient, refusal, rejectionOf } from './support/canned-aws.ts';

const sent = {
  status: 200,
  body: '<SendEmailResponse><SendEmailResult><MessageId>1</MessageId></SendEmailResult></SendEmailResponse>',
};
const mail = { to: 'lead@example.com', subject: 'Zugriff für Jürgen ✔', text: 'text', html: '<p>html</p>' };
const sender = 'Latchkey <latchkey@example.com>';
function sesWith(...answers: Parameters<typeof cannedAws>) {
  const aws = cannedAws(...answers);
  return { asked: aws.asked, mail: sesMail(new SESClient({ ...cannedClient, requestHandler: aws }), sender) };
}

test('sends to one recipient, in UTF-8', async () => {
  const ses = sesWith(sent);
  await ses.mail.send(mail);
  expect(Object.fromEntries(ses.asked[0]!)).toEqual({
    Action: 'SendEmail',
    Version: '2010-12-01',
    Source: sender,
    'Destination.ToAddresses.member.1': mail.to,
    'Message.Subject.Data': mail.subject,
    'Message.Subject.Charset': 'UTF-8',
    'Message.Body.Text.Data': mail.text,
    'Message.Body.Text.Charset': 'UTF-8',
    'Message.Body.Html.Data': mail.html,
    'Message.Body.Html.Charset': 'UTF-8',
  });
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
