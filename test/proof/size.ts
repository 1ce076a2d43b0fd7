// How large the proof is and the loop that runs it: quick inside `npm test`, full in `npm run proof`; a failure names the seed that replays it.
import { appendFileSync } from 'node:fs';
import { randomFrom } from '../support/gates.ts';

/** `full`, or a share of full such as 0.1; unset inside `npm test`. */
const wanted = process.env.LATCHKEY_PROOF;

/** The size of a proof: quick inside `npm test`, full or a share of full in `npm run proof`. */
export function size(quick: number, full: number): number {
  if (wanted === undefined) return quick;
  return wanted === 'full' ? full : Math.max(quick, Math.round(full * Number(wanted)));
}

/** One line of docs/proof.md. `measured` are the counts that a proof found, by what they count. */
export type Figure = {
  figure: number;
  what: string;
  cases: number;
  seeds: string;
  seconds: number;
  measured: Record<string, number>;
  table?: string;
};

/**
 * Runs a proof once for each seed from 1 on, or for the seed in LATCHKEY_SEED alone, and notes the figure.
 * @param figure its number in the list of figures
 * @param what for people: what one case is
 * @param seeds how many
 * @param run one trial; it throws on a violation. Returns the number of cases, if not one.
 * @param measured counts that `run` keeps
 * @param table what else to show, once it has run
 * @throws Error that names the seed, caused by what `run` threw
 */
export async function prove(
  figure: number,
  what: string,
  seeds: number,
  run: (seed: number, random: () => number) => Promise<number | undefined> | number | undefined,
  measured: Record<string, number> = {},
  table?: () => string,
): Promise<void> {
  const only = process.env.LATCHKEY_SEED;
  const [first, last] = only === undefined ? [1, seeds] : [Number(only), Number(only)];
  const begun = performance.now();
  let cases = 0;
  for (let seed = first; seed <= last; seed += 1) {
    try {
      cases += (await run(seed, randomFrom(seed))) ?? 1;
    } catch (cause) {
      const { message } = cause instanceof Error ? cause : { message: String(cause) };
      throw new Error(`${what}: seed ${seed} (LATCHKEY_SEED=${seed} replays it): ${message}`, { cause });
    }
  }
  note({
    figure,
    what,
    cases,
    seeds: `${first} to ${last}`,
    seconds: Math.round((performance.now() - begun) / 100) / 10,
    measured,
    ...(table && { table: table() }),
  });
}

/** Says the figure and, in a full run, writes it down for docs/proof.md. */
function note(figure: Figure): void {
  const counts = Object.entries(figure.measured).map(([name, count]) => `, ${count.toLocaleString('en')} ${name}`);
  process.stdout.write(
    `proof ${figure.figure}: ${figure.what}: ${figure.cases.toLocaleString('en')} cases, seeds ${figure.seeds}${counts.join('')}\n${figure.table ?? ''}`,
  );
  if (process.env.LATCHKEY_PROOF_REPORT !== undefined)
    appendFileSync(process.env.LATCHKEY_PROOF_REPORT, `${JSON.stringify(figure)}\n`);
}

/** Throws unless `holds`; cheaper than a matcher where a million are needed. */
export function must(holds: boolean, what: string | (() => string)): asserts holds {
  if (!holds) throw new Error(typeof what === 'string' ? what : what());
}

/** One of a list, by a seeded draw. */
export const oneOf = <Value>(random: () => number, values: readonly Value[]): Value =>
  values[Math.floor(random() * values.length)]!;
