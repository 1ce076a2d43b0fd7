// The documentation as a set: every link resolves, the index leads to every page, and every file that a text names exists.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { alarms } from '../scripts/alarms.ts';
import { referencePages } from '../scripts/reference-docs.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).sort();

/** Markdown without its code, where brackets mean something else. */
const prose = (file: string): string =>
  read(file)
    .replaceAll(/^ *```.*?^ *```$/gms, '')
    .replaceAll(/`[^`\n]*`/g, '`');

/** As GitHub makes an anchor from a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
const anchorsIn = (file: string): string[] => {
  const headings = read(file)
    .replaceAll(/^ *```.*?^ *```$/gms, '')
    .matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) => anchorOf(heading));
};

/** Links and pictures of a page that lead to a file here, as `[path, anchor]`. */
const linksIn = (page: string): Array<[string, string]> =>
  [...prose(page).matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)]
    .map(([, inMarkdown, inHtml]) => inMarkdown ?? inHtml ?? '')
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#');
      return [path === '' ? page : join(dirname(page), path), anchor];
    });

describe('links', () => {
  test('are found', () => expect(pages.flatMap(linksIn).length).toBeGreaterThan(100));

  test.each(pages)('%s: every link leads to a file and a heading that exist', (page) => {
    const broken = linksIn(page).filter(
      ([path, anchor]) => !existsSync(join(root, path)) || (anchor !== '' && !anchorsIn(path).includes(anchor)),
    );
    expect(broken).toEqual([]);
  });

  test('the index leads to every page', () => {
    const linked = new Set(linksIn('docs/README.md').map(([path]) => path));
    const own = pages.filter((page) => /^docs\/[^/]+\.md$/.test(page) && page !== 'docs/README.md');
    expect(own.filter((page) => !linked.has(page))).toEqual([]);
  });
});

test('every page that a source file names exists', () => {
  const sources = globSync('{lib,functions,cli,admin,doctor,local,scripts,bench}/**/*.{ts,cjs,js}', { cwd: root });
  const named = sources.flatMap((file) =>
    [...read(file).matchAll(/\bdocs\/[\w/-]+\.(?:md|json|yml)\b/g)].map(([path]) => path),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

describe('pages made from the code (npm run docs writes them)', () => {
  test.each(Object.entries(referencePages()))('%s is current', (file, text) => expect(read(file)).toBe(text));

  test('the fields of the catalogue: type, default, bounds', () => {
    const page = read('docs/catalogue-fields.md');
    expect(page).toContain('| `externalId` | string | yes | | 2 to 1224 characters of');
    expect(page).toContain('| `duration.max` | duration | yes | | 1 min to 30 d |');
    expect(page).toContain('| `stages[].need` | integer | | `1` | 1 to 20 |');
    expect(page).toContain('| `leavers` | string | | `revoke` | `revoke`, `keep` |');
  });

  test('every field that the schema of an editor has is in a table', () => {
    const fields = new Set(
      [...read('docs/catalogue-fields.md').matchAll(/^\| `([^`]+)`/gm)].map(([, path = '']) => path.split('.').at(-1)),
    );
    const schema = read('docs/access.schema.json');
    const named = [...schema.matchAll(/"(\w+)": \{\n\s+"description"/g)]
      .map(([, name]) => name)
      .filter((name) => name !== 'properties');
    expect(named.length).toBeGreaterThan(100);
    expect(named.filter((name) => !fields.has(name))).toEqual([]);
  });
});

test('the README fits on a screen', () => expect(read('README.md').split('\n').length).toBeLessThan(75));

test('operations.md has every alarm, and costs.md their number', async () => {
  const settings = { alarmActions: [] };
  const { Resources } = await alarms({
    resolveVariable: async () => 'prod',
    resolveConfigurationProperty: async () => settings,
  });
  const ids = Object.keys(Resources).filter((id) => id.endsWith('Alarm'));
  expect(ids.length).toBeGreaterThan(8);
  expect(read('docs/costs.md')).toContain(`| CloudWatch alarms | ${ids.length} alarms | counted |`);
  const metrics = new Set(
    JSON.stringify(Resources).match(/(?<="MetricNamespace":"Latchkey\/prod","MetricName":")\w+/g),
  );
  expect(read('docs/costs.md')).toContain(`| Metrics from log lines | ${metrics.size} metrics | counted |`);
  expect(ids.filter((id) => !read('docs/operations.md').includes(`\`${id}\``))).toEqual([]);
});
