// Figure 2: a stage that needs N approvals gets N different human beings, by whatever principals they come, and never the requester.
import { describe, expect, test } from '@jest/globals';
import { decideRequest } from '../../lib/actions/access.ts';
import { decideByLink } from '../../lib/actions/decide-by-link.ts';
import { fileRequest } from '../../lib/actions/file-request.ts';
import type { Catalogue } from '../../lib/catalogue/catalogue.ts';
import { makeLink } from '../../lib/mail/links.ts';
import type { RequestRecord } from '../../lib/model/schema.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { interleaved, randomFrom } from '../support/gates.ts';
import { catalogueFrom, codeOf, outcomeOf, signedIn, signing } from './cast.ts';
import { must, oneOf, prove, size } from './size.ts';

/** Six human beings, each with an email address, an IAM user and a role. */
const humans = [0, 1, 2, 3, 4, 5];
const identitiesOf = (human: number) => [
  `h${human}@example.com`,
  `arn:aws:iam::222222222222:user/h${human}`,
  `arn:aws:iam::222222222222:role/h${human}-server`,
];

/**
 * One company twice: `before` knows only some of the principals as their owner's, `after` has learnt of all. In between a
 * principal that nobody has named is a person of its own, as far as anybody can tell.
 */
type Company = { before: Catalogue; after: Catalogue; known: Set<string>; needs: number[] };

describe('a grant needs as many distinct approvers as the catalogue requires', () => {
  test('also if one person has several principals and the requester is an approver', async () => {
    const companies = Array.from({ length: 60 }, (_, i) => company(randomFrom(1000 + i)));
    const measured = {
      grants: 0,
      'second decisions of one person refused': 0,
      'decisions on own requests refused': 0,
      'filings refused without enough approvers': 0,
    };
    await prove(
      2,
      'approvals by people with several principals',
      size(300, 100_000),
      (seed, random) => trial(companies, seed, random, measured),
      measured,
    );
    if (process.env.LATCHKEY_SEED === undefined) expect(Math.min(...Object.values(measured))).toBeGreaterThan(0);
  }, 3_600_000);
});

async function trial(
  companies: Company[],
  seed: number,
  random: () => number,
  measured: Record<string, number>,
): Promise<undefined> {
  const { before, after, known, needs } = oneOf(random, companies);
  const app = fakeApp({ catalogue: before });
  const requester = oneOf(random, humans);
  const filing = await outcomeOf(
    fileRequest(app, callerOf(app, oneOf(random, identitiesOf(requester))), { role: 'contested', reason: 'People' }),
  );
  if (!filing.answer) {
    must(codeOf(filing) === 'no-approver', `filing was refused with ${codeOf(filing)}`);
    measured['filings refused without enough approvers']! += 1;
    return undefined;
  }
  const { request } = filing.answer;
  const links = await linksOf(app, request);
  const order = interleaved(seed);
  app.gate = order;
  for (let round = 0; round < 4; round += 1) {
    if (round === 2 && random() < 0.7) app.catalogue = after;
    const written = app.store.changes.length;
    const decider = Array.from({ length: 6 }, () => oneOf(random, identitiesOf(oneOf(random, humans))));
    const outcomes = await Promise.all(
      decider.map((identity) => {
        const link = links.get(identity);
        return outcomeOf<unknown>(
          link !== undefined && random() < 0.5
            ? decideByLink(app, link, { decision: 'approve' })
            : decideRequest(app, callerOf(app, identity), request.id, { decision: 'approve' }),
        );
      }),
    );
    for (const outcome of outcomes) {
      const code = codeOf(outcome);
      must(
        ['ok', 'already-decided', 'own-request', 'not-an-approver', 'request-not-found', 'try-again'].includes(code),
        `refused with ${code}`,
      );
      if (code === 'own-request') measured['decisions on own requests refused']! += 1;
      if (outcome.problem?.detail.startsWith('You have already decided'))
        measured['second decisions of one person refused']! += 1;
    }
    const owner =
      app.catalogue === after ? humanOf : (identity: string) => (known.has(identity) ? humanOf(identity) : identity);
    for (const change of app.store.changes.slice(written)) checkDecision(change.after, request, owner);
  }
  const now = app.store.requests.get(request.id)!;
  if (now.grant) {
    measured.grants! += 1;
    const counts = now.stages.map(({ decisions }) => new Set(decisions.map(({ person }) => person)).size);
    must(counts.join() === needs.join(), `granted by ${counts.join()} people where ${needs.join()} are needed`);
  }
  return undefined;
}

