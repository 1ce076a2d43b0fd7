// Which known word somebody probably meant.

/** @returns the known word that is least edits away, if it is near enough to be the one that was meant */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const scored = known.map((word) => ({ word, edits: distance(given.toLowerCase(), word.toLowerCase()) })).sort((a, b) => a.edits - b.edits);
  const best = scored[0];
  if (best && best.edits <= Math.max(1, Math.floor(best.word.length / 3))) return best.word;
  // a part of a long id is as good as a typing error, if only one has it
  const holding = given.length >= 3 ? known.filter((word) => word.includes(given)) : [];
  return holding.length === 1 ? holding[0] : undefined;
}

/** Edits from one word to the other, two swapped neighbours counting as one (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) edits = Math.min(edits, before[j - 2]! + 1);
      row.push(edits);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
