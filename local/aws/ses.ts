// An SES emulator: SendRawEmail into an outbox, account settings, and errors on demand.
import { randomUUID } from 'node:crypto';
import PostalMime, { type Email } from 'postal-mime';
import type { App } from '../../lib/app.ts';
import { DAY, toInstant } from '../../lib/common/time.ts';
import { AwsError, listField, type QueryService, type Xml } from './query-protocol.ts';
import type { PlainAnswer } from './sign-in.ts';

/** An accepted email; `at` is RFC 3339. */
export type SentMail = { id: string; to: string; subject: string; text: string; html: string; at: string };
/** Errors that a test can request; the names are SES's codes. */
export type SesError = 'Throttling' | 'MessageRejected' | 'AccountSendingPausedException' | 'ServiceUnavailable';

export type SesEmulator = QueryService<{ arn: string; isHub: boolean; isOperator: boolean }> & {
  /** newest first */
  outbox: SentMail[];
  /** settings of its account; tests may change them */
  account: {
    max24HourSend: number;
    isSending: boolean;
    verified: Set<string>;
    /** default configuration set of all identities */
    defaultSet?: string;
    configurationSets: Map<string, { isSending: boolean; events: string[] }>;
  };
  /** Answers GetEmailIdentity, the only supported call of SES v2. @throws AwsError */
  answerV2(method: string, target: string, caller: { arn: string; isOperator: boolean }): PlainAnswer;
  /** From now on, `judge` can reject each valid email with an error. Without a judge, emails are accepted again. */
  fail(judge?: (mail: Omit<SentMail, 'id' | 'at'>) => SesError | undefined): void;
};

const errors: Record<SesError, { status: number; message: string }> = {
  Throttling: { status: 400, message: 'Maximum sending rate exceeded.' },
  MessageRejected: { status: 400, message: 'Email address is not verified.' },
  AccountSendingPausedException: { status: 400, message: 'Sending is paused for this account.' },
  ServiceUnavailable: { status: 503, message: 'Service is unable to handle request.' },
};
const maxSendRate = 14;
/** SES v1 allows 10 MB per message and 50 recipients; the size of the outbox is our choice. */
const limits = { bytes: 10 * 1024 * 1024, recipients: 50, memory: 2000 };

