// dynoxide with a table full of items, brought in by its bulk import: its puts take the longer, the more items there are.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { tableDefinition } from '../../lib/aws/table.ts';
import { dynoxideBinary, type Emulator, startDynoxide } from './emulators.ts';

const linesPerFile = 10_000;

/** Starts dynoxide with one table that holds the items. Stopping it removes everything. */
export async function dynoxideHolding(
  table: string,
  items: Iterable<Record<string, AttributeValue>>,
): Promise<Emulator> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-import-'));
  const remove = () => rmSync(folder, { recursive: true });
  try {
    const [source, schema, database] = ['export', 'schema.json', 'table.db'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(schema, JSON.stringify({ Table: { ...tableDefinition(table), TableStatus: 'ACTIVE' } }));
    writeExport(join(source, table, 'data'), items);
    execFileSync(dynoxideBinary()!, ['import', '--source', source, '--schema', schema, '--output', database], {
      stdio: 'pipe',
    });
    const running = await startDynoxide(database);
    return { ...running, stop: () => running.stop().finally(remove) };
  } catch (error) {
    remove();
    throw error;
  }
}

// --- internal ---

/** The form of an export to S3: gzipped files of one item a line (ddb-dg S3DataExport.Output). */
function writeExport(folder: string, items: Iterable<Record<string, AttributeValue>>): void {
  mkdirSync(folder, { recursive: true });
  let lines: string[] = [];
  let files = 0;
  const flush = () => {
    if (lines.length > 0)
      writeFileSync(join(folder, `${++files}.json.gz`), gzipSync(`${lines.join('\n')}\n`, { level: 1 }));
    lines = [];
  };
  for (const Item of items) {
    if (lines.push(JSON.stringify({ Item })) === linesPerFile) flush();
  }
  flush();
}
