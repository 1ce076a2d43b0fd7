// Whether there are enough different people for the stages of an approval.

/** Who could fill a stage: `any` if the catalogue leaves it to everyone, else the keys of known persons. */
export type Candidates = 'any' | readonly string[];

/**
 * Whether every stage can get its number of distinct persons when nobody counts twice over the whole request: a matching
 * of seats to persons by augmenting paths. It is judged at filing and before each approval, so that no request is left
 * that nobody can move.
 */
export function areFillable(stages: ReadonlyArray<{ need: number; candidates: Candidates }>): boolean {
  const seats = stages.flatMap(({ need, candidates }) =>
    candidates === 'any' ? [] : Array.from({ length: need }, () => candidates),
  );
  const seatOf = new Map<string, number>();
  /** Seats a person on `index`, where need be by moving others; `tried` is who has been looked at on the way. */
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
