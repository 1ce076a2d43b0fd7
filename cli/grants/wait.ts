// Waits for the decision on a request: shows the approvers and the deadline, and polls with growing intervals.
import { SECOND } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import type { Api } from '../api/api.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { painter, plain, roughly, timesBeside, when } from '../text/terminal-text.ts';

/** Seconds between polls: the first interval, its growth and the longest. The API's `Retry-After` may extend it. */
const interval = { first: 2, growth: 1.4, longest: 30 };
/** Consecutive polls that may fail, 15 minutes or more in total: enough for a sleeping laptop, a network change or a deployment. */
const patience = 40;

/**
 * Polls until the decision, also through short outages of Latchkey.
 * @returns the request once it is no longer pending
 * @throws Failure `not-granted` if it was not approved, `interrupted` at Ctrl-C
 */
export async function waitForDecision(world: World, api: Api, filed: RequestView): Promise<RequestView> {
  const say = teller(world);
  const { signal, release } = world.interrupt();
  let request = filed;
  let seconds = interval.first;
  let unanswered = 0;
  try {
    if (request.status === 'pending')
      say.line(
        `Waiting for ${askedText(request)}. Deadline: ${when(request.decideBy, timesBeside(world))}.\nCtrl-C stops waiting; the request stays.`,
      );
    while (request.status === 'pending') {
      say.status(`Waiting for a decision; ${roughly(Math.max(0, Date.parse(request.decideBy) - world.now()))} left`);
      await world.sleep(seconds * SECOND, signal);
      if (signal.aborted) throw interrupted(request);
      const look = await api.callFully<RequestView>({ method: 'GET', path: `/requests/${request.id}` }).catch(passing);
      seconds = Math.max(Math.min(seconds * interval.growth, interval.longest), look.retryAfterSeconds ?? 0);
      if (look instanceof Failure) {
        unanswered += 1;
        if (unanswered === patience) throw look;
        if (unanswered === 1) say.line(`${look.message} Still waiting.`);
        continue;
      }
      unanswered = 0;
      for (const news of newsBetween(request, look.body)) say.line(news);
      request = look.body;
    }
  } finally {
    say.end();
    release();
  }
  if (request.status === 'active' || request.status === 'scheduled') return request;
  throw new Failure(
    'not-granted',
    `Your request for ${request.role.id} was not granted: it is ${request.status}${commentText(request)}.`,
    [`See it: latchkey show ${request.id}`],
  );
}

// -- internal --------------------------------------------------------------------------------------------------------

/** An error that may be temporary. @throws any other error */
function passing(error: unknown): Failure {
  if (error instanceof Failure && error.exit === 'try-again') return error;
  throw error;
}

const decisionsOf = ({ approval }: RequestView) => approval.stages.flatMap(({ decisions }) => decisions);

function newsBetween(before: RequestView, after: RequestView): string[] {
  return decisionsOf(after)
    .slice(decisionsOf(before).length)
    .map(({ approver, decision }) => `${plain(approver)} ${decision === 'approve' ? 'approved' : 'denied'} it.`);
}

const commentText = (request: RequestView): string => {
  const comment = decisionsOf(request).findLast(({ decision }) => decision === 'deny')?.comment;
  return comment ? ` ("${plain(comment)}")` : '';
};

/** The current stage. */
function askedText({ approval }: RequestView): string {
  const open = approval.stages.find(({ need, decisions }) => decisions.length < need) ?? approval.stages.at(-1);
  if (!open) return 'nobody';
  const { approvers, need } = open;
  return `${approvers.map(plain).join(', ')}${need > 1 ? ` (${need} must approve)` : ''}`;
}

function interrupted({ id }: RequestView): Failure {
  return new Failure('interrupted', `Stopped waiting. Your request ${id} is still pending.`, [
    `Continue to wait: latchkey show ${id} --wait`,
    `Withdraw it: latchkey withdraw ${id}`,
  ]);
}

/** Writes lines to stderr, and on a terminal one status line that is overwritten. */
function teller(world: World) {
  const paint = painter(world, world.errIsTerminal);
  const erase = world.errIsTerminal ? '\r\u001b[K' : '';
  let isOpen = false;
  return {
    line(text: string) {
      world.err(`${isOpen ? erase : ''}${text}\n`);
      isOpen = false;
    },
    status(text: string) {
      if (!world.errIsTerminal) return;
      world.err(`${erase}${paint('dim', text)}`);
      isOpen = true;
    },
    end() {
      if (isOpen) world.err(erase);
    },
  };
}
