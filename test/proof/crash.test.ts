// Figure 4: the process dies before or after every single I/O of every use case; then people try again, the sweep runs and the
// stream comes again. Nothing is lost, nothing happens twice, every email goes out.
import { describe, expect, test } from '@jest/globals';
import { decideRequest, endRequest } from '../../lib/actions/access.ts';
import { decideByLink, openLink } from '../../lib/actions/decide-by-link.ts';
import { fileRequest } from '../../lib/actions/file-request.ts';
import { tell } from '../../lib/actions/news.ts';
import { revokeMany } from '../../lib/actions/revocations.ts';
import { sweep } from '../../lib/actions/sweep.ts';
import { issueConsole, issueCredentials } from '../../lib/actions/vend.ts';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import { messagesFor } from '../../lib/mail/messages.ts';
import type { Problem } from '../../lib/model/problem.ts';
import { openStage, statusAt } from '../../lib/model/status.ts';
import { isHistoryIntact } from '../../lib/request/history.ts';
import { type FakeApp, fakeApp, type Step } from '../support/fake-app.ts';
import { crashAt, interleaved, randomFrom } from '../support/gates.ts';
import { titleOf } from '../support/outbox.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';
import { codeOf, linkTo, outcomeOf, signedIn, tokensIn } from './cast.ts';
import { must, prove, size } from './size.ts';

const { roles } = smallCatalogueFile;
const ticket = { pattern: '^OPS-[0-9]+$', required: true, validator: 'jira' };
const catalogue = catalogueOf({
  ...smallCatalogueFile,
  ticketValidators: { jira: { url: 'https://tickets.example.com/check' } },
  roles: {
    ...roles,
    emergency: {
      ...roles.read,
      breakGlass: { requesters: ['dev@example.com'], maxDuration: '30m', reviewers: ['security@example.com'] },
    },
    asked: { ...roles.read, ticket },
  },
});
const dev = signedIn(fakeApp({ catalogue }), 'dev@example.com');
const lead = signedIn(fakeApp({ catalogue }), 'lead@example.com');
const second = signedIn(fakeApp({ catalogue }), 'second-lead@example.com');
const admin = signedIn(fakeApp({ catalogue }), 'admin@example.com');

/** An action during which a process may crash. `again` are the refusals that a repeated call may get. */
type UseCase = {
  name: string;
  prepare?(app: FakeApp): Promise<void>;
  act(app: FakeApp): Promise<unknown>;
  again?: Array<Problem['code']>;
  /** what fails is named in the answer, so that not every death is one of the call */
  isNamed?: true;
};

const onlyId = (app: FakeApp) => [...app.store.requests.keys()][0]!;
const file = (role: string) => (app: FakeApp) =>
  fileRequest(app, dev, { role, reason: 'Because it must be', ticket: 'OPS-1' }, 'the key');
const approve = (app: FakeApp, by = lead) =>
  decideRequest(app, by, onlyId(app), { decision: 'approve', comment: 'go ahead' });
const filed = async (app: FakeApp, role = 'read') => void (await file(role)(app));
const toldOfFiling = async (app: FakeApp) => {
  await filed(app);
  await hearAll(app);
};
const granted = async (app: FakeApp) => {
  await toldOfFiling(app);
  await approve(app);
};
const inUse = async (app: FakeApp) => {
  await granted(app);
  await issueCredentials(app, dev, { request: onlyId(app) });
};

const takenByGlass = (app: FakeApp) =>
  fileRequest(
    app,
    dev,
    { role: 'emergency', breakGlass: true, reason: 'The shop is down, INC-4711' },
    'the key of the emergency',
  );
const toReview = later(async (app) => {
  await takenByGlass(app);
  await issueCredentials(app, dev, { request: onlyId(app) });
  await hearAll(app);
}, 31 * MINUTE);

