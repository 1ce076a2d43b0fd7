// The ports: everything with a side effect, as types. The core does not use them. Actions and handlers take the parts that they need.
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
  /** waits for this many milliseconds */
  pause(milliseconds: number): Promise<void>;
  log: Log;
  catalogue: Catalogue;
  /** the rules for a caller's token; the gateway has verified its signature */
  identity: Identity;
  /** base URL of the links in emails, without a trailing slash */
  baseUrl: string;
  version: string;
  store: Store;
  mail: Mail;
  sts: Sts;
  signIn: SignIn;
  iam: Iam;
  tickets: Tickets;
}

/**
 * One line of JSON per event. Codes are a closed list. Fields are ids, counts and codes, never a person's text, a credential, a link or a
 * whole event. `time` and `code` are set by the log itself.
 */
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
  /** `role`: an entry of the catalogue; the roles of a template share one list */
  | { by: 'pending'; role: string }
  /** every request, of the last 13 months */
  | { by: 'time'; now: number };
/** `digest`: of the catalogue that was used; `after`: the last checked id, if the check is incomplete; `at`: epoch milliseconds. */
export type Look = { digest: string; at: number; after?: string };

export interface Store {
  /** Strongly consistent. */
  get(id: string): Promise<RequestRecord | undefined>;
  /** Strongly consistent, at most 100, in the requested order. Missing requests are left out. */
  getMany(ids: readonly string[]): Promise<RequestRecord[]>;
  /**
   * Stores a new request together with the ledgers that count it, all or nothing. `lost`: a ledger or the blocks have changed since they
   * were read. A request: the one that already has this id.
   * @param blocks version of the blocks by which it was judged
   */
  create(
    record: RequestRecord,
    ledgers: readonly Ledger[],
    blocks?: number,
  ): Promise<'created' | 'lost' | RequestRecord>;
  /** The ledgers of a person, a role or a bot; version 0 for an empty one. Strongly consistent, in the requested order. */
  ledgers(keys: readonly LedgerKey[]): Promise<Ledger[]>;
  /**
   * Writes `next` only while the stored version is `version`; false if it no longer is.
   * @param yieldsAt also false while the request is marked as being ended at this time, see `markEnding`
   */
  replace(next: RequestRecord, version: number, yieldsAt?: number): Promise<boolean>;
  /** Marks a request as being ended until this time, in epoch milliseconds: yielding writes do not replace it. The next replacement removes the mark. */
  markEnding(id: string, until: number): Promise<void>;
  /**
   * A person's requests from the index, with the time until which each is or was open. Oldest first, eventually consistent.
   * @param since epoch milliseconds (default: as far back as a request can be open)
   */
  requestsOf(person: string, now: number, since?: number): Promise<OpenRequest[]>;
  /** A page of positions, newest first, strictly after `after`; eventually consistent. */
  list(index: ListIndex, limit: number, after?: Position): Promise<Position[]>;
  /** Ids whose due time is not after `now`, oldest first; eventually consistent. */
  due(now: number, limit: number): Promise<string[]>;
  /** Ids of all requests that the sweep still has to process, which includes all open ones. Eventually consistent. */
  openIds(): Promise<string[]>;
  /** How far the last look for leavers got. Strongly consistent. */
  lastLook(): Promise<Look | undefined>;
  saveLook(look: Look): Promise<void>;
  /** The blocks. Strongly consistent. */
  blocks(): Promise<Blocks>;
  /** The blocks, eventually consistent, for checks that are repeated later. */
  recentBlocks(): Promise<Blocks>;
  /** Writes the blocks only while the stored version is the one before; false if it no longer is. */
  replaceBlocks(next: Blocks): Promise<boolean>;
  /** The person of a token's subject, by the subject's digest. Eventually consistent; `bindIdentity` finds a binding that it misses. */
  getIdentity(id: string): Promise<Binding | undefined>;
  /** Binds a subject to a person unless it is bound already. Returns the binding that is in force. */
  bindIdentity(binding: Binding): Promise<Binding>;
  /** The subjects bound to a person under this key, oldest first. Eventually consistent. */
  identitiesOf(person: string): Promise<Binding[]>;
  /** Releases a subject from its person, and records by whom and when. False: it was not bound. */
  releaseIdentity(id: string, by: string, at: number): Promise<boolean>;
  /** The message behind a link. Strongly consistent. */
  getMessage(requestId: string, id: string): Promise<MessageRecord | undefined>;
  /**
   * Claims a message before it is sent. `claimed`: send it. `settled`: it was sent or permanently rejected. `busy`: another process
   * claimed it after `staleBefore` and has not finished. A claim that is taken over keeps the earlier link hashes.
   */
  claimMessage(message: MessageRecord, staleBefore: number): Promise<'claimed' | 'settled' | 'busy'>;
  /** Records the result of a claimed message. The first settlement is final. `releaseOf` releases only that claim, not one that has taken over. */
  settleMessage(requestId: string, id: string, result: Settlement): Promise<void>;
  /** Adds revoked grants to a role's list: id of the request -> the latest end of its sessions. */
  addRevocations(roleArn: string, grants: ReadonlyMap<string, number>, now: number): Promise<void>;
  /** Takes or keeps the lease of a role's list and returns the list; undefined while another process holds it. One holder at a time writes to IAM. */
  leaseRevocations(roleArn: string, holder: string, now: number, until: number): Promise<RevocationList | undefined>;
  /**
   * Releases the lease. `written`: IAM now has this version of the list, without the dropped grants. undefined: nothing was written.
   * @returns false if the list has changed in the meantime, in which case the lease is kept, or if the lease was lost
   */
  releaseRevocations(roleArn: string, holder: string, written: WrittenRevocations | undefined): Promise<boolean>;
}

export type WrittenRevocations = { version: number; before: number | undefined; dropped: readonly string[] };

/** Sent, permanently rejected, or released so that it can be claimed again: `releaseOf` is the `claimedAt` of the claim. */
export type Settlement = { sentAt: number } | { failure: string } | { releaseOf: number };

export type OutgoingMail = { to: string; subject: string; text: string; html: string };
export interface Mail {
  /** @throws DeliveryRefused (channel.ts) when the service will never accept this email; other errors can be retried */
  send(mail: OutgoingMail): Promise<void>;
}

export type SessionCredentials = {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiresAt: number;
};
export interface Sts {
  /** @throws Problem `aws-refused` (with common causes) or `try-again`, never with a message of AWS */
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
   * Replaces the role's revocation policy, or removes it without a policy. `gone`: the role was deleted, so its sessions have no
   * permissions. `full`: the role's inline policies have no space left.
   * @throws RevocationRefused (revocation-refused.ts) when IAM will never accept it; Problem `try-again`
   */
  setRevocations(role: RevokedRole, policy: PolicyDocument | undefined): Promise<'written' | 'gone' | 'full'>;
  /** Whether a revoker can be assumed, with and without its external ID, and whether it may change each role. Changes nothing. Never throws. */
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
  /** Asks a validator of the catalogue about a ticket. Errors and invalid answers are `unreachable`. */
  check(validator: TicketValidator, question: TicketQuestion): Promise<TicketAnswer>;
}
