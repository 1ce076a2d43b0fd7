// What there is to know about a deployment and a target account, as it was read and before anybody judged it.
import type { RevokerProbe, TargetProbe, Unknown } from '../lib/target/probe.ts';
import type { Seen } from './seen.ts';

/** The functions that the doctor looks at. */
export const watched = ['issue-session', 'revoke-sessions', 'notify'] as const;
export type Watched = (typeof watched)[number];
/** Those that read the table's stream. */
export const consumers = ['notify', 'revoke-sessions'] as const;
export type Consumer = (typeof consumers)[number];

/** ARNs, names and texts as AWS gives them. */
export type FunctionFacts = { role: string; environment: Readonly<Record<string, string>> };
export type MappingFacts = { uuid: string; state: string; responses: readonly string[]; onFailure?: string };
export type TableFacts = {
  keys: readonly string[];
  /** name -> its keys, and what of an item it shows */
  indexes: Readonly<Record<string, { keys: readonly string[]; projection: string }>>;
  /** view type of its stream, or `off`; undefined where nothing was said about it */
  stream?: string;
  /** undefined where nothing was said about it */
  isProtected?: boolean;
  /** with a key of KMS; undefined where nothing was said about it */
  isEncrypted?: boolean;
};
/** What a function answered to a probe; `failed` is an error of its own. */
export type Answer<Probe> = Probe | Unknown | { error: 'failed' | 'not-a-probe' };

export type HubFacts = {
  functions: Readonly<Record<Watched, Seen<FunctionFacts>>>;
  tableName: string;
  table: Seen<TableFacts>;
  ttl: Seen<{ attribute: string; isOn: boolean }>;
  recovery: Seen<{ isOn: boolean }>;
  mappings: Readonly<Record<Consumer, Seen<readonly MappingFacts[]>>>;
  /** address and domain that may send; undefined where nobody knows the sender */
  sender: { address: string; domain: string } | undefined;
  /** identities that SES has verified */
  verified: Seen<readonly string[]>;
  /** name of the configuration set by which the sender's identity sends, or '' for none; missing without such an identity */
  defaultSet: Seen<string>;
  /** that set; undefined where there is none or nobody knows it */
  configurationSet: Seen<{ isSending: boolean; tracksClicks: boolean }> | undefined;
  sending: Seen<{ isOn: boolean }>;
  quota: Seen<{ max24Hours: number }>;
};
export type ProbeFacts = { target: Seen<Answer<TargetProbe>>; revoker: Seen<Answer<RevokerProbe>> };

export type RoleFacts = { arn: string; trust: unknown; maxSessionDuration: number; boundary?: string };
export type InlineFacts = ReadonlyArray<{ name: string; characters: number }>;
export type TargetFacts = {
  /** by ARN, as the catalogue has it */
  roles: Readonly<Record<string, { role: Seen<RoleFacts>; inline: Seen<InlineFacts> }>>;
  /** by name */
  boundaries: Readonly<Record<string, Seen<unknown>>>;
  /** undefined where the catalogue wants none */
  revoker?: { role: Seen<RoleFacts>; policy: Seen<unknown> };
};

/** Everything about one account of the catalogue. `reading` is hidden as a whole where nobody could stand in the account. */
export type AccountFacts = { key: string; probes?: ProbeFacts; reading: Seen<TargetFacts> };
export type Facts = {
  /** milliseconds by which this machine's clock is ahead of AWS's */
  aheadMs: number;
  hub: Seen<HubFacts>;
  /** in the catalogue's order */
  accounts: readonly AccountFacts[];
};