/** The newest decision is by somebody other than the requester and than everybody who decided before. */
function checkDecision(after: RequestRecord, { requester }: RequestRecord, owner: (identity: string) => string): void {
  const decisions = after.stages.flatMap((stage) => stage.decisions);
  const newest = decisions.at(-1)!;
  const ownersOf = ({ person, principal }: { person: string; principal: string }) =>
    new Set([owner(person), owner(ownIdentity(principal))]);
  const deciders = ownersOf(newest);
  const others = [requester, ...decisions.filter((decision) => decision !== newest)].flatMap((other) => [
    ...ownersOf(other),
  ]);
  const twice = others.filter((other) => deciders.has(other));
  must(twice.length === 0, () => `${twice.join()} counts twice, or decides their own request`);
}

/** A token's principal is issuer and subject; the subject here is its email address. */
const ownIdentity = (principal: string): string => /#sub-(.+)$/.exec(principal)?.[1] ?? principal;
const humanOf = (identity: string): string => /h(\d)/.exec(identity)![0];
const callerOf = (app: FakeApp, identity: string) =>
  identity.startsWith('arn:') ? signing(app, identity) : signedIn(app, identity);

/** A link for each approver of the first stage, by the approver's key. */
async function linksOf(app: FakeApp, { id: requestId, stages, decideBy }: RequestRecord): Promise<Map<string, string>> {
  const links = new Map<string, string>();
  for (const [i, approver] of stages.flatMap(({ people }) => people).entries()) {
    const id = `message-${i}-`.padEnd(22, '0');
    const { token, hash } = makeLink(requestId, id, app.random(32));
    await app.store.claimMessage(
      {
        requestId,
        id,
        channel: 'mail',
        kind: 'decide',
        holder: approver,
        linkHashes: [hash],
        claimedAt: app.now,
        expiresAt: decideBy,
      },
      0,
    );
    links.set(approver.key, token);
  }
  return links;
}

function company(random: () => number): Company {
  const known = new Set(humans.flatMap((human) => identitiesOf(human).filter((_, i) => i === 0 || random() < 0.6)));
  const needs = Array.from({ length: 1 + Math.floor(random() * 3) }, () => 1 + Math.floor(random() * 2));
  const stages = needs.map((need) => {
    const entries = humans.flatMap((human) =>
      random() < 0.4 ? identitiesOf(human).filter((_, i) => i === 0 || random() < 0.5) : [],
    );
    return { need, approvers: [...(random() < 0.4 || entries.length === 0 ? ['group:board'] : []), ...entries] };
  });
  const board = [...identitiesOf(0), ...identitiesOf(1), ...(random() < 0.7 ? ['h2@example.com'] : [])];
  const file = (knows: (identity: string) => boolean) =>
    catalogueFrom({
      version: 1,
      accounts: { production: { id: '111111111111', name: 'Production', externalId: 'lk-9f2c6c1e4b7a4d5f8a3e' } },
      people: humans.map((human) => {
        const [email, ...principals] = identitiesOf(human);
        return { email, name: `Human ${human}`, principals: principals.filter(knows) };
      }),
      groups: { board },
      roles: {
        contested: {
          account: 'production',
          roleName: 'latchkey/contested',
          description: 'A role that several people have to approve',
          requesters: ['everyone'],
          approval: { stages },
          duration: { default: '1h', max: '8h' },
        },
      },
    });
  return { before: file((identity) => known.has(identity)), after: file(() => true), known, needs };
}
