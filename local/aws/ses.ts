// An SES v1 of one's own: SendRawEmail into an outbox, what its account looks like, and faults on demand.
import { randomUUID } from 'node:crypto';
import PostalMime, { type Email } from 'postal-mime';
import type { App } from '../../lib/app.ts';
import { DAY, toInstant } from '../../lib/common/time.ts';
import { AwsFault, listField, type QueryService, type Xml } from './query-protocol.ts';
import type { PlainAnswer } from './sign-in.ts';

/** A mail that was taken; `at` is RFC 3339. */
export type SentMail = { id: string; to: string; subject: string; text: string; html: string; at: string };
/** Faults that SES can be told to have; the names are its codes. */
export type SesFault = 'Throttling' | 'MessageRejected' | 'AccountSendingPausedException' | 'ServiceUnavailable';

export type SesEmulator = QueryService<{ arn: string; isHub: boolean; isOperator: boolean }> & {
  /** newest first */
  outbox: SentMail[];
  /** what its account looks like; a test may change it */
  account: {
    max24HourSend: number;
    isSending: boolean;
    verified: Set<string>;
    /** by which all identities send */
    defaultSet?: string;
    configurationSets: Map<string, { isSending: boolean; events: string[] }>;
  };
  /** Answers the one call of SES v2 that there is, GetEmailIdentity. @throws AwsFault */
  answerV2(method: string, target: string, caller: { arn: string; isOperator: boolean }): PlainAnswer;
  /** From now on every valid mail is first judged by this; what it answers is the refusal. Without a judge mails are taken again. */
  fail(judge?: (mail: Omit<SentMail, 'id' | 'at'>) => SesFault | undefined): void;
};

const faults: Record<SesFault, { status: number; message: string }> = {
  Throttling: { status: 400, message: 'Maximum sending rate exceeded.' },
  MessageRejected: { status: 400, message: 'Email address is not verified.' },
  AccountSendingPausedException: { status: 400, message: 'Sending is paused for this account.' },
  ServiceUnavailable: { status: 503, message: 'Service is unable to handle request.' },
};
const maxSendRate = 14;
/** SES v1: 10 MB a message, 50 recipients; how many mails the outbox remembers is ours. */
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
      throw new AwsFault('MessageRejected', `Email address is not verified. The following identities failed: ${from}`);
    const fault = judge?.(mail);
    if (fault) throw new AwsFault(fault, faults[fault].message, faults[fault].status);
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
    if (!found) throw new AwsFault('ConfigurationSetDoesNotExist', `Configuration set <${name}> does not exist.`);
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
        throw new AwsFault('AccessDenied', `User: ${caller.arn} is not authorized to perform: ses:${action}`, 403);
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
        throw new AwsFault('UnknownOperationException', 'This emulator does not have that operation.', 404);
      if (!caller.isOperator)
        throw new AwsFault('AccessDeniedException', `User: ${caller.arn} is not authorized to perform this`, 403);
      if (!account.verified.has(decodeURIComponent(identity)))
        throw new AwsFault('NotFoundException', 'Email identity does not exist.', 404);
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
 * Reads and judges a raw message (SES API reference, SendRawEmail): one of each header that it needs, lines of at most 1,000 bytes, and the
 * addresses of the envelope where there is one.
 * @throws AwsFault ValidationError for what is missing, InvalidParameterValue for what SES cannot use
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

/** A part ends at the line end before its boundary, so how many there were at its end cannot be told. */
const asLines = (part: string): string => part.replaceAll('\r\n', '\n').replace(/\n*$/, part === '' ? '' : '\n');

/** RFC 5322, 2.1.1 and 2.2: lines end with CRLF and are short, and a header is ASCII with an empty line behind it. */
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

/** The bare address of a header that a message has exactly once. */
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
    throw new AwsFault(
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

const invalid = (message: string) => new AwsFault('InvalidParameterValue', message);