/** @param clock Latchkey's own */
export function createSesEmulator({ clock }: Pick<App, 'clock'>): SesEmulator {
  const outbox: SentMail[] = [];
  const account: SesEmulator['account'] = {
    max24HourSend: 50_000,
    isSending: true,
    verified: new Set(['latchkey@example.com']),
    configurationSets: new Map(),
  };
  let judge: Parameters<SesEmulator['fail']>[0];

  const sendRawEmail = async (fields: URLSearchParams): Promise<Xml> => {
    const { from, ...mail } = await readMail(fields);
    const identities = [from, from.slice(from.lastIndexOf('@') + 1)];
    if (!identities.some((identity) => account.verified.has(identity)))
      throw new AwsError('MessageRejected', `Email address is not verified. The following identities failed: ${from}`);
    const error = judge?.(mail);
    if (error) throw new AwsError(error, errors[error].message, errors[error].status);
    const id = `${randomUUID()}-000000`;
    outbox.unshift({ id, ...mail, at: toInstant(clock()) });
    outbox.length = Math.min(outbox.length, limits.memory);
    return { MessageId: id };
  };
  const getSendQuota = (): Xml => {
    const since = clock() - DAY;
    return {
      Max24HourSend: account.max24HourSend,
      MaxSendRate: maxSendRate,
      SentLast24Hours: outbox.filter(({ at }) => Date.parse(at) >= since).length,
    };
  };
  const getAccountSendingEnabled = (): Xml => ({ Enabled: String(account.isSending) });
  const getIdentityVerificationAttributes = (fields: URLSearchParams): Xml => {
    const asked = listField(fields, 'Identities').map((item) => item[''] ?? '');
    const known = asked.filter((identity) => account.verified.has(identity));
    return { VerificationAttributes: new Map(known.map((identity) => [identity, { VerificationStatus: 'Success' }])) };
  };
  const describeConfigurationSet = (fields: URLSearchParams): Xml => {
    const name = fields.get('ConfigurationSetName') ?? '';
    const found = account.configurationSets.get(name);
    if (!found) throw new AwsError('ConfigurationSetDoesNotExist', `Configuration set <${name}> does not exist.`);
    return {
      ConfigurationSet: { Name: name },
      EventDestinations: [{ Name: 'events', Enabled: 'true', MatchingEventTypes: found.events }],
      ReputationOptions: { SendingEnabled: String(found.isSending) },
    };
  };
  const by =
    (
      who: 'isHub' | 'isOperator',
      run: (fields: URLSearchParams) => Xml | Promise<Xml>,
      action: string,
    ): SesEmulator['actions'][string] =>
    (fields, caller) => {
      if (!caller.isHub && !caller[who])
        throw new AwsError('AccessDenied', `User: ${caller.arn} is not authorized to perform: ses:${action}`, 403);
      return run(fields);
    };

  return {
    version: '2010-12-01',
    namespace: 'http://ses.amazonaws.com/doc/2010-12-01/',
    actions: {
      SendRawEmail: by('isHub', sendRawEmail, 'SendRawEmail'),
      GetSendQuota: by('isOperator', getSendQuota, 'GetSendQuota'),
      GetAccountSendingEnabled: by('isOperator', getAccountSendingEnabled, 'GetAccountSendingEnabled'),
      DescribeConfigurationSet: by('isOperator', describeConfigurationSet, 'DescribeConfigurationSet'),
      GetIdentityVerificationAttributes: by(
        'isOperator',
        getIdentityVerificationAttributes,
        'GetIdentityVerificationAttributes',
      ),
    },
    account,
    outbox,
    answerV2(method, target, caller) {
      const identity = /\/v2\/email\/identities\/([^/?]+)$/.exec(target)?.[1];
      if (method !== 'GET' || identity === undefined)
        throw new AwsError('UnknownOperationException', 'This emulator does not have that operation.', 404);
      if (!caller.isOperator)
        throw new AwsError('AccessDeniedException', `User: ${caller.arn} is not authorized to perform this`, 403);
      if (!account.verified.has(decodeURIComponent(identity)))
        throw new AwsError('NotFoundException', 'Email identity does not exist.', 404);
      const answer = {
        VerifiedForSendingStatus: true,
        ...(account.defaultSet !== undefined && { ConfigurationSetName: account.defaultSet }),
      };
      return { status: 200, contentType: 'application/json', body: JSON.stringify(answer) };
    },
    fail(next) {
      judge = next;
    },
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

/**
 * Parses and checks a raw message (SES API reference, SendRawEmail): one of each required header, lines of at most 1,000 bytes, and the
 * addresses of the envelope, if there is one.
 * @throws AwsError ValidationError for a missing member, InvalidParameterValue for an invalid value
 */
async function readMail(fields: URLSearchParams): Promise<Omit<SentMail, 'id' | 'at'> & { from: string }> {
  const raw = Buffer.from(required(fields, 'RawMessage.Data', 'rawMessage.data'), 'base64');
  if (raw.length > limits.bytes) throw invalid(`Message length is more than ${limits.bytes} bytes long.`);
  checkLines(raw);
  const message = await PostalMime.parse(raw);
  const [from, to] = ['from', 'to'].map((name) => addressIn(message, name)) as [string, string];
  checkAddress(fields.get('Source') ?? from);
  checkAddress(from);
  const listed = listField(fields, 'Destinations').map((item) => item[''] ?? '');
  const recipients = listed.length > 0 ? listed : [to];
  if (recipients.length > limits.recipients) throw invalid(`Recipient count exceeds ${limits.recipients}.`);
  for (const address of recipients) checkAddress(address);
  const { subject = '', text = '', html = '' } = message;
  if (text.trim() === '' && html.trim() === '') throw invalid('Message body is empty.');
  return { from, to: recipients.join(', '), subject, text: asLines(text), html: asLines(html) };
}

/** A part ends at the line end before its boundary, so the number of trailing line ends is unknown. */
const asLines = (part: string): string => part.replaceAll('\r\n', '\n').replace(/\n*$/, part === '' ? '' : '\n');

/** RFC 5322, 2.1.1 and 2.2: short lines that end with CRLF, ASCII headers, and an empty line after them. */
function checkLines(raw: Buffer): void {
  const text = raw.toString('latin1');
  const lines = text.split('\r\n');
  if (lines.some((line) => /[\r\n\0]/.test(line))) throw invalid('The message has a line end that is not CRLF.');
  if (lines.some((line) => line.length > 998)) throw invalid('The message has a line of more than 998 characters.');
  const end = lines.indexOf('');
  if (end < 0) throw invalid('The message has no empty line between header and body.');
  if (lines.slice(0, end).some((line) => !/^(?:[!-9;-~]+:|[ \t])[\t -~]*$/.test(line)))
    throw invalid('Header value contains a character that is not ASCII, or no name.');
}

/** The address in a header that must occur exactly once. */
function addressIn({ headers, ...message }: Email, name: string): string {
  const found = headers.filter(({ key }) => key === name);
  if (found.length !== 1)
    throw invalid(found.length === 0 ? `Missing required header '${name}'.` : `Duplicate header '${name}'.`);
  const given = name === 'from' ? [message.from] : (message.to ?? []);
  const [one, ...more] = given.map((mailbox) => mailbox?.address ?? '');
  if (one === undefined || more.length > 0) throw invalid(`Header '${name}' must hold one address.`);
  return one;
}

function required(fields: URLSearchParams, field: string, member: string): string {
  const value = fields.get(field);
  if (value === null)
    throw new AwsError(
      'ValidationError',
      `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
    );
  return value;
}

/** `local@domain` or `Name <local@domain>`; the local part in ASCII, since SES has no SMTPUTF8. */
function checkAddress(text: string): void {
  if (/[\r\n\0]/.test(text)) throw invalid('Local address contains control or whitespace');
  const address = /^[^<>]*<([^<>]*)>$/.exec(text)?.[1] ?? text;
  const at = address.lastIndexOf('@');
  if (at < 0 || at === address.length - 1) throw invalid("Missing final '@domain'");
  if (!/^[\x21-\x7e]{1,64}$/.test(address.slice(0, at)) || /[,;:@<>()[\]\\"]/.test(address.slice(0, at)))
    throw invalid('Local address contains control or whitespace');
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(address.slice(at + 1)))
    throw invalid('Domain contains illegal character');
}

const invalid = (message: string) => new AwsError('InvalidParameterValue', message);
