// The ports: everything with a side effect, as types. The core never sees them; actions and handlers take the part that they need.
import type { Catalogue, TicketValidator } from './catalogue/catalogue.ts';
import type { Binding, Blocks, MessageRecord, RequestRecord } from './model/schema.ts';
import type { OpenRequest } from './policy/filing-context.ts';
import type { Ledger, LedgerKey } from './policy/ledger.ts';
import type { Identity } from './policy/principal.ts';
import type { TicketAnswer, TicketQuestion } from './policy/ticket.ts';
import type { PolicyDocument } from './session/iam.ts';
import type { RevocationList } from './session/revocation-plan.ts';
import type { AssumeRoleInput } from './session/session.ts';
import type { TrialInput, Tried } from './target/probe.ts';

export interface App {
  /** epoch milliseconds, UTC */
  clock(): number;
  /** bytes from a cryptographic source */
  random(bytes: number): Uint8Array;
  /** lets so many milliseconds pass */
  pause(milliseconds: number): Promise<void>;
  log: Log;
  catalogue: Catalogue;
  /** what a caller's token must say; the gateway has verified its signature */
  identity: Identity;
  /** where the links in mails lead, without a trailing slash */
  baseUrl: string;
  version: string;
  store: Store;
  mail: Mail;
  sts: Sts;
  signIn: SignIn;
  iam: Iam;
  tickets: Tickets;
}

/** One line of JSON per event. Codes are a closed list; fields are ids, counts and codes, never a person's text, a credential, a link or a whole event. */
/** Every line has a time and a code of its own. */
export type LogFields = { time?: never; code?: never } & Record<string, string | number | boolean | undefined>;
export type Log = (code: LogCode, fields?: LogFields) => void;
export type LogCode =
  | 'call-answered'
  | 'call-failed'
  | 'function-failed'
  | 'security-event'
  | 'message-sent'
  | 'message-busy'
  | 'message-deferred'
  | 'message-refused'
  | 'record-failed'
  | 'sweep-done'
  | 'sweep-item-failed'
  | 'sweep-task-failed'
  | 'catalogue-swept'
  | 'leaver-not-judged'
  | 'sessions-revoked'
  | 'revocation-deferred'
  | 'revocation-failed'
  | 'console-undelivered'
  | 'ticket-unanswered'
  | 'identity-changed'
  | 'identity-released'
  | 'request-not-ended'
  | 'doctor-probed';

/** A request's place in a list: newest first by time, then by id. */
export type Position = { id: string; createdAt: number };
export type ListIndex =
  | { by: 'requester'; person: string }
  | { by: 'filer'; principal: string }
  /** `role`: an entry of the catalogue; a template's roles share one list */
  | { by: 'pending'; role: string }
  /** every request, of the last 13 months */
  | { by: 'time'; now: number };
/** `digest`: of the catalogue that was looked with; `after`: the last id, where the look is not through; `at`: epoch milliseconds. */
export type Look = { digest: string; at: number; after?: string };

