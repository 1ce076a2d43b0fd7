// The catalogue that ships, with room for suites in which one person files all day within an hour of Latchkey's clock.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function roomyCatalogue(): { file: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-roomy-'));
  const file = join(folder, 'access.yml');
  const shipped = readFileSync(new URL('../../access.yml', import.meta.url), 'utf8');
  writeFileSync(file, `${shipped}\nlimits: { requestsPerHour: 500 }\n`);
  return { file, remove: () => rmSync(folder, { recursive: true }) };
}
