// Writes the map of files into CONTRIBUTING.md from the first line of each file; a test holds the map to the files.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const folders = ['functions', 'lib', 'bin', 'cli', 'cli/commands', 'admin', 'doctor', 'local', 'scripts', 'bench', 'test/support'].filter((folder) =>
  existsSync(new URL(`${folder}/`, root)),
);
const begin = '<!-- files: written by npm run docs -->';
const end = '<!-- end of files -->';

/** CONTRIBUTING.md as it should be: the text between the two marks is made from the files. */
export function contributing(): string {
  const text = readFileSync(new URL('CONTRIBUTING.md', root), 'utf8');
  const [before = '', rest = ''] = text.split(begin);
  const after = rest.split(end)[1] ?? '';
  return `${before}${begin}\n${folders.map(section).join('')}${end}${after}`;
}

function section(folder: string): string {
  const files = readdirSync(new URL(`${folder}/`, root), { recursive: true, encoding: 'utf8' }).filter((file) => /\.(ts|cjs|js)$/.test(file));
  if (files.length === 0) return '';
  const rows = files.sort().map((file) => `| \`${file}\` | ${firstLine(`${folder}/${file}`)} |`);
  return `\n### ${folder}/\n\n| file | what it is for |\n|---|---|\n${rows.join('\n')}\n`;
}

function firstLine(path: string): string {
  const [line = ''] = readFileSync(new URL(path, root), 'utf8').split('\n', 1);
  return line
    .replace(/^\/\/ ?/, '')
    .replaceAll('|', '\\|')
    .replace(/\.$/, '');
}

if (import.meta.main) writeFileSync(new URL('CONTRIBUTING.md', root), contributing());