const useCases: UseCase[] = [
  { name: 'file', act: file('read') },
  { name: 'file for an auto-approved role', act: file('play') },
  { name: 'approve', prepare: toldOfFiling, act: approve, again: ['already-decided'] },
  { name: 'approve one of two', prepare: (app) => filed(app, 'write'), act: approve, again: ['already-decided'] },
  {
    name: 'approve and open the next stage',
    async prepare(app) {
      await filed(app, 'write');
      await approve(app);
    },
    act: (app) => approve(app, second),
    again: ['already-decided'],
  },
  {
    name: 'deny',
    prepare: toldOfFiling,
    act: (app) => decideRequest(app, lead, onlyId(app), { decision: 'deny' }),
    again: ['already-decided'],
  },
  {
    name: 'approve by link',
    prepare: toldOfFiling,
    act: (app) => decideByLink(app, linkTo(app, 'lead@example.com'), { decision: 'approve' }),
  },
  { name: 'withdraw', prepare: toldOfFiling, act: (app) => endRequest(app, dev, onlyId(app)), again: ['not-active'] },
  { name: 'hand back', prepare: inUse, act: (app) => endRequest(app, dev, onlyId(app)), again: ['not-active'] },
  {
    name: 'revoke',
    prepare: inUse,
    act: (app) => endRequest(app, admin, onlyId(app), 'enough'),
    again: ['not-active'],
  },
  {
    name: 'revoke all of a person, and block them',
    prepare: inUse,
    act: (app) => revokeMany(app, admin, { person: 'dev@example.com', comment: 'enough', block: '2h' }),
    isNamed: true,
  },
  { name: 'credentials', prepare: granted, act: (app) => issueCredentials(app, dev, { request: onlyId(app) }) },
  { name: 'console', prepare: granted, act: (app) => issueConsole(app, dev, { request: onlyId(app) }) },
  { name: 'notify of a filing', prepare: filed, act: hearAll },
  { name: 'notify of a grant', prepare: granted, act: hearAll },
  { name: 'sweep: check mail', prepare: later(filed, 6 * MINUTE), act: sweep },
  { name: 'sweep: lapse', prepare: later(toldOfFiling, 8 * HOUR), act: sweep },
  { name: 'sweep: end', prepare: later(inUse, HOUR), act: sweep },
  { name: 'take a role by break-glass', act: takenByGlass },
  {
    name: 'notify of a required review',
    async prepare(app) {
      await toReview(app);
      await sweep(app);
    },
    act: hearAll,
  },
  {
    name: 'sign a review by link',
    async prepare(app) {
      await toReview(app);
      await sweep(app);
      await hearAll(app);
    },
    act: (app) =>
      decideByLink(app, linkTo(app, 'security@example.com'), {
        decision: 'sign',
        comment: 'Only the shop was restarted',
      }),
  },
  { name: 'file for a role that waits for its ticket validator', act: file('asked') },
];

const kindsOfIo = [
  'get',
  'create',
  'replace',
  'requestsOf',
  'ledgers',
  'due',
  'openIds',
  'lastLook',
  'saveLook',
  'getMessage',
  'claimMessage',
  'getIdentity',
  'bindIdentity',
  'settleMessage',
  'blocks',
  'recentBlocks',
  'replaceBlocks',
  'getMany',
].map((name) => `store.${name}`);

