// Prints the answer of an admin command, and exits with 1 if the answer is no.
import type { Answer } from '../../admin/answer.ts';
import { exits, Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';

/** The tools, loaded when one of them is named. */
export const tools = (): Promise<typeof import('./tools.ts')> => import('./tools.ts');

/**
 * Prints what `ask` answers. Errors in a file are an answer too, and go to stderr with line and column.
 * @throws Failure `usage` for a question that has no answer
 */
export async function answer(world: World, ask: () => Answer): Promise<number> {
  const { settled } = await tools();
  const found = settled(ask);
  if ('lines' in found) world.out(`${found.lines.join('\n')}\n`);
  else if (found.exitCode === exits.usage.status) throw new Failure('usage', found.error);
  else world.err(`${found.error}\n`);
  return found.exitCode;
}
