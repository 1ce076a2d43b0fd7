// Suggests the known name that a misspelt one probably stands for.

/** The nearest of the names if it is near enough to be a typo; undefined otherwise. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  const most = Math.min(3, Math.max(1, Math.floor(name.length / 3)));
  let best: string | undefined;
  let least = most + 1;
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const distance = slips(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** The nearest of the names, or the only name that contains the text, because people also type a part of a long id. */
export function probablyMeant(name: string, names: Iterable<string>): string | undefined {
  const all = [...names];
  const holding = name.length >= 3 ? all.filter((candidate) => candidate.includes(name)) : [];
  return nearest(name, all) ?? (holding.length === 1 ? holding[0] : undefined);
}

/** `; did you mean "x"?`, or nothing. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const found = probablyMeant(name, names);
  return found === undefined ? '' : `; did you mean "${found}"?`;
}

// --- internal ---

/** The number of letters left out, added, replaced or swapped with the next (optimal string alignment distance). */
function slips(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        last[j]! + 1,
        row[j - 1]! + 1,
        last[j - 1]! + (isSame ? 0 : 1),
        isSwapped ? before[j - 2]! + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
