// Judges the facts about a hub. Pure: facts in, findings out, in the order of the checks.
import { projectionOf, tableDefinition } from '../lib/aws/table.ts';
import { type Code, type Finding, failed, fine, notChecked, type Values } from './codes.ts';
import { type Consumer, consumers, type HubFacts, type TableFacts, watched } from './facts.ts';
import type { Seen } from './seen.ts';

/** Judges one value: returns what is wrong with it, or undefined. */
type Judge<Value> = (value: Value) => string | undefined;

/** @param values for the texts of the codes: stage, region, hub */
export function judgeHub(hub: HubFacts, values: Values): Finding[] {
  return [
    ...watched.flatMap((name) => judgeFunction(hub, name, values)),
    ...judgeTable(hub, { ...values, table: hub.tableName }),
    ...consumers.flatMap((name) => judgeConsumer(hub, name, values)),
    ...judgeMail(hub, values),
  ];
}

/** One check of a fact that may be missing or hidden. */
function judge<Value>(
  code: Code,
  about: string,
  seen: Seen<Value>,
  wrong: Judge<Value>,
  well: (value: Value) => string,
  values: Values,
): Finding {
  if (seen.is === 'hidden') return notChecked(code, about, seen.why, seen.permission);
  if (seen.is === 'missing') return failed(code, about, 'not found', values);
  const told = wrong(seen.value);
  return told === undefined ? fine(code, about, well(seen.value)) : failed(code, about, told, values);
}

// -- functions and clocks ---------------------------------------------------------------------------------------------

function judgeFunction({ functions }: HubFacts, name: (typeof watched)[number], values: Values): Finding[] {
  const full = `latchkey-${values.stage}-${name}`;
  const here = functions[name];
  const found = judge(
    'functions',
    full,
    here,
    () => undefined,
    () => 'deployed',
    values,
  );
  if (name === 'notify' || here.is !== 'there') return [found];
  const expected = `role/${full}`;
  const isExpected = ({ role }: { role: string }) => role.endsWith(`:${expected}`);
  return [
    found,
    judge(
      'function-role',
      full,
      here,
      (value) => (isExpected(value) ? undefined : `runs as ${value.role}`),
      () => `runs as ${expected}`,
      { ...values, expected, name: full, roleArn: `arn:${values.partition}:iam::${values.hub}:${expected}` },
    ),
  ];
}

const clockLimit = 60_000;

/** @param aheadMs how many milliseconds this machine's clock is ahead of AWS's */
export function judgeClock(aheadMs: number, values: Values): Finding {
  const about = "this machine's clock";
  if (Math.abs(aheadMs) <= clockLimit) return fine('clock-here', about, "within a minute of AWS's");
  return failed(
    'clock-here',
    about,
    `${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs < 0 ? 'behind' : 'ahead of'} AWS's`,
    values,
  );
}

// -- table -----------------------------------------------------------------------------------------------------------

function judgeTable({ tableName, table, ttl, recovery }: HubFacts, values: Values): Finding[] {
  const there = judge(
    'table',
    tableName,
    table,
    () => undefined,
    () => 'exists',
    values,
  );
  if (table.is === 'missing') return [there];
  const apart = [
    judge(
      'table-ttl',
      tableName,
      ttl,
      ({ isOn, attribute }) => (isOn && attribute === 'ttl' ? undefined : isOn ? `deletes by ${attribute}` : 'is off'),
      () => 'deletes expired items by ttl',
      values,
    ),
    judge(
      'table-recovery',
      tableName,
      recovery,
      ({ isOn }) => (isOn ? undefined : 'point-in-time recovery is off'),
      () => 'point-in-time recovery is on',
      values,
    ),
  ];
  return table.is === 'hidden'
    ? [there, ...apart]
    : [there, ...judgeDescription(tableName, table.value, values), ...apart];
}

function judgeDescription(name: string, table: TableFacts, values: Values): Finding[] {
  const { keys, stream, isProtected, isEncrypted } = table;
  const as = (code: Code, wrong: string | undefined, well: string) =>
    wrong === undefined ? fine(code, name, well) : failed(code, name, wrong, values);
  const unsaid = (code: Code) => notChecked(code, name, 'this endpoint does not report it');
  const flag = (code: Code, value: boolean | undefined, isOff: string, isOn: string) =>
    value === undefined ? unsaid(code) : as(code, value ? undefined : isOff, isOn);
  return [
    as('table-keys', keys.join() === 'pk HASH' ? undefined : `its key is ${keys.join(', ')}`, 'its key is pk'),
    as('table-indexes', wrongIndexes(table), 'all indexes exist'),
    stream === undefined
      ? unsaid('table-stream')
      : as(
          'table-stream',
          stream === 'NEW_AND_OLD_IMAGES' ? undefined : `its stream is ${stream}`,
          'new and old images',
        ),
    flag('table-protection', isProtected, 'deletion protection is off', 'deletion protection is on'),
    flag('table-encryption', isEncrypted, 'not encrypted with a KMS key', 'encrypted with a KMS key'),
  ];
}

