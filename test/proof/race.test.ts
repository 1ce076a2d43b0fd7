// Figure 1: many people and the clock decide one request at the same time. Exactly one outcome, and everybody learns which.
import { describe, test } from '@jest/globals';
import { decideRequest } from '../../lib/actions/access.ts';
import { decideByLink } from '../../lib/actions/decide-by-link.ts';
import { fileRequest } from '../../lib/actions/file-request.ts';
import { tell } from '../../lib/actions/news.ts';
import { sweep } from '../../lib/actions/sweep.ts';
import { MINUTE } from '../../lib/common/time.ts';
import type { MessageRecord, RequestRecord } from '../../lib/model/schema.ts';
import { isPending, overAt, statusAt, wasShortLived } from '../../lib/model/status.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import type { Change } from '../support/fake-store.ts';
import { interleaved } from '../support/gates.ts';
import { titleOf as titleIn } from '../support/outbox.ts';
import { catalogueFrom, endedBy, linkTo, outcomeOf, signedIn, tokensIn } from './cast.ts';
import { must, oneOf, prove, size } from './size.ts';

const requester = 'dev@example.com';
const admin = 'admin@example.com';
const approverOf = (i: number) => `approver-${i}@example.com`;

describe('concurrent decisions give a request exactly one outcome', () => {
  test.each([
    [2, size(300, 100_000)],
    [10, size(50, 20_000)],
    [50, size(5, 2_000)],
    [200, size(1, 200)],
  ])(
    '%i callers at once',
    async (callers, trials) => {
      const contest = await prepared(callers);
      const measured = { 'lost races that were told to try again': 0 };
      await prove(
        1,
        `race of ${callers} on one request`,
        trials,
        (seed, random) => race(contest, callers, seed, random, measured),
        measured,
      );
    },
    3_600_000,
  );
});

/** A request that is filed and whose approvers have been mailed. */
type Contest = {
  catalogue: FakeApp['catalogue'];
  request: RequestRecord;
  messages: Map<string, MessageRecord>;
  links: string[];
};

async function prepared(callers: number): Promise<Contest> {
  const approvers = Array.from({ length: callers }, (_, i) => approverOf(i));
  const catalogue = catalogueFrom({
    version: 1,
    admins: [admin],
    accounts: { production: { id: '111111111111', name: 'Production', externalId: 'lk-9f2c6c1e4b7a4d5f8a3e' } },
    groups: { approvers },
    roles: {
      contested: {
        account: 'production',
        roleName: 'latchkey/contested',
        description: 'A role that everybody may decide',
        requesters: [requester],
        approval: { stages: [{ approvers: ['group:approvers'] }] },
        duration: { default: '1h', max: '8h' },
      },
    },
  });
  const app = fakeApp({ catalogue });
  const { request } = await fileRequest(app, signedIn(app, requester), { role: 'contested', reason: 'A race' });
  await tell(app, undefined, request);
  return { catalogue, request, messages: app.store.messages, links: approvers.map((email) => linkTo(app, email)) };
}

/** The answer to a caller, and when it came. */
type Answered = { request: RequestRecord; hasWon: boolean; at: number };

async function race(
  contest: Contest,
  callers: number,
  seed: number,
  random: () => number,
  measured: Record<string, number>,
): Promise<undefined> {
  const { request, links, catalogue } = contest;
  const app = fakeApp({ catalogue });
  app.store.requests.set(request.id, request);
  for (const [key, message] of contest.messages) app.store.messages.set(key, message);
  const isLate = random() < 0.3;
  // a late race runs over the deadline while it runs: each I/O takes a millisecond
  app.now = isLate ? request.decideBy - Math.floor(random() * 4 * callers) : request.createdAt + MINUTE;
  const order = interleaved(seed);
  app.gate = (...io) => {
    if (isLate) app.now += 1;
    return order(...io);
  };

  let retries = 0;
  const answers = await Promise.all(
    Array.from({ length: callers }, async (_, i): Promise<Answered | undefined> => {
      const act = oneOf(random, [
        'approve',
        'approve',
        'deny',
        'approve by link',
        'deny by link',
        i === 0 ? 'end' : 'approve',
        'revoke',
        'sweep',
      ]);
      const decision = act.startsWith('approve') ? ('approve' as const) : ('deny' as const);
      if (act === 'sweep') {
        await sweep(app);
        return undefined;
      }
      const { answer, problem } = await outcomeOf<{ request: RequestRecord; spent?: boolean }>(
        act.endsWith('by link')
          ? decideByLink(app, links[i]!, { decision })
          : act === 'end' || act === 'revoke'
            ? endedBy(
                app,
                signedIn(app, act === 'end' ? requester : random() < 0.5 ? admin : approverOf(i)),
                request.id,
              ).then(asRequest)
            : decideRequest(app, signedIn(app, approverOf(i)), request.id, { decision }).then(asRequest),
      );
      if (answer) return { request: answer.request, hasWon: !answer.spent, at: app.now };
      if (problem.code === 'try-again') {
        retries += 1;
        return undefined;
      }
      must(!act.endsWith('by link'), `a link that came too late was refused with ${problem.code} rather than spent`);
      must(
        problem.code === 'already-decided' || problem.code === 'not-active',
        `${act} was refused with ${problem.code}`,
      );
      must(problem.extras.request !== undefined, `${act} was refused without the request as it is`);
      return { request: problem.extras.request, hasWon: false, at: app.now };
    }),
  );
  measured['lost races that were told to try again']! += retries;
  if (isPending(app.store.requests.get(request.id)!)) {
    app.now = Math.max(app.now, request.decideBy);
    await sweep(app);
  }
  const changes = [...app.store.changes];
  checkChanges(changes, answers);
  await playStream(app, changes, random);
  checkMail(app, changes, contest.request);
  return undefined;
}

