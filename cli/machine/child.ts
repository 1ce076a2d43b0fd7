// Runs another program and returns its output.
import type { Environment } from '../../lib/config.ts';

export type ChildOptions = {
  /** its whole stdin */
  input?: string;
  /** milliseconds after which it is killed (default: no limit) */
  timeoutMs?: number;
};
/** `status` as in shells: 127 if the program was not found, 124 if it was killed for taking too long (as timeout(1)) or by a signal. */
export type ChildEnd = { status: number; out: string };

/** Loads node:child_process on the first call, because a kept session needs no child process. Never rejects. */
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
      // its own child processes may keep the streams open
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
    // a program that ends without reading its input reports that by its status
    child.stdin.on('error', () => {}).end(input);
  });
}