function wrongIndexes({ indexes }: TableFacts): string | undefined {
  const wanted = tableDefinition('x').GlobalSecondaryIndexes;
  const errors = wanted.flatMap(({ IndexName: name, KeySchema, Projection }) => {
    const keys = KeySchema.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`).join();
    const found = indexes[name];
    if (!found) return [`${name} is missing`];
    if (found.keys.join() !== keys) return [`${name} has the key ${found.keys.join(', ')}`];
    return found.projection === projectionOf(Projection) ? [] : [`${name} is ${found.projection}`];
  });
  return errors.length > 0 ? errors.join('; ') : undefined;
}

// -- stream and email ------------------------------------------------------------------------------------------------

function judgeConsumer({ mappings }: HubFacts, name: Consumer, given: Values): Finding[] {
  const full = `latchkey-${given.stage}-${name}`;
  const seen = mappings[name];
  const [mapping] = seen.is === 'there' ? seen.value : [];
  const values = { ...given, uuid: mapping?.uuid ?? 'UUID' };
  const reads = judge(
    'consumer',
    full,
    seen,
    () =>
      mapping
        ? mapping.state === 'Enabled'
          ? undefined
          : `its event source mapping is ${mapping.state}`
        : 'it has no event source mapping',
    () => 'reads the stream',
    values,
  );
  if (!mapping) return [reads];
  return [
    reads,
    mapping.responses.includes('ReportBatchItemFailures')
      ? fine('consumer-partial', full, 'ReportBatchItemFailures')
      : failed('consumer-partial', full, 'a batch fails as a whole', values),
    mapping.onFailure === undefined
      ? failed('consumer-dead-letters', full, 'no destination on failure', values)
      : fine('consumer-dead-letters', full, mapping.onFailure.slice(mapping.onFailure.lastIndexOf(':') + 1)),
  ];
}

/** Emails in 24 hours in the sandbox (botocore ses, GetSendQuota). */
const sandboxQuota = 200;

function judgeSet({ sender, verified, defaultSet, configurationSet }: HubFacts, given: Values): Finding[] {
  if (!sender) return [];
  const { address, domain } = sender;
  const code = 'configuration-set';
  if (defaultSet.is === 'hidden') return [notChecked(code, address, defaultSet.why, defaultSet.permission)];
  if (defaultSet.is === 'missing' || !configurationSet)
    return [fine(code, address, 'has no default configuration set')];
  const isOfAddress = verified.is === 'there' && verified.value.includes(address);
  const values = { ...given, sender: address, domain, identity: isOfAddress ? address : domain };
  const name = defaultSet.value;
  return configurationSet.is === 'missing'
    ? [failed(code, name, 'does not exist', values)]
    : [judge(code, name, configurationSet, wrongSet, () => 'sends, and does not track clicks', values)];
}

const wrongSet: Judge<{ isSending: boolean; tracksClicks: boolean }> = ({ isSending, tracksClicks }) => {
  if (!isSending) return 'sending is paused';
  return tracksClicks ? 'tracks clicks' : undefined;
};

function judgeMail(facts: HubFacts, values: Values): Finding[] {
  const {
    functions: { notify },
    sender,
    verified,
    sending,
    quota,
  } = facts;
  const { address, domain } = sender ?? { address: 'the sender', domain: '' };
  return [
    sender === undefined
      ? notChecked(
          'sender',
          'SES',
          'only the function notify knows the sender',
          notify.is === 'hidden' ? notify.permission : undefined,
        )
      : judge(
          'sender',
          address,
          verified,
          (identities) =>
            identities.includes(address) || identities.includes(domain)
              ? undefined
              : `neither ${address} nor ${domain} is verified`,
          (identities) => `${identities.includes(domain) ? domain : address} is verified`,
          { ...values, sender: address, domain },
        ),
    ...judgeSet(facts, values),
    judge(
      'sending',
      'SES',
      sending,
      ({ isOn }) => (isOn ? undefined : 'sending is paused'),
      () => 'sending is on',
      values,
    ),
    judge(
      'sandbox',
      'SES',
      quota,
      ({ max24Hours }) =>
        max24Hours === sandboxQuota ? '200 emails in 24 hours, the quota of the sandbox' : undefined,
      ({ max24Hours }) => `${max24Hours < 0 ? 'any number of' : max24Hours.toLocaleString('en')} emails in 24 hours`,
      values,
    ),
  ];
}
