// Reports a Failure: text or JSON on stderr, and its exit status.
import { exits, Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { plain } from '../text/terminal-text.ts';

/** Runs `work` and reports its Failure. @param args of the command line, for --json @returns the exit status */
export async function told(
  world: World,
  args: readonly string[],
  work: () => Promise<number | undefined>,
): Promise<number> {
  try {
    return (await work()) ?? exits.ok.status;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    world.err(failureText(error, beforeDashes(args).includes('--json')));
    return exits[error.exit].status;
  }
}

// -- internal --------------------------------------------------------------------------------------------------------

const beforeDashes = (args: readonly string[]): readonly string[] =>
  args.includes('--') ? args.slice(0, args.indexOf('--')) : args;

function failureText({ message, next, exit, problem }: Failure, asJson: boolean): string {
  if (asJson) return `${JSON.stringify({ ...(problem ?? { code: exit, detail: message }), next }, null, 2)}\n`;
  // messages can contain text of other people
  return [`latchkey: ${message.split('\n').map(plain).join('\n')}`, ...next.map((line) => `  ${plain(line)}`), ''].join(
    '\n',
  );
}
