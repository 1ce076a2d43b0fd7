// A unified diff of two texts.
import { structuredPatch } from 'diff';

/** Unchanged lines shown on both sides of a change. */
const context = 3;

/** @returns hunks, each starting with its `@@` line; empty if the texts are equal. Whitespace at the ends of the texts does not count. */
export function textDiff(before: string, after: string): string[] {
  const [old, renewed] = [before, after].map((text) => `${text.trimEnd()}\n`) as [string, string];
  const { hunks } = structuredPatch('', '', old, renewed, undefined, undefined, { context });
  return hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines,
  ]);
}
