// A table in Markdown.

/** @param rows cells of each row, as Markdown; a bar in a cell is escaped */
export function markdownTable(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)]
    .join('\n')
    .replaceAll('|  |', '| |')
    .replaceAll('|  |', '| |');
}