describe('a process that crashes at any I/O', () => {
  test('loses nothing and does nothing twice', async () => {
    const points: Array<{ useCase: UseCase; point: Point }> = [];
    for (const useCase of useCases) for (const point of await pointsOf(useCase)) points.push({ useCase, point });
    const crashedAt = new Set(points.map(({ point }) => nameOf(point)));
    const all = [...kindsOfIo, 'mail.send', 'sts.assumeRole', 'sign-in.token', 'tickets.check'].flatMap((name) => [
      `before ${name}`,
      `after ${name}`,
    ]);
    expect([...crashedAt].sort()).toEqual(all.sort());

    const measured = { 'use cases': useCases.length, 'crash points': points.length, 'emails sent twice': 0 };
    const isTwice = new Set<string>();
    await prove(
      4,
      'crash at an I/O, then recovery',
      size(2, 1_000),
      async (seed, random) => {
        for (const { useCase, point } of points) {
          const twice = await crash(useCase, point, seed, random).catch((cause: Error) => {
            throw new Error(`${useCase.name}, dead ${nameOf(point)} (I/O ${point.step.n}): ${cause.message}`, {
              cause,
            });
          });
          measured['emails sent twice'] += twice;
          if (twice > 0) isTwice.add(nameOf(point));
        }
        return points.length;
      },
      measured,
    );
    expect([...isTwice].sort()).toEqual(['after mail.send', 'before store.settleMessage']);
  }, 3_600_000);
});

type Point = { step: Step; when: 'before' | 'after' };

/** Every point where this use case can crash: its I/O as seen by the fake, so that new I/O is covered automatically. */
async function pointsOf(useCase: UseCase): Promise<Point[]> {
  const app = await prepared(useCase);
  await useCase.act(app);
  return app.steps.flatMap((step) => [
    { step, when: 'before' as const },
    { step, when: 'after' as const },
  ]);
}

async function prepared({ prepare }: UseCase): Promise<FakeApp> {
  const app = fakeApp({ catalogue, now: start });
  await prepare?.(app);
  app.forget();
  return app;
}

const nameOf = ({ step, when }: Point): string => `${when} ${step.name}`;

/** Crashes at one point, restarts, and returns how many emails went out twice. */
async function crash(useCase: UseCase, point: Point, seed: number, random: () => number): Promise<number> {
  const app = await prepared(useCase);
  app.gate = crashAt(point.step.n, point.when);
  const last = await useCase.act(app).then(
    () => 'it survived',
    (error: Error) => error.name,
  );
  const isNamed = useCase.isNamed && last === 'it survived';
  must(isNamed || ['Crash', 'AggregateError'].includes(last), `it ended with ${last}`);
  await recover(app, useCase, seed, random);
  const twin = await prepared(useCase);
  await useCase.act(twin);
  await recover(twin, useCase, seed, randomFrom(seed));
  sameFacts(app, twin);
  await checkLinks(app);
  return checkMails(app, point);
}

/** What the world does afterwards, in any order and at once: the caller tries again, the sweep runs, the stream comes again, some of it twice. */
async function recover(app: FakeApp, useCase: UseCase, seed: number, random: () => number): Promise<void> {
  app.gate = random() < 0.5 ? interleaved(seed) : () => {};
  app.now += Math.floor(random() * 3 * MINUTE);
  const again = async () => {
    const outcome = await outcomeOf(useCase.act(app).catch(unlessPending));
    const code = codeOf(outcome);
    must(code === 'ok' || useCase.again?.includes(code) === true, `trying again was refused with ${code}`);
    const { AccessKeyId } = Object(outcome.answer) as { AccessKeyId?: string };
    const isRecorded = [...app.store.requests.values()].some(({ sessions }) =>
      sessions.some(({ accessKeyId }) => accessKeyId === AccessKeyId),
    );
    must(AccessKeyId === undefined || isRecorded, 'credentials left without a record');
  };
  const hear = () => hearAll(app);
  const acts = [again, hear, () => sweep(app), ...(random() < 0.3 ? [hear] : [])].sort(() => random() - 0.5);
  if (random() < 0.5) await Promise.all(acts.map((act) => act().catch(unlessPending)));
  else for (const act of acts) await act().catch(unlessPending);
  app.gate = () => {};
  // the stream keeps trying for longer than a claim lasts
  for (let round = 0; round < 2; round += 1) {
    app.now += 3 * MINUTE;
    await hearAll(app).catch(unlessPending);
  }
  await hearAll(app);
}

/** An email that could not go out yet is not an error: the stream delivers its record again. */
function unlessPending(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'NewsPending') throw error;
}

