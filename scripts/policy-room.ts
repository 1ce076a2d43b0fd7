// Makes what a function may do fit into what IAM takes: in its role, in managed policies beside it, or by path under the organisation.
import { inAnyAccount, inlineLimit, managedLimit, managedPerRole } from '../lib/session/iam.ts';

/** As much of a statement as matters here. `Assume` is the one that lists the roles of other accounts. */
type Listing = { Sid?: string | undefined; Resource?: unknown };
/** `inline`: the statements of the role's own policy; `managed`: those of each managed policy beside it. */
export type Fitted<Statement> = { inline: Statement[]; managed: Statement[][]; error?: undefined } | { error: string };

/**
 * The statements as they fit. A list of roles that is too long for the role itself is spread over managed policies, each account still by its number.
 * Where even those are too few, the organisation stands in the place of the list: the same paths, in every account that is in it.
 * @param organization that every target account is in; empty if there is none
 */
export function fitted<Statement extends Listing>(
  name: string,
  statements: readonly Statement[],
  organization: string,
): Fitted<Statement> {
  if (sizeOf(statements) <= inlineLimit) return { inline: [...statements], managed: [] };
  const assume = statements.find(({ Sid }) => Sid === 'Assume');
  const others = statements.filter((statement) => statement !== assume);
  if (!assume || sizeOf(others) > inlineLimit)
    return { error: `The policy of ${name} has ${sizeOf(statements)} characters; IAM takes ${inlineLimit}.` };
  const roles = assume.Resource as readonly string[];
  const managed = spread(roles, (some) => ({ ...assume, Resource: some }));
  if (managed.length <= managedPerRole) return { inline: others, managed: managed.map((statement) => [statement]) };
  const listed = `To name what ${name} may enter, ${roles.length} roles or paths in target accounts, takes ${managed.length} managed policies of ${managedLimit} characters; IAM lets a role have ${managedPerRole}.`;
  if (organization === '')
    return {
      error: `${listed} If every target account is in one organization, give organization=o-...: it then stands in the place of the list.`,
    };
  const inline = statements.map((statement) =>
    statement === assume ? { ...assume, Resource: inAnyAccount(roles) } : statement,
  );
  if (sizeOf(inline) > inlineLimit)
    return {
      error: `${listed} Without account numbers it is still too long: let roleName in the catalogue share fewer paths, such as latchkey/.`,
    };
  return { inline, managed: [] };
}

/** How many characters IAM counts in a policy of these statements, at most: what CloudFormation fills in is taken at its longest. */
export const sizeOf = (statements: readonly unknown[]): number =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements }, (_key, value: unknown) => filledIn(value)).length;

// --- internal ---

/** As few statements as will do, each small enough for a managed policy, roles in their order. */
function spread<Statement>(roles: readonly string[], statementOf: (roles: string[]) => Statement): Statement[] {
  const lists: string[][] = [];
  for (const role of roles) {
    const last = lists.at(-1);
    if (last && sizeOf([statementOf([...last, role])]) <= managedLimit) last.push(role);
    else lists.push([role]);
  }
  return lists.map(statementOf);
}

/** The longest of each that there is today. */
const longest: Record<string, string> = {
  'AWS::Partition': 'aws-us-gov',
  'AWS::Region': 'ap-southeast-1',
  'AWS::AccountId': '123456789012',
};
/** Longer than any ARN of the hub's own. */
const anyArn = 'x'.repeat(200);

function filledIn(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  const [[intrinsic, argument] = []] = Object.entries(value);
  if (intrinsic === 'Fn::Sub')
    return String(argument).replace(/\$\{([^}]+)\}/g, (_, name: string) => longest[name] ?? anyArn);
  return intrinsic === 'Fn::GetAtt' || intrinsic === 'Ref' ? anyArn : value;
}
