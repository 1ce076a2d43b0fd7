// What has changed between two texts, line by line, as a unified diff shows it.
import { structuredPatch } from 'diff';

/** How many lines that stay the same are shown on both sides of a change. */
const context = 3;

/** @returns hunks, each begun by its `@@` line; nothing where the texts are the same. Blanks at the ends of the texts do not count. */
export function textDiff(before: string, after: string): string[] {
  const [old, renewed] = [before, after].map((text) => `${text.trimEnd()}\n`) as [string, string];
  const { hunks } = structuredPatch('', '', old, renewed, undefined, undefined, { context });
  return hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines,
  ]);
}
