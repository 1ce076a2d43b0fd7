// Email through SES v1 SendRawEmail: one recipient, UTF-8. Permanent rejections are told apart from temporary errors.
import { type SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import MimeNode from 'nodemailer/lib/mime-node';
import type { Mail, OutgoingMail } from '../app.ts';
import { awsAnswer, namesOf } from '../common/aws-answer.ts';
import { DeliveryRefused } from '../mail/channel.ts';
import { type Sender, senderOf } from '../mail/sender.ts';
import { Problem } from '../model/problem.ts';

/**
 * @param client with timeouts and retries set where it is built
 * @param sender in a form that `senderOf` takes; SES has verified its address or domain
 * @returns Mail whose `send` throws DeliveryRefused when SES will never accept this email, or Problem `try-again` for everything else
 */
export const sesMail = (client: SESClient, sender: string): Mail => ({
  async send(mail) {
    refuseUnsafe(mail);
    const from = senderOf(sender);
    if (!from) throw new TypeError('the sender is not an address');
    const command = new SendRawEmailCommand({
      Source: from.address,
      // one recipient: SES rejects a whole message for one bad address (botocore ses)
      Destinations: [mail.to],
      RawMessage: { Data: await messageOf(from, mail) },
    });
    try {
      await client.send(command);
    } catch (error) {
      throw outcomeOf(error, from.address);
    }
  },
});

/** SES sets Date and Message-ID itself. SendEmail cannot set Auto-Submitted, which keeps mailboxes from answering (RFC 3834). */
async function messageOf(from: Sender, { to, subject, text, html }: OutgoingMail): Promise<Buffer> {
  const message = new MimeNode('multipart/alternative', {
    newline: 'win',
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  message.setHeader({ From: from, To: { address: to }, Subject: subject, 'Auto-Submitted': 'auto-generated' });
  message.createChild('text/plain; charset=utf-8').setContent(text);
  message.createChild('text/html; charset=utf-8').setContent(html);
  return await message.build();
}

/**
 * Refuses addresses and subjects that could add a recipient or a header. An address must be plain ASCII
 * (SES has no SMTPUTF8; a domain in another script comes as punycode), and a subject must be one line.
 */
function refuseUnsafe({ to, subject }: OutgoingMail): void {
  if (
    !/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/.test(to) ||
    to.length > 320
  )
    throw new DeliveryRefused('InvalidAddress');
  if (/[\p{Cc}\u2028\u2029]/u.test(subject)) throw new DeliveryRefused('InvalidSubject');
}

/** Codes of SES about this one email. All others (paused, throttled, unverified domain, no permission) are about the account and may be temporary. */
const refusals = new Set([
  'MessageRejected',
  'InvalidParameterValue',
  'InvalidParameterCombination',
  'InvalidParameter',
  'ValidationError',
  'RequestEntityTooLarge',
]);

function outcomeOf(error: unknown, address: string): DeliveryRefused | Problem {
  const answer = awsAnswer(error);
  const isAboutEmail =
    answer !== undefined &&
    answer.status >= 400 &&
    answer.status < 500 &&
    (refusals.has(answer.code) || answer.status === 413);
  if (isAboutEmail && !isUnverifiedSender(error, address)) return new DeliveryRefused(answer.code);
  return new Problem(
    'try-again',
    `The email service did not accept an email (${answer?.code ?? 'no answer'}). It will be retried.`,
    {
      retryAfterSeconds: answer ? 5 : 2,
      cause: namesOf(error),
    },
  );
}

/**
 * SES also answers MessageRejected when the sender is not verified yet, and names the identities that failed. An operator can fix that
 * in the deployment, so it must not count as a permanent rejection of every approver's email.
 */
function isUnverifiedSender(error: unknown, address: string): boolean {
  return (
    error instanceof Error &&
    /not verified/i.test(error.message) &&
    error.message.toLowerCase().includes(address.toLowerCase())
  );
}
