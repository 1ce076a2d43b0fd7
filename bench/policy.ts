// Policy times for 5,000 people and 500 accounts: parsing the catalogue, judging a request, listing a caller's roles; compared with a naive pass over everything.
import { type Catalogue, names, openCatalogue, type Role } from '../lib/catalogue/catalogue.ts';
import { readCatalogue } from '../lib/catalogue/file.ts';
import type { NewRequest } from '../lib/model/bodies.ts';
import { nothingCounts } from '../lib/policy/filing-context.ts';
import { judgeFiling, rolesFor } from '../lib/policy/judge.ts';
import type { Caller } from '../lib/policy/principal.ts';
import { driftDigest } from '../lib/request/drift.ts';

export const title = 'Policy at 500 accounts, 200 roles and 5,000 people';

const sizes = { accounts: 500, templates: 200, people: 5000, teams: 100 };
const now = Date.UTC(2026, 10, 23, 10);

/** Its access.yml: each template covers the 25 accounts of a team, so 200 entries are 5,000 roles. */
export function companyCatalogue(): string {
  const { accounts, templates, people, teams } = sizes;
  const each = (count: number, line: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i)).join('\n');
  const mail = (i: number) => `person-${i}@example.com`;
  return `version: 1
accounts:
${each(accounts, (i) => `  account-${i}: { id: "${100_000_000_000 + i}", name: Account ${i}, externalId: lk-9f2c6c1e4b7a4d5f8a3e${i}, tags: { env: production, team: t${i % 20} }, path: /Workloads/Team${i % 20}, owner: [${mail(i)}] }`)}
people:
${each(people, (i) => `  - { email: ${mail(i)}, name: Person ${i}, principals: ["arn:aws:iam::222222222222:user/person-${i}"] }`)}
groups:
${each(teams, (i) => `  team-${i}: [${Array.from({ length: people / teams }, (_, j) => mail(i * (people / teams) + j)).join(', ')}]`)}
  suspended: [${mail(7)}]
roles:
${each(
  templates,
  (i) => `  role-${i}:
    accounts: { tags: { team: t${i % 20} } }
    roleName: latchkey/Role${i}
    description: Role ${i}
    requesters: [group:team-${i % teams}]
    deny: [group:suspended]
    approval: { stages: [{ approvers: [group:team-${(i + 1) % teams}], need: 2 }, { approvers: [owner], fallback: [group:team-${(i + 2) % teams}] }] }
    duration: { default: 1h, max: 8h }
    hours: { timeZone: Europe/Berlin, days: [mon, tue, wed, thu, fri], from: "08:00", to: "18:00" }
    networks: [10.0.0.0/8]`,
)}
`;
}

/** CPU time of this thread in milliseconds, so that other programs do not count. */
const worked = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

/** The best of several runs, in milliseconds. */
function best(runs: number, work: () => void): number {
  const times = Array.from({ length: runs }, () => {
    const begun = worked();
    work();
    return worked() - begun;
  });
  return Math.min(...times);
}

/** rolesFor without an index. */
const naive = (catalogue: Catalogue, caller: Caller): Role[] => {
  const who = { identities: [...caller.person.identities, caller.principal], groups: caller.groups };
  return [...catalogue.roles.values()].filter((role) => names(role.requesters, who) && !names(role.deny, who));
};

export async function measure(): Promise<string> {
  const text = companyCatalogue();
  const first = worked();
  const { data } = readCatalogue(text);
  const cold = worked() - first;
  if (!data) throw new Error('the generated catalogue is not valid');
  const parse = Math.min(
    cold,
    best(4, () => readCatalogue(text)),
  );
  const open = best(5, () => openCatalogue(data));
  const catalogue = openCatalogue(data);
  // the digest is cached with the data, so each run uses new data
  const drift = best(5, () => driftDigest({ ...catalogue, data: { ...data } }));

  const callers = Array.from({ length: 500 }, (_, i): Caller => {
    const person = catalogue.people.get(`person-${i * 10}@example.com`)!;
    return {
      kind: 'person',
      principal: person.key,
      person,
      groups: catalogue.groupsOf.get(person.key) ?? [],
      via: 'oidc',
      mfa: false,
      sourceIp: '10.1.2.3',
    };
  });
  const bodies = callers.map((caller) => ({
    role: rolesFor(catalogue, caller)[0]!.id,
    reason: 'Look at the failing nightly export',
  }));
  const filingBy = (caller: Caller, body: NewRequest) => ({
    ...{ catalogue, caller, requester: caller.person, body, now },
    ...nothingCounts,
  });
  const judge =
    best(20, () => callers.forEach((caller, i) => void judgeFiling(filingBy(caller, bodies[i]!)))) / callers.length;
  const list = best(20, () => callers.forEach((caller) => void rolesFor(catalogue, caller))) / callers.length;
  const pass = best(3, () => callers.forEach((caller) => void naive(catalogue, caller))) / callers.length;
  if (callers.some((caller) => rolesFor(catalogue, caller).length !== naive(catalogue, caller).length))
    throw new Error('the index and the naive pass differ');

  const row = (what: string, ms: number, bound: string, note: string) =>
    `| ${what} | ${ms < 1 ? `${(ms * 1000).toFixed(1)} us` : `${ms.toFixed(0)} ms`} | ${bound} | ${note} |`;
  const within = (ms: number, bound: number) => {
    if (ms > bound) throw new Error(`${ms} ms is more than ${bound} ms`);
    return ms;
  };
  return [
    `${catalogue.roles.size.toLocaleString('en')} roles from ${sizes.templates} templates; ${(text.length / 1024).toFixed(0)} KiB of YAML.`,
    '',
    '| | time | bound | |',
    '|---|---|---|---|',
    row(
      'read and check the YAML, with line numbers and warnings',
      within(parse, 1000),
      '1 s',
      `the first run of the process: ${cold.toFixed(0)} ms`,
    ),
    row('open the compiled catalogue, as a function does at its start', open, '', ''),
    row(
      'check whether the catalogue has changed, as the first sweep of an instance does',
      drift,
      '',
      'later sweeps remember it',
    ),
    row('judge one filing, every rule explained', within(judge, 0.1), '100 us', ''),
    row(
      'the roles of one caller',
      within(list, 5),
      '5 ms',
      `iterating over all roles takes ${(pass / list).toFixed(0)} times as long`,
    ),
  ].join('\n');
}
