// Evaluates trust policies as IAM does, for the principals, operators and keys that Latchkey writes.
import type { PolicyDocument, Statement } from '../../lib/session/iam.ts';
import type { AssumeRoleCall } from './sts-limits.ts';

/** Tags and a source identity require their own permissions in addition to sts:AssumeRole (iam-ug, id_session-tags). */
export function letsIn(trust: PolicyDocument, principal: string, call: AssumeRoleCall): boolean {
  const { Tags = [], SourceIdentity } = call;
  const actions = [
    'sts:AssumeRole',
    ...(Tags.length > 0 ? ['sts:TagSession'] : []),
    ...(SourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
  ];
  const context = contextOf(call);
  return actions.every((action) => trust.Statement.some((statement) => allows(statement, action, principal, context)));
}

type Context = ReadonlyMap<string, readonly string[]>;

function contextOf({ ExternalId, SourceIdentity, RoleSessionName, Tags = [] }: AssumeRoleCall): Context {
  const given: Array<[string, string[] | undefined]> = [
    ['sts:ExternalId', ExternalId === undefined ? undefined : [ExternalId]],
    ['sts:SourceIdentity', SourceIdentity === undefined ? undefined : [SourceIdentity]],
    ['sts:RoleSessionName', [RoleSessionName ?? '']],
    ['aws:TagKeys', Tags.length > 0 ? Tags.map(({ Key }) => Key) : undefined],
    ...Tags.map(({ Key, Value }): [string, string[]] => [`aws:RequestTag/${Key}`, [Value]]),
  ];
  return new Map(given.flatMap(([key, values]) => (values ? [[key, values]] : [])));
}

function allows(
  { Effect, Action, Principal, Condition = {} }: Statement,
  action: string,
  principal: string,
  context: Context,
): boolean {
  if (Effect !== 'Allow') throw new Error('the emulator evaluates only Allow statements in trust policies');
  if (![Action].flat().includes(action) || !isSame(String(Principal?.AWS), principal)) return false;
  return Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => holds(operator, context.get(key), [wanted].flat().map(String))),
  );
}

/** The emulated hub exists in every partition. */
const isSame = (a: string, b: string): boolean => a.split(':').slice(2).join(':') === b.split(':').slice(2).join(':');

/** @throws Error for an operator that Latchkey does not use, because no answer is better than an incorrect one */
function holds(operator: string, given: readonly string[] | undefined, wanted: readonly string[]): boolean {
  if (operator === 'Null') return wanted.includes(String(given === undefined));
  if (operator === 'ForAllValues:StringEquals') return (given ?? []).every((value) => wanted.includes(value));
  if (operator === 'StringEquals') return given !== undefined && wanted.includes(given[0]!);
  if (operator === 'StringLike') return given !== undefined && wanted.some((pattern) => like(pattern).test(given[0]!));
  throw new Error(`the emulator cannot evaluate ${operator}`);
}

const like = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    'su',
  );
