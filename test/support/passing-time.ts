// Lets time pass as in a deployment: the sweep runs on schedule, and the stream turns its changes into emails.
import type { Context } from 'aws-lambda';
import { handler } from '../../functions/sweep.ts';
import { MINUTE } from '../../lib/common/time.ts';
import { playStream } from './calls.ts';
import type { FakeApp } from './fake-app.ts';

export const sweepOnce = (app: FakeApp): Promise<{ due: number; settled: number }> =>
  handler.with(app)({}, {} as Context);

/** Lets time pass in steps, with a sweep and the stream after each. @param until epoch milliseconds */
export async function passUntil(app: FakeApp, until: number, step: number = MINUTE): Promise<void> {
  while (app.now < until) {
    app.now = Math.min(app.now + step, until);
    await sweepOnce(app);
    await playStream(app);
  }
}
