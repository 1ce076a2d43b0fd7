// One run of the doctor: finds the operator's account, reads what can be read from there, and judges it.
import { type CatalogueData, openCatalogue } from '../lib/catalogue/catalogue.ts';
import { rolesIn } from '../lib/catalogue/role-template.ts';
import { version } from '../lib/common/version.ts';
import { catalogueDigest } from '../lib/target/probe.ts';
import { type Target, targetOf } from '../lib/target/target.ts';
import { type Clients, callerOf, type Place } from './clients.ts';
import { type Code, type Finding, notChecked } from './codes.ts';
import type { TargetFacts } from './facts.ts';
import { judgeClock, judgeHub } from './judge-hub.ts';
import { judgeProbes } from './judge-probes.ts';
import { judgeTargetAccount } from './judge-target.ts';
import { readHub, readProbes } from './read-hub.ts';
import { enterToRead, readTarget } from './read-target.ts';
import type { Seen } from './seen.ts';

export type Question = {
  /** the hub's account (default: the operator's account, if it is not in the catalogue) */
  hub?: string;
  stage: string;
  organization?: string;
  /** key of the only account to check (default: all) */
  account?: string;
  /** path and name of a role in each target account that may read IAM */
  targetRole?: string;
  place: Place;
};
export type Section = { title: string; findings: Finding[] };
export type Diagnosis = { stage: string; region: string; hub: string | undefined; caller: string; sections: Section[] };

/** The operator's account is neither the hub nor in the catalogue. */
export class Lost extends Error {}

/**
 * @param clients with the operator's credentials
 * @param clock of this machine, epoch milliseconds
 * @throws Lost; errors of the SDK if there are no credentials or AWS rejects them
 */
export async function diagnose(
  question: Question,
  catalogue: CatalogueData,
  clients: Clients,
  clock: () => number,
): Promise<Diagnosis> {
  const region = await clients.sts.config.region();
  const caller = await callerOf(clients, clock);
  const { isHub, hub, standing } = placeOf(question, catalogue, caller.account);
  const keys = accountsOf(question, catalogue, isHub || question.targetRole !== undefined ? undefined : standing);
  const partition = caller.arn.split(':')[1] ?? 'aws';
  const values = {
    stage: question.stage,
    region,
    partition,
    hub: hub ?? 'HUB',
    organization: organizationText(question.organization),
  };
  const digest = catalogueDigest(openCatalogue(catalogue));
  const visited = await inOrder(keys, async (key): Promise<Section> => {
    const account = catalogue.accounts[key]!;
    const named = { ...values, account: key, accountId: account.id };
    const expected = { catalogue: digest, version, hasRevoker: account.revoker };
    const tried = isHub
      ? judgeProbes(await readProbes(clients, question.stage, key), expected, named)
      : [notChecked('enter', key, elsewhere(hub))];
    const { isSeen, findings } = await installed(
      question,
      catalogue,
      { key, hub, isIn: standing.includes(key) },
      clients,
      named,
    );
    return { title: `${key} ${account.id}`, findings: [...(isSeen ? tried.map(seenBelow) : tried), ...findings] };
  });
  const here = [
    judgeClock(caller.aheadMs, values),
    ...(isHub ? judgeHub(await readHub(clients, question.stage), values) : []),
  ];
  const sections = [{ title: isHub ? `hub ${caller.account}` : 'here', findings: here }, ...visited];
  return { stage: question.stage, region, hub, caller: caller.arn, sections: ofTheHub(sections) };
}

// --- internal ---

const elsewhere = (hub: string | undefined) =>
  `only the hub's functions can check this: run the doctor with credentials of the hub${hub ? ` ${hub}` : ''} as well`;

const AT_ONCE = 4;

async function inOrder<Item, Result>(items: readonly Item[], run: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let i = 0; i < items.length; i += AT_ONCE)
    results.push(...(await Promise.all(items.slice(i, i + AT_ONCE).map(run))));
  return results;
}

function placeOf({ hub, account, targetRole }: Question, { accounts }: CatalogueData, caller: string) {
  const standing = Object.keys(accounts).filter((key) => accounts[key]!.id === caller);
  const isHub = hub === undefined ? standing.length === 0 : hub === caller;
  if (!isHub && standing.length === 0)
    throw new Lost(
      `Your credentials are for account ${caller}, which is neither the hub ${hub} nor an account in the catalogue.`,
    );
  if (!isHub && account !== undefined && targetRole === undefined && !standing.includes(account))
    throw new Lost(
      `Your credentials are for account ${caller} (${standing.join(', ')}). To check ${account}, use credentials of ${accounts[account]?.id} or of the hub.`,
    );
  return { isHub, hub: isHub ? caller : hub, standing };
}

