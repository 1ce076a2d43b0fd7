// Checks the types of local/page. The sources that it takes shapes from are checked with stricter options elsewhere, so only errors in the page count.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '--project', 'local/page', '--pretty', 'false'], {
  cwd: root,
  encoding: 'utf8',
});
const inPage = stdout.split('\n').filter((line) => line.startsWith('local/page/'));
// without a line of the form FILE(LINE,COLUMN) it did not get as far as checking
const hasChecked = status === 0 || /^\S+\(\d+,\d+\): error /m.test(stdout);
const said = [...inPage, ...(hasChecked ? [] : [stdout, stderr])];
if (said.length > 0) console.error(said.join('\n'));
process.exitCode = inPage.length > 0 || !hasChecked ? 1 : 0;
