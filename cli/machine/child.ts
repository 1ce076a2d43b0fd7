// Runs another program to its end, and gives what it printed.
import type { Environment } from '../../lib/config.ts';

export type ChildOptions = {
  /** everything that it reads from stdin */
  input?: string;
  /** how long it may take, in milliseconds; then it is ended. For ever, if left out */
  timeoutMs?: number;
};
/** `status` as shells tell it: 127 if there is no such program, 124 if it took too long (as timeout(1)) or was ended otherwise. */
export type ChildEnd = { status: number; out: string };

/** Loads what it needs when it is called, as a kept answer of `credentials` runs nothing. Never rejects. */
export async function runChild(
  env: Environment,
  program: string,
  args: readonly string[],
  options: ChildOptions = {},
): Promise<ChildEnd> {
  const { input = '', timeoutMs } = options;
  const { spawn } = await import('node:child_process');
  const child = spawn(program, args, {
    env: env as NodeJS.ProcessEnv,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return new Promise((resolve) => {
    let out = '';
    const end = (status: number) => {
      clearTimeout(timer);
      // what it has started itself may hold its streams open
      child.stdout.destroy();
      resolve({ status, out });
    };
    const giveUp = () => {
      child.kill('SIGKILL');
      end(124);
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(giveUp, timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      out += chunk;
    });
    child.on('error', () => end(127));
    child.on('close', (status) => end(status ?? 124));
    // one that ends without reading has said so by its status
    child.stdin.on('error', () => {}).end(input);
  });
}
