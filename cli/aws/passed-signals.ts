// Passes signals to the command of `exec`, exactly once, whether sent to this program alone or (like Ctrl-C) to the whole process group.
import { type ChildProcess, spawn } from 'node:child_process';

/** Signals that users send to a job. The first two are Ctrl-C and Ctrl-\; SIGUSR1 would open Node's debugger here. */
export const passedSignals = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
type Passed = (typeof passedSignals)[number];

/** How long the witness shell may take to report the same signal, in milliseconds. */
const patience = 200;

export type PassedSignals = {
  /** passes signals on from now on, including those that arrived before the command started */
  to(child: ChildProcess): void;
  end(): void;
};

/** Keeps this program alive at these signals, so that it can clean up after its command. */
export function passSignals(platform: NodeJS.Platform): PassedSignals {
  const witness = platform === 'win32' ? undefined : startWitness();
  const early: Passed[] = [];
  let pass = async (signal: Passed): Promise<void> => void early.push(signal);
  const listeners = passedSignals.map((signal) => {
    const listener = () => void pass(signal);
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  return {
    to(child) {
      for (const signal of early) child.kill(signal);
      pass = async (signal) => {
        if (!(await witness?.hasSeen(signal))) child.kill(signal);
      };
    },
    end() {
      for (const stop of listeners) stop();
      witness?.end();
    },
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

type Witness = { hasSeen(signal: Passed): Promise<boolean>; end(): void };

/** Prints each signal that it receives, until its parent is gone. A signal interrupts `read`, like the end of input. */
const script = `for s in INT QUIT TERM HUP USR1 USR2; do trap "echo SIG$s" $s; done
while kill -0 $PPID; do read -r line; done`;

/**
 * Node cannot tell whether a signal went to the whole process group. A witness shell in the group can: if it received the signal too, so did
 * the command. Without a shell, every signal is passed on.
 */
function startWitness(): Witness {
  const seen = new Map<string, number>();
  const shell = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'], env: {} });
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    for (const name of text.split('\n').filter(Boolean)) seen.set(name, (seen.get(name) ?? 0) + 1);
  });
  // neither of these keeps this program alive
  shell.unref();
  const take = (signal: string): boolean => {
    const count = seen.get(signal) ?? 0;
    if (count > 0) seen.set(signal, count - 1);
    return count > 0;
  };
  return {
    async hasSeen(signal) {
      for (let waited = 0; waited < patience; waited += 10) {
        if (take(signal)) return true;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return false;
    },
    end: () => void shell.kill('SIGKILL'),
  };
}