/** The accounts to check, in the catalogue's order: accounts with roles, limited to the chosen one or the operator's. */
function accountsOf(
  { account }: Question,
  catalogue: CatalogueData,
  standing: readonly string[] | undefined,
): string[] {
  const used = new Set([...rolesIn(catalogue)].map((role) => role.account));
  const chosen = account === undefined ? standing : [account];
  return Object.keys(catalogue.accounts).filter(
    (key) => used.has(key) && (chosen === undefined || chosen.includes(key)),
  );
}

type There = { key: string; hub: string | undefined; isIn: boolean };

async function installed(
  question: Question,
  catalogue: CatalogueData,
  { key, hub, isIn }: There,
  clients: Clients,
  values: Record<string, string>,
) {
  const hubOf = (organization: string | undefined) => ({ accountId: hub, stage: question.stage, organization });
  const target = targetOf(catalogue, key, hubOf(question.organization));
  const reading = await readingOf(question, target, isIn, clients);
  // a template generated for an organisation is stricter; the probes of the hub's functions show whether it accepts the hub
  const organization = question.organization ?? (reading.is === 'there' ? organizationIn(reading.value) : undefined);
  const named = { ...values, organization: organizationText(organization) };
  const findings = judgeTargetAccount(reading, targetOf(catalogue, key, hubOf(organization)), named);
  const isSeen = reading.is === 'there';
  if (hub !== undefined || !isSeen) return { isSeen, findings };
  return {
    isSeen,
    findings: findings.map((finding) =>
      namesTheHub.has(finding.code) ? notChecked(finding.code, finding.about, hubIsMissing) : finding,
    ),
  };
}

/** If both sides are visible, the findings in the account also fix the findings of the hub's probes. */
function seenBelow(finding: Finding): Finding {
  const { plan, ...rest } = finding;
  if (!plan || aboutFunctions.has(finding.code)) return finding;
  return {
    ...rest,
    fix: "See the findings about the role below. If there are none, a policy of the organisation or the policy of the hub's role denies it.",
  };
}

/** Checks that require the hub's account ID. */
const namesTheHub = new Set<Code>(['role-trust', 'revoker-role']);
const hubIsMissing = 'requires the account ID of the hub: pass --hub with 12 digits';

const organizationText = (organization: string | undefined): string =>
  organization ? ` --organization ${organization}` : '';

async function readingOf(
  { targetRole, place }: Question,
  target: Target,
  isIn: boolean,
  clients: Clients,
): Promise<Seen<TargetFacts>> {
  if (isIn) return { is: 'there', value: await readTarget(clients, target) };
  if (targetRole === undefined)
    return {
      is: 'hidden',
      why: `to check the installed roles, use credentials of ${target.account.id}, or pass a role there that may read IAM with --target-role`,
    };
  const entered = await enterToRead(clients, place, target.account, targetRole);
  return entered.is === 'there' ? { is: 'there', value: await readTarget(entered.value, target) } : entered;
}

/** The organisation that the first trust policy requires. */
function organizationIn({ roles }: TargetFacts): string | undefined {
  const [first] = Object.values(roles);
  const text = first?.role.is === 'there' ? JSON.stringify(first.role.value.trust) : '';
  return /"aws:PrincipalOrgID":"(o-[a-z0-9]{10,32})"/.exec(text)?.[1];
}

/** Findings about the hub's functions, which every account repeats; they are shown once, in the section of the hub. */
const aboutFunctions = new Set<Code>(['probe', 'catalogue', 'version', 'clock-hub']);

function ofTheHub([hub, ...accounts]: readonly Section[]): Section[] {
  const isOfHub = ({ code }: Finding) => aboutFunctions.has(code);
  // a missing function is already reported
  const isNews = ({ code, about }: Finding) =>
    code !== 'probe' || !hub?.findings.some((finding) => finding.level === 'finding' && finding.about === about);
  const lines = new Map(
    accounts
      .flatMap(({ findings }) => findings.filter(isOfHub).filter(isNews))
      .map((finding) => [JSON.stringify(finding), finding]),
  );
  const rest = accounts.map(({ title, findings }) => ({
    title,
    findings: findings.filter((finding) => !isOfHub(finding)),
  }));
  return hub ? [{ ...hub, findings: [...hub.findings, ...lines.values()] }, ...rest] : rest;
}
