// `npm run bench`: runs every benchmark in this folder and writes docs/benchmarks.md. With names, runs only those and writes nothing.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The exports of each benchmark: ratios and counts, never absolute times of one machine. */
type Bench = { title: string; measure(): Promise<string> };

const asked = process.argv.slice(2);
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((name) => asked.length === 0 || asked.includes(name))
  .sort();

const sections: string[] = [];
for (const name of names) {
  const { title, measure } = (await import(`./${name}.ts`)) as Bench;
  const section = `## ${title}\n\n${await measure()}\n`;
  console.log(section);
  sections.push(section);
}
if (asked.length === 0) {
  const head = `# Benchmarks\n\nWritten by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}. Ratios and counts carry over to other machines; times do not.\n`;
  writeFileSync(join(import.meta.dirname, '../docs/benchmarks.md'), [head, ...sections].join('\n'));
}
