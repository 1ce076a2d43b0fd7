// AWS's CloudFormation validator in a thread of its own. It grows its memory often, and each time the heap of its thread is searched for
// garbage: in a process of Jest, whose heap is large, that takes up to ten times as long as the validation.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

let thread: Worker | undefined;

/** Findings in a template, one line each; one call at a time. @throws Error of the validator */
export async function findingsIn(template: string): Promise<string[]> {
  thread ??= new Worker(new URL('cloudformation-thread.ts', import.meta.url));
  thread.postMessage(template);
  const [findings] = await once(thread, 'message');
  return findings as string[];
}

export async function stopValidator(): Promise<void> {
  await thread?.terminate();
}
