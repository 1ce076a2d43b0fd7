// Waits for the decision on a request: says who was asked and how long they have, and asks less and less often.
import { SECOND } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import type { Api } from '../api/api.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { painter, plain, roughly, timesBeside, when } from '../text/terminal-text.ts';

/** Seconds between two looks: the first, how it grows, the longest. A `Retry-After` of the API may make it longer. */
const interval = { first: 2, growth: 1.4, longest: 30 };
/** Looks in a row that may go unanswered, a quarter of an hour and more: a laptop that slept, a network that changed, a deployment. */
const patience = 40;

/**
 * Rides out a Latchkey that does not answer for a while.
 * @returns the request once it is no longer pending
 * @throws Failure `not-granted` if it ended otherwise than by approval, `interrupted` at Ctrl-C
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
        `Asked: ${askedText(request)}. To be decided ${when(request.decideBy, timesBeside(world))}.\nCtrl-C stops waiting and leaves the request in place.`,
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
        if (unanswered === 1) say.line(`${look.message} Waiting on.`);
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

/** What may be over the next time. @throws whatever else it is */
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

/** The stage whose turn it is. */
function askedText({ approval }: RequestView): string {
  const open = approval.stages.find(({ need, decisions }) => decisions.length < need) ?? approval.stages.at(-1);
  if (!open) return 'nobody';
  const { approvers, need } = open;
  return `${approvers.map(plain).join(', ')}${need > 1 ? ` (${need} must approve)` : ''}`;
}

function interrupted({ id }: RequestView): Failure {
  return new Failure('interrupted', `Stopped waiting. Your request ${id} stays in place.`, [
    `Wait on: latchkey show ${id} --wait`,
    `Withdraw it: latchkey withdraw ${id}`,
  ]);
}

/** Lines on stderr, and on a terminal one line that is written over. */
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
