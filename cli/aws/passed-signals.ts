// Signals for the command of `exec`: each reaches it once, whether it was sent to this program alone or, as Ctrl-C is, to its whole process group.
import { type ChildProcess, spawn } from 'node:child_process';

/** What a shell's user sends to a job. Ctrl-C and Ctrl-\ are the first two; SIGUSR1 would open Node's debugger here. */
export const passedSignals = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
type Passed = (typeof passedSignals)[number];

/** How long the witness may take to say that it got a signal, too, in milliseconds. */
const patience = 200;

export type PassedSignals = {
  /** from now on; also what came before there was a command */
  to(child: ChildProcess): void;
  end(): void;
};

/** Keeps this program alive at these signals, so that it tidies up when its command has ended. */
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

/** Says each signal that it gets, until its parent is gone. A `read` ends with a signal as it does with the end of input. */
const script = `for s in INT QUIT TERM HUP USR1 USR2; do trap "echo SIG$s" $s; done
while kill -0 $PPID; do read -r line; done`;

/**
 * Node cannot tell who sent a signal. A shell in the same process group can: what it gets as well, the command has got already.
 * Where there is no shell, everything is passed on.
 */
function startWitness(): Witness {
  const seen = new Map<string, number>();
  const shell = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'], env: {} });
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    for (const name of text.split('\n').filter(Boolean)) seen.set(name, (seen.get(name) ?? 0) + 1);
  });
  // neither keeps this program alive
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
