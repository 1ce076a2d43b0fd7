// Asks for a yes at the terminal.
import type { World } from './world.ts';

/** @returns whether the answer was yes; undefined if there is no terminal */
export async function confirmed(world: World, question: string): Promise<boolean | undefined> {
  const answer = await world.ask(question);
  return answer === undefined ? undefined : /^\s*y(?:es)?\s*$/i.test(answer);
}
