// An SES v1 of one's own: SendEmail into an outbox, what its account looks like, and faults on demand.
import { randomUUID } from 'node:crypto';
import type { App } from '../lib/app.ts';
import { DAY, toInstant } from '../lib/time.ts';
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

  const sendEmail = (fields: URLSearchParams): Xml => {
    const mail = readMail(fields);
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
      run: (fields: URLSearchParams) => Xml,
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
      SendEmail: by('isHub', sendEmail, 'SendEmail'),
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

/** Reads and judges a mail. @throws AwsFault ValidationError for what is missing, InvalidParameterValue for what SES cannot use */
function readMail(fields: URLSearchParams): Omit<SentMail, 'id' | 'at'> {
  const source = required(fields, 'Source', 'source');
  const subject = required(fields, 'Message.Subject.Data', 'message.subject.data');
  const text = fields.get('Message.Body.Text.Data') ?? '';
  const html = fields.get('Message.Body.Html.Data') ?? '';
  if (text === '' && html === '') throw invalid('Message body is empty.');

  const [to, cc, bcc] = ['To', 'Cc', 'Bcc'].map((kind) =>
    listField(fields, `Destination.${kind}Addresses`).map((item) => item[''] ?? ''),
  ) as [string[], string[], string[]];
  const recipients = [...to, ...cc, ...bcc];
  if (recipients.length === 0) throw invalid("Missing required header 'To'.");
  if (recipients.length > limits.recipients) throw invalid(`Recipient count exceeds ${limits.recipients}.`);
  for (const address of [source, ...recipients]) checkAddress(address);
  if (/[\r\n\0]/.test(subject)) throw invalid('Header value contains a line break.');
  if (Buffer.byteLength(subject + text + html) > limits.bytes)
    throw invalid(`Message length is more than ${limits.bytes} bytes long.`);
  return { to: to.join(', '), subject, text, html };
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
