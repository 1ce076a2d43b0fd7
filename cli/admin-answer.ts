// What the admin commands answer, as a command ends: text on stdout, and 1 for a no.
import type { Answer } from '../admin/answer.ts';
import { exits, Failure } from './exit.ts';
import type { World } from './world.ts';

/** The tools, loaded when one of them is named. */
export const tools = (): Promise<typeof import('./admin-tools.ts')> => import('./admin-tools.ts');

/**
 * Prints what `ask` answers. What is wrong in a file is an answer too, and goes to stderr with its places.
 * @throws Failure `usage` for a question that has no answer
 */
export function answer(world: World, ask: () => Answer): number {
  try {
    const { lines, exitCode } = ask();
    world.out(`${lines.join('\n')}\n`);
    return exitCode;
  } catch (error) {
    if (!isCannotAnswer(error)) throw error;
    if (error.exitCode === exits.usage.status) throw new Failure('usage', error.message);
    world.err(`${error.message}\n`);
    return error.exitCode;
  }
}

// -- internal --------------------------------------------------------------------------------------------------------

/** By its name, since its class is in the file that is loaded late. */
const isCannotAnswer = (error: unknown): error is Error & { exitCode: 1 | 2 } =>
  error instanceof Error && error.name === 'CannotAnswer';
