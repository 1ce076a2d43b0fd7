// The facts about a deployment and its target accounts, as read and before they are judged.
import type { RevokerProbe, TargetProbe, Unknown } from '../lib/target/probe.ts';
import type { Seen } from './seen.ts';

/** The functions that the doctor checks. */
export const watched = ['issue-session', 'revoke-sessions', 'notify'] as const;
export type Watched = (typeof watched)[number];
/** The functions that read the table's stream. */
export const consumers = ['notify', 'revoke-sessions'] as const;
export type Consumer = (typeof consumers)[number];

/** ARNs, names and texts as AWS returns them. */
export type FunctionFacts = { role: string; environment: Readonly<Record<string, string>> };
export type MappingFacts = { uuid: string; state: string; responses: readonly string[]; onFailure?: string };
export type TableFacts = {
  keys: readonly string[];
  /** name -> keys and projection */
  indexes: Readonly<Record<string, { keys: readonly string[]; projection: string }>>;
  /** view type of its stream, or `off`; undefined if the endpoint does not report it */
  stream?: string;
  /** undefined if the endpoint does not report it */
  isProtected?: boolean;
  /** encrypted with a KMS key; undefined if the endpoint does not report it */
  isEncrypted?: boolean;
};
/** A function's answer to a probe; `failed` is an error of the function itself. */
export type Answer<Probe> = Probe | Unknown | { error: 'failed' | 'not-a-probe' };

export type HubFacts = {
  functions: Readonly<Record<Watched, Seen<FunctionFacts>>>;
  tableName: string;
  table: Seen<TableFacts>;
  ttl: Seen<{ attribute: string; isOn: boolean }>;
  recovery: Seen<{ isOn: boolean }>;
  mappings: Readonly<Record<Consumer, Seen<readonly MappingFacts[]>>>;
  /** address and domain of the sender; undefined if unknown */
  sender: { address: string; domain: string } | undefined;
  /** identities that SES has verified */
  verified: Seen<readonly string[]>;
  /** name of the default configuration set of the sender's identity, or '' for none; missing without such an identity */
  defaultSet: Seen<string>;
  /** that set; undefined if there is none or it is unknown */
  configurationSet: Seen<{ isSending: boolean; tracksClicks: boolean }> | undefined;
  sending: Seen<{ isOn: boolean }>;
  quota: Seen<{ max24Hours: number }>;
};
export type ProbeFacts = { target: Seen<Answer<TargetProbe>>; revoker: Seen<Answer<RevokerProbe>> };

export type RoleFacts = { arn: string; trust: unknown; maxSessionDuration: number; boundary?: string };
export type InlineFacts = ReadonlyArray<{ name: string; characters: number }>;
export type TargetFacts = {
  /** by the ARN in the catalogue */
  roles: Readonly<Record<string, { role: Seen<RoleFacts>; inline: Seen<InlineFacts> }>>;
  /** by name */
  boundaries: Readonly<Record<string, Seen<unknown>>>;
  /** undefined if the catalogue sets revoker: false */
  revoker?: { role: Seen<RoleFacts>; policy: Seen<unknown> };
};

/** Everything about one account. `reading` is hidden as a whole without credentials for the account. */
export type AccountFacts = { key: string; probes?: ProbeFacts; reading: Seen<TargetFacts> };
export type Facts = {
  /** how many milliseconds this machine's clock is ahead of AWS's */
  aheadMs: number;
  hub: Seen<HubFacts>;
  /** in the catalogue's order */
  accounts: readonly AccountFacts[];
};
