// The structure, read from the files: what may import what, who may touch the world, and that what is generated is current.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { version } from '../lib/common/version.ts';
import { openApiDocument } from '../lib/http/openapi.ts';
import { httpFunctions, routeKeysOf, routes, routesServedBy } from '../lib/http/routes.ts';
import { NewRequest } from '../lib/model/schema.ts';
import { eventWith, readEvent, recordedChanges } from '../scripts/record-events.ts';

const root = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const namesIn = (folder: string): string[] =>
  (existsSync(new URL(`${folder}/`, root))
    ? readdirSync(new URL(`${folder}/`, root), { recursive: true, encoding: 'utf8' })
    : []
  )
    .filter((file) => /\.(ts|cjs|mjs|js)$/.test(file))
    .map((file) => `${folder}/${file}`);

/** Files of a folder that have what they must not have, as `file: line`. */
const linesWith = (paths: string[], pattern: RegExp): string[] =>
  paths.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}`] : [])),
  );

const lib = namesIn('lib');
const functions = namesIn('functions');

// -- layers ----------------------------------------------------------------------------------------------------------

/** One function per thing that a person or the clock can do. */
const useCases = [
  'access',
  'ask-ticket',
  'blocks',
  'change',
  'channels',
  'decide-by-link',
  'each-request',
  'end-each',
  'diagnose',
  'extend',
  'file-request',
  'identity',
  'leavers',
  'lists',
  'mail-channel',
  'news',
  'revocations',
  'revoke',
  'sweep',
  'vend',
];
/** What touches the world, and what builds it. */
const edges = [
  'block-items',
  'identity-items',
  'app',
  'catalogue-file',
  'config',
  'dynamo-conditions',
  'dynamo-faults',
  'dynamo-transaction',
  'ledger-items',
  'http',
  'log',
  'mail',
  'revocation-items',
  'revocation-refused',
  'revoker',
  'sign-in',
  'store',
  'table',
  'sts',
  'ticket-validator',
  'told-store',
  'trials',
];

/** Everything else is pure: no SDK, no environment, no clock, no randomness. */
const core = lib
  .map((path) => path.replace(/^lib\/|\.ts$/g, ''))
  .filter((name) => !useCases.includes(name) && !edges.includes(name));

type Import = { from: string; to: string; isType: boolean };

/** Every import and re-export of a file; one whose names are all types is gone when the code runs. */
function importsOf(path: string): Import[] {
  return [...read(path).matchAll(/^(?:import|export)\s+(type\s+)?(?:([^'"]*?)\s+from\s+)?'([^']+)'/gms)].map(
    ([, type, names = '', to = '']) => {
      const inner = /^\{(.*)\}$/s.exec(names.trim())?.[1];
      const isType =
        type !== undefined ||
        inner?.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type ')) === true;
      return { from: path, to, isType };
    },
  );
}
const nameOf = (path: string): string => path.replace(/^.*\//, '').replace(/\.ts$/, '');
const offences = (paths: string[], isAllowed: (one: Import) => boolean): string[] =>
  paths.flatMap((path) => importsOf(path).flatMap((one) => (isAllowed(one) ? [] : [`${path} imports ${one.to}`])));
const layer = (names: string[]) => names.map((name) => `lib/${name}.ts`);

describe('who imports what', () => {
  test('the imports are found', () => {
    expect(importsOf('lib/actions/lists.ts')).toContainEqual({
      from: 'lib/actions/lists.ts',
      to: './app.ts',
      isType: true,
    });
    expect(importsOf('lib/actions/vend.ts')).toContainEqual({
      from: 'lib/actions/vend.ts',
      to: './session.ts',
      isType: false,
    });
    expect(importsOf('lib/http/http.ts')).toContainEqual({
      from: 'lib/http/http.ts',
      to: '@middy/core',
      isType: false,
    });
  });

  test('the core imports the core, valibot, and nothing else', () => {
    const packages: Record<string, string[]> = {
      openapi: ['@valibot/to-json-schema'],
      digest: ['node:crypto'],
      networks: ['node:net'],
      pattern: ['node:vm'],
      'yaml-file': ['yaml'],
    };
    expect(
      offences(layer(core), ({ from, to }) =>
        to.startsWith('./')
          ? core.includes(nameOf(to))
          : to === 'valibot' || (packages[nameOf(from)]?.includes(to) ?? false),
      ),
    ).toEqual([]);
  });

  test('use cases know the world by its types alone', () => {
    const isOwnError = (to: string) => to === './revocation-refused.ts';
    expect(
      offences(
        layer(useCases),
        ({ to, isType }) =>
          to.startsWith('./') && (isType || isOwnError(to) || [...core, ...useCases].includes(nameOf(to))),
      ),
    ).toEqual([]);
  });

  test('edges know no use case', () => {
    expect(offences(layer(edges), ({ to }) => !to.startsWith('.') || [...core, ...edges].includes(nameOf(to)))).toEqual(
      [],
    );
  });

  test('functions import from lib, and from packages types alone', () => {
    expect(
      offences(functions, ({ to, isType }) => to.startsWith('../lib/') || (isType && !to.startsWith('.'))),
    ).toEqual([]);
  });

  test('nothing that is deployed imports what is local or a test', () => {
    expect(
      offences(
        [...lib, ...functions],
        ({ to }) => !/(^|\/)(local|test|bench|scripts|admin|doctor|bin|events)\//.test(to),
      ),
    ).toEqual([]);
  });

  test('there is no way round in a circle', () => {
    const next = (path: string) =>
      importsOf(path).flatMap(({ to, isType }) => (isType || !to.startsWith('./') ? [] : [`lib/${nameOf(to)}.ts`]));
    const visit = (path: string, trail: string[]): string[] =>
      trail.includes(path)
        ? [[...trail.slice(trail.indexOf(path)), path].join(' -> ')]
        : next(path).flatMap((to) => visit(to, [...trail, path]));
    expect([...new Set(layer(useCases.concat('http')).flatMap((path) => visit(path, [])))]).toEqual([]);
  });
});

// -- the world in one place ------------------------------------------------------------------------------------------

describe('one place', () => {
  const all = [...lib, ...functions];
  const except = (...paths: string[]) => all.filter((path) => !paths.includes(path));

  test('reads the environment', () => {
    expect(linesWith(except('lib/config.ts'), /process\.(env|argv)|import\.meta\.env/)).toEqual([]);
  });

  test('builds clients', () => {
    expect(
      linesWith(except('lib/app.ts'), /new \w+Client\(|\bfetch\(/).filter(
        (place) => !/^lib\/(sign-in|ticket-validator)\.ts/.test(place),
      ),
    ).toEqual([]);
  });

  test('knows the time and draws at random', () => {
    expect(
      linesWith(
        except('lib/app.ts'),
        /Date\.now|new Date\(\s*\)|Math\.random|randomUUID|randomBytes|getRandomValues|performance\.now|process\.hrtime/,
      ),
    ).toEqual([]);
  });

  test('maps errors to answers', () => {
    expect(linesWith(except('lib/http/http.ts'), /\bonError\b|\bstatusCode\b/)).toEqual([]);
  });

  test('writes to the outside', () => {
    expect(linesWith(except('lib/app.ts'), /\bconsole\.(log|error|warn|info|debug)|process\.std(out|err)/)).toEqual([]);
  });
});

// -- size and words --------------------------------------------------------------------------------------------------

describe('files', () => {
  test.each(functions)('%s is short, and so is its handler', (path) => {
    const lines = read(path).trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(45);
    const begin = lines.findIndex((line) => line.startsWith('export const handler'));
    const length = lines.slice(begin).findIndex((line) => /^(}\)|\)|export const handler.*);$/.test(line)) + 1;
    expect([begin >= 0, length > 0, length <= 30]).toEqual([true, true, true]);
  });
});

// -- what follows from something else --------------------------------------------------------------------------------

describe('generated and current (npm run docs writes them anew)', () => {
  test('docs/openapi.json', () => {
    expect(read('docs/openapi.json')).toBe(`${JSON.stringify(openApiDocument(version), null, 2)}\n`);
  });

  test('docs/openapi.json names a shape once, and says what each field of a filing is', () => {
    const { schemas } = openApiDocument(version).components;
    const referred = new Set(
      [...read('docs/openapi.json').matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name),
    );
    expect([...referred].sort()).toEqual(Object.keys(schemas).sort());
    expect(Object.keys(schemas.NewRequest.properties)).toEqual(Object.keys(NewRequest.entries));
    for (const field of Object.values(schemas.NewRequest.properties))
      expect(field).toMatchObject({ type: expect.any(String), description: expect.any(String) });
  });

  test('the version', () => {
    expect(version).toBe((JSON.parse(read('package.json')) as { version: string }).version);
  });
});

test('every npm script that runs TypeScript says in plain words when Node is too old', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const ofNode = Object.entries(scripts).filter(([, command]) => /\.ts\b|jest/.test(command));
  expect(ofNode.map(([name]) => name)).toContain('catalogue');
  expect(ofNode.filter(([, command]) => !/preflight\.cjs.*(?:\.ts\b|jest)/.test(command))).toEqual([]);
});

describe('events', () => {
  const files = readdirSync(new URL('events/', root)).filter((name) => name.endsWith('.json'));
  test('the stream records are as the store writes them today', async () => {
    for (const [name, change] of Object.entries(await recordedChanges()))
      expect([name, readEvent(name)]).toEqual([name, JSON.parse(JSON.stringify(eventWith(readEvent(name), change)))]);
  });

  test('every function has one, and every one has its function', () => {
    expect([...new Set(files.map((name) => name.split('.')[0]))].sort()).toEqual(functions.map(nameOf).sort());
  });

  test.each(httpFunctions)('%s has one for each of its routes', (name) => {
    const keys = files
      .filter((file) => file.startsWith(`${name}.`))
      .map((file) => (JSON.parse(read(`events/${file}`)) as { routeKey: string }).routeKey);
    const served = routesServedBy(name).flatMap((route) => routeKeysOf(routes[route]));
    // a HEAD is the event of its GET with another method
    const own = (all: string[]) => all.filter((key) => !/^(?:HEAD |\$default$)/.test(key)).sort();
    expect(own([...new Set(keys)])).toEqual(own(served));
  });
});
