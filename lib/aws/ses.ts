// Mail through SES v1 SendRawEmail: one recipient, UTF-8, and a refusal told apart from a passing fault.
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
 * @returns Mail whose `send` throws DeliveryRefused when SES will never take this mail, or Problem `try-again` for everything else
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

/** SES sets Date and Message-ID itself. SendEmail could not say Auto-Submitted, by which mailboxes know not to answer (RFC 3834). */
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
 * What SES would take badly or, worse, well. An address is a bare ASCII one, so that nothing can add a recipient or a header
 * (SES has no SMTPUTF8; a domain in another script comes as punycode); a subject is one line.
 */
function refuseUnsafe({ to, subject }: OutgoingMail): void {
  if (
    !/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/.test(to) ||
    to.length > 320
  )
    throw new DeliveryRefused('InvalidAddress');
  if (/[\p{Cc}\u2028\u2029]/u.test(subject)) throw new DeliveryRefused('InvalidSubject');
}

/** Codes of SES that are about this one mail; all others (paused, throttled, unverified domain, no permission) are about the account and may pass. */
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
  const isAboutMail =
    answer !== undefined &&
    answer.status >= 400 &&
    answer.status < 500 &&
    (refusals.has(answer.code) || answer.status === 413);
  if (isAboutMail && !isUnverifiedSender(error, address)) return new DeliveryRefused(answer.code);
  return new Problem(
    'try-again',
    `The mail service did not take a mail (${answer?.code ?? 'no answer'}). It will be tried again.`,
    {
      retryAfterSeconds: answer ? 5 : 2,
      cause: namesOf(error),
    },
  );
}

/**
 * SES says MessageRejected also when the sender is not verified yet, naming the identities that failed. That is a slip of the
 * deployment which an operator mends, so it must not settle every approver's mail as refused for good.
 */
function isUnverifiedSender(error: unknown, address: string): boolean {
  return (
    error instanceof Error &&
    /not verified/i.test(error.message) &&
    error.message.toLowerCase().includes(address.toLowerCase())
  );
}
