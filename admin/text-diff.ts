// What has changed between two texts, line by line, as a unified diff shows it.

/** Lines that stay the same on both sides of a change. */
const CONTEXT = 3;

/**
 * @returns hunks, each begun by its `@@` line; nothing where the texts are the same
 */
export function textDiff(before: string, after: string): string[] {
  const steps = stepsBetween(before.trimEnd().split('\n'), after.trimEnd().split('\n'));
  const near = (at: number) =>
    steps.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ sign }) => sign !== ' ');
  const lines: string[] = [];
  let hunk: Step[] = [];
  for (const [i, step] of steps.entries()) {
    if (near(i)) hunk.push(step);
    if (hunk.length > 0 && (!near(i) || i === steps.length - 1)) {
      lines.push(headOf(hunk), ...hunk.map(({ sign, line }) => `${sign}${line}`));
      hunk = [];
    }
  }
  return lines;
}

// --- internal ---

/** One line; `old` and `renewed` count the lines of each text before it. */
type Step = { sign: ' ' | '-' | '+'; line: string; old: number; renewed: number };

function headOf(hunk: readonly Step[]): string {
  const { old, renewed } = hunk[0]!;
  const count = (sign: Step['sign']) => hunk.filter((step) => step.sign !== sign).length;
  return `@@ -${old + 1},${count('+')} +${renewed + 1},${count('-')} @@`;
}

/** By the longest common subsequence of what is left when the same beginning and end are taken off. */
function stepsBetween(before: readonly string[], after: readonly string[]): Step[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end))
    end += 1;
  const [gone, come] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
  const common = commonLengths(gone, come);
  const steps: Step[] = [];
  let [old, renewed] = [0, 0];
  const step = (sign: Step['sign'], line: string) => {
    steps.push({ sign, line, old, renewed });
    if (sign !== '+') old += 1;
    if (sign !== '-') renewed += 1;
  };
  for (const line of before.slice(0, start)) step(' ', line);
  for (let [i, j] = [0, 0]; i < gone.length || j < come.length; ) {
    if (i < gone.length && j < come.length && gone[i] === come[j]) {
      step(' ', gone[i]!);
      i += 1;
      j += 1;
    } else if (i < gone.length && (j === come.length || common[i + 1]![j]! >= common[i]![j + 1]!)) {
      step('-', gone[i]!);
      i += 1;
    } else {
      step('+', come[j]!);
      j += 1;
    }
  }
  for (const line of before.slice(before.length - end)) step(' ', line);
  return steps;
}

/** The length of the longest common subsequence of what follows each pair of places. */
function commonLengths(gone: readonly string[], come: readonly string[]): Uint16Array[] {
  const rows = Array.from({ length: gone.length + 1 }, () => new Uint16Array(come.length + 1));
  for (let i = gone.length - 1; i >= 0; i -= 1)
    for (let j = come.length - 1; j >= 0; j -= 1)
      rows[i]![j] = gone[i] === come[j] ? rows[i + 1]![j + 1]! + 1 : Math.max(rows[i + 1]![j]!, rows[i]![j + 1]!);
  return rows;
}