async function hearAll(app: FakeApp): Promise<void> {
  let pending: unknown;
  for (const { before, after } of [...app.store.changes]) {
    try {
      await tell(app, before, after);
    } catch (error) {
      unlessPending(error);
      pending = error;
    }
  }
  if (pending !== undefined) throw pending;
}

/** The same as without a crash, except for sessions that nobody received and email checks. */
function sameFacts(app: FakeApp, twin: FakeApp): void {
  const factsOf = ({ store }: FakeApp) =>
    JSON.stringify(
      [...store.requests.values()].map(({ id, stages, outcome, grant, history }) => [
        id,
        stages.map(({ decisions }) => decisions.map(({ person, decision, comment }) => [person, decision, comment])),
        outcome?.status,
        grant === undefined,
        history
          .filter(({ type }) => type !== 'vended' && type !== 'mail-checked')
          .map(({ type, actor }) => `${type} by ${actor}`),
      ]),
    );
  must(factsOf(app) === factsOf(twin), () => `${factsOf(app)} instead of ${factsOf(twin)}`);
  must(
    app.store.changes.filter(({ before, after }) => before?.grant === undefined && after.grant !== undefined).length <=
      1,
    'granted twice',
  );
  for (const record of app.store.requests.values()) {
    must(isHistoryIntact(record), 'the history does not hold together');
    must(
      record.vended <= app.sts.issued.length && record.sessions.length === record.vended,
      `${record.vended} sessions on record`,
    );
  }
}

/** Every link that was ever sent is genuine, also in an email that went out twice, and decides as long as its approver can. */
async function checkLinks(app: FakeApp): Promise<void> {
  const request = app.store.requests.get(onlyId(app))!;
  for (const token of app.mail.outbox.flatMap(({ text }) => tokensIn(text))) {
    const { spent, holder, does } = await openLink(app, token);
    const hasDecided = request.stages.some(({ decisions }) => decisions.some(({ person }) => person === holder.key));
    const isFilled = !request.stages
      .slice(openStage(request)?.index ?? 0)
      .some(({ people }) => people.some(({ key }) => key === holder.key));
    const status = statusAt(request, app.now);
    const isOver = {
      decide: hasDecided || isFilled || status !== 'pending',
      withdraw: hasDecided || isFilled || status !== 'pending',
      review: request.review?.signed !== undefined,
      revoke: status !== 'active' && status !== 'scheduled',
    }[does];
    must(spent === isOver, `a link of ${holder.key} is ${spent ? '' : 'not '}spent`);
  }
}

/** Every email that is due went out once. One may have gone out twice if the crash left unknown whether it had. */
function checkMails(app: FakeApp, point: Point): number {
  const due = new Map(
    app.store.changes.flatMap(({ before, after }) =>
      messagesFor(before, after).flatMap(({ id, to, kind }) =>
        to.email === null ? [] : [[id, `${to.email} ${kind}`]],
      ),
    ),
  );
  const sent = app.mail.outbox.map(({ to, subject }) => `${to} ${kindOf(subject)}`);
  for (const mail of due.values()) must(sent.includes(mail), `the email "${mail}" was lost`);
  const twice = sent.length - due.size;
  must(
    twice === 0 || (twice === 1 && ['after mail.send', 'before store.settleMessage'].includes(nameOf(point))),
    () => `${twice} eemails too many: ${sent.join()}`,
  );
  return twice;
}

const kindOf = (subject: string): string => {
  const title = titleOf(subject);
  const kinds: Record<string, string> = {
    'Decision needed': 'decide',
    'Handed back': 'ended',
    'Break-glass used': 'break-glass',
    'Please review': 'review',
  };
  return kinds[title] ?? title.toLowerCase();
};

/** The same, some time later. */
function later(prepare: (app: FakeApp) => Promise<void>, ms: number) {
  return async (app: FakeApp): Promise<void> => {
    await prepare(app);
    app.now += ms;
  };
}