export interface Store {
  /** Strongly consistent. */
  get(id: string): Promise<RequestRecord | undefined>;
  /** Strongly consistent, at most 100, in the order asked for; what is missing is left out. */
  getMany(ids: readonly string[]): Promise<RequestRecord[]>;
  /**
   * Stores a new request and with it the ledgers that count it, all or nothing. `lost`: a ledger has changed since the version before was
   * read, or the blocks have; a request: the one that already has this id.
   * @param blocks version of the blocks by which it was judged
   */
  create(
    record: RequestRecord,
    ledgers: readonly Ledger[],
    blocks?: number,
  ): Promise<'created' | 'lost' | RequestRecord>;
  /** What counts for a person, a role, a bot; version 0 where nothing has yet. Strongly consistent, in the order asked for. */
  ledgers(keys: readonly LedgerKey[]): Promise<Ledger[]>;
  /**
   * Writes `next` only while the stored version is `version`; false if it no longer is.
   * @param yieldsAt false as well while somebody is ending the request at this time, see `markEnding`
   */
  replace(next: RequestRecord, version: number, yieldsAt?: number): Promise<boolean>;
  /** Marks a request that somebody is ending: until then, epoch milliseconds, what yields does not replace it. The next replacement takes the mark away. */
  markEnding(id: string, until: number): Promise<void>;
  /**
   * A person's requests by the index, and until when each is or was open. Oldest first, eventually consistent.
   * @param since epoch milliseconds; looks no further back than a request can be open unless given
   */
  requestsOf(person: string, now: number, since?: number): Promise<OpenRequest[]>;
  /** A page of positions, newest first, strictly after `after`; eventually consistent. */
  list(index: ListIndex, limit: number, after?: Position): Promise<Position[]>;
  /** Ids whose due time is not after `now`, oldest first; eventually consistent. */
  due(now: number, limit: number): Promise<string[]>;
  /** Ids of all requests that the sweep has still something to do with, which are all that are open; eventually consistent. */
  openIds(): Promise<string[]>;
  /** How far the last look for leavers got. Strongly consistent. */
  lastLook(): Promise<Look | undefined>;
  saveLook(look: Look): Promise<void>;
  /** What is blocked. Strongly consistent. */
  blocks(): Promise<Blocks>;
  /** What is blocked, eventually consistent: where something later makes sure. */
  recentBlocks(): Promise<Blocks>;
  /** Writes the blocks only while the stored version is the one before; false if it no longer is. */
  replaceBlocks(next: Blocks): Promise<boolean>;
  /** Whose a token's subject is, by the subject's digest. Eventually consistent: what it misses, `bindIdentity` meets. */
  getIdentity(id: string): Promise<Binding | undefined>;
  /** Says whose a subject is unless somebody has; answers what holds from now on. */
  bindIdentity(binding: Binding): Promise<Binding>;
  /** The subjects that are bound to a person, by the key they were bound under; oldest first, eventually consistent. */
  identitiesOf(person: string): Promise<Binding[]>;
  /** Forgets whose a subject is, and keeps who said so and when. False: it was nobody's. */
  releaseIdentity(id: string, by: string, at: number): Promise<boolean>;
  /** The message behind a link. Strongly consistent. */
  getMessage(requestId: string, id: string): Promise<MessageRecord | undefined>;
  /**
   * Claims a message before it is sent. `claimed`: go ahead; `settled`: it was sent or refused for good;
   * `busy`: somebody claimed it later than `staleBefore` and has not finished. A claim that is taken over keeps the earlier link hashes.
   */
  claimMessage(message: MessageRecord, staleBefore: number): Promise<'claimed' | 'settled' | 'busy'>;
  /** Writes how a claimed message went. The first settlement stands, and only the claim of `releaseOf` is released, not one that has taken over. */
  settleMessage(requestId: string, id: string, result: Settlement): Promise<void>;
  /** Puts revoked grants on a role's list: id of the request -> until when a session of it could live. */
  addRevocations(roleArn: string, grants: ReadonlyMap<string, number>, now: number): Promise<void>;
  /** Takes or keeps the lease of a role's list and answers the list; undefined while somebody else has it. One holder at a time writes to IAM. */
  leaseRevocations(roleArn: string, holder: string, now: number, until: number): Promise<RevocationList | undefined>;
  /**
   * Gives the lease back. `written`: IAM now has this version of the list, without what was dropped; false, and the lease stays, if the list
   * has changed meanwhile or the lease was lost. undefined: nothing was written.
   */
  releaseRevocations(roleArn: string, holder: string, written: WrittenRevocations | undefined): Promise<boolean>;
}

export type WrittenRevocations = { version: number; before: number | undefined; dropped: readonly string[] };

/** Sent, refused for good, or free to be claimed again: `releaseOf` is the `claimedAt` of the claim. */
export type Settlement = { sentAt: number } | { failure: string } | { releaseOf: number };

export type OutgoingMail = { to: string; subject: string; text: string; html: string };
export interface Mail {
  /** @throws DeliveryRefused (channel.ts) when the service will never take this mail; anything else may be tried again. */
  send(mail: OutgoingMail): Promise<void>;
}

export type SessionCredentials = {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiresAt: number;
};
export interface Sts {
  /** @throws Problem `aws-refused` (with the usual causes) or `try-again`; never AWS's own words */
  assumeRole(input: AssumeRoleInput): Promise<SessionCredentials>;
  /** Only whether STS allows it, and when the session would have expired. The credentials do not leave the adapter. Never throws. */
  tryRole(input: TrialInput): Promise<Tried & { expiresAt?: number }>;
}
export interface SignIn {
  /** Exchanges credentials for a sign-in token at the federation endpoint of `partition`. @throws Problem `aws-refused` or `try-again` */
  token(partition: string, credentials: SessionCredentials): Promise<string>;
}
/** A role whose sessions are denied, and the way into its account. */
export type RevokedRole = { arn: string; revoker: string; externalId: string };
export interface Iam {
  /**
   * Puts the role's revocation policy in place of the one it has; without a policy takes it away. `gone`: the role is, and its sessions can do
   * nothing; `full`: IAM has no room for it.
   * @throws RevocationRefused (revocation-refused.ts) when IAM will never take it; Problem `try-again`
   */
  setRevocations(role: RevokedRole, policy: PolicyDocument | undefined): Promise<'written' | 'gone' | 'full'>;
  /** Only whether a revoker can be entered, with and without its external id, and whether it may change each of the roles. Changes nothing. Never throws. */
  tryRevoker(
    way: Omit<RevokedRole, 'arn'>,
    roles: readonly string[],
  ): Promise<{
    entered: Tried;
    withoutExternalId: Tried /** one for each role, in their order; none where the revoker was not entered */;
    deletes: Tried[];
  }>;
}
export interface Tickets {
  /** Asks a validator of the catalogue about a ticket. What is no answer in its form, for whatever cause, is `unreachable`. */
  check(validator: TicketValidator, question: TicketQuestion): Promise<TicketAnswer>;
}
