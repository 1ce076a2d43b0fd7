// Whether there are enough different people for the stages of an approval.

/** The people who could approve a stage: `any` for everyone, otherwise the keys of known people. */
export type Candidates = 'any' | readonly string[];

/**
 * Whether every stage can get enough people when each person counts once in the whole request: a bipartite matching of seats to people
 * by augmenting paths. It is checked at filing and before each approval, so that no request gets stuck.
 */
export function areFillable(stages: ReadonlyArray<{ need: number; candidates: Candidates }>): boolean {
  const seats = stages.flatMap(({ need, candidates }) =>
    candidates === 'any' ? [] : Array.from({ length: need }, () => candidates),
  );
  const seatOf = new Map<string, number>();
  /** Seats a person on `index`, if necessary by moving others. `tried`: the people already considered. */
  const fill = (index: number, tried: Set<string>): boolean =>
    seats[index]!.some((person) => isFirstTry(tried, person) && frees(person, tried) && take(person, index));
  const frees = (person: string, tried: Set<string>): boolean => {
    const taken = seatOf.get(person);
    return taken === undefined || fill(taken, tried);
  };
  const take = (person: string, index: number): true => {
    seatOf.set(person, index);
    return true;
  };
  return seats.every((_, index) => fill(index, new Set()));
}

const isFirstTry = (tried: Set<string>, person: string): boolean => !tried.has(person) && Boolean(tried.add(person));