const asRequest = (request: RequestRecord) => ({ request });

function checkChanges(changes: Change[], answers: Array<Answered | undefined>): void {
  const left = changes.filter(({ before, after }) => before && isPending(before) && !isPending(after));
  must(left.length === 1, () => `the request left pending ${left.length} times: ${changes.map(typeOf).join(', ')}`);
  must(
    changes.every(({ before }) => before?.outcome === undefined),
    () => `changed after its end: ${changes.map(typeOf).join(', ')}`,
  );
  const decisions = changes.at(-1)!.after.stages.flatMap((stage) => stage.decisions);
  must(decisions.length <= 1, `${decisions.length} decisions count`);
  const byCallers = changes.filter((change) => !['lapsed', 'mail-checked'].includes(typeOf(change)));
  const won = answers.filter((answer) => answer?.hasWon);
  must(won.length === byCallers.length, () => `${won.length} callers were told they did it, ${byCallers.length} did`);
  must(
    new Set(won.map((answer) => answer!.request)).size === won.length &&
      won.every((answer) => byCallers.some(({ after }) => after === answer!.request)),
    'a winner saw a state that it had not written',
  );
  // the losers saw the winner's state or, before it was written, that the time was over
  const known = new Set([changes[0]!.before, ...changes.map(({ after }) => after)]);
  for (const answer of answers) {
    if (!answer || answer.hasWon) continue;
    must(statusAt(answer.request, answer.at) !== 'pending', 'a loser was shown a request that is still pending');
    must(known.has(answer.request), 'a loser was shown a request that never was');
  }
}

const typeOf = ({ after }: Change): string => after.history.at(-1)!.type;

/** Every record once, some twice and at once, as a stream may; what is busy comes again later. */
async function playStream(app: FakeApp, changes: Change[], random: () => number): Promise<void> {
  let waiting = changes.flatMap((change) => (random() < 0.5 ? [change, change] : [change]));
  for (let round = 0; waiting.length > 0; round += 1) {
    must(round < 3, 'news does not get out');
    const results = await Promise.allSettled(waiting.map(({ before, after }) => tell(app, before, after)));
    waiting = waiting.filter((_, i) => results[i]!.status === 'rejected');
    app.now += 3 * MINUTE;
  }
}

function checkMail(app: FakeApp, changes: Change[], { stages }: RequestRecord): void {
  const everybody = [requester, ...stages[0]!.people.map(({ key }) => key)];
  const expected = changes.flatMap(({ after }) => {
    const { type, actor } = after.history.at(-1)!;
    // no email is sent about a request withdrawn within a minute of its filing
    const isNoNews = type === 'withdrawn' && wasShortLived(after.createdAt, overAt(after));
    return type === 'mail-checked' || isNoNews
      ? []
      : everybody.filter((key) => key !== actor || type === 'approved').map((key) => `${titleOf[type]} ${key}`);
  });
  const sent = app.mail.outbox.map(({ to, subject }) => `${titleIn(subject)} ${to}`);
  must(
    expected.sort().join() === sent.sort().join(),
    () => `emails sent: ${sent.join()}; expected: ${expected.join()}`,
  );
  must(
    app.mail.outbox.every(
      ({ to, text }) => tokensIn(text).length === 0 || (to !== requester && text.includes('\nRevoke:\n')),
    ),
    'an outcome email carries a link that decides',
  );
}

const titleOf: Record<string, string> = {
  approved: 'Approved',
  denied: 'Denied',
  withdrawn: 'Withdrawn',
  revoked: 'Revoked',
  lapsed: 'Lapsed',
  ended: 'Handed back',
};
