// The structure, read from the files: what may import what, who may touch the world, and that what is generated is current.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { version } from '../lib/common/version.ts';
import { openApiDocument } from '../lib/http/openapi.ts';
import { httpFunctions, routeKeysOf, routes, routesServedBy } from '../lib/http/routes.ts';
import { NewRequest } from '../lib/model/bodies.ts';
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

// -- floors ----------------------------------------------------------------------------------------------------------

/**
 * The rooms of each tree, floor by floor from the ground up. A file may import its own room and the floors below: never a floor above, nor
 * the other rooms of its own floor. What stands in no list is on the roof, such as `functions/` over `lib/`.
 */
const floors: Record<string, string[][]> = {
  lib: [
    ['common'],
    ['model'],
    ['catalogue'],
    ['policy', 'mail'],
    ['request', 'session', 'pages'],
    ['target'],
    ['app.ts'],
    ['aws', 'config.ts', 'log.ts'],
    ['http', 'lambda.ts'],
    ['actions'],
  ],
  cli: [
    ['machine'],
    ['options', 'text'],
    ['admin', 'aws', 'completion', 'http'],
    ['sign-in'],
    ['api'],
    ['grants'],
    ['commands'],
    ['program'],
  ],
  local: [['settings.ts', 'wire-call.ts'], ['aws'], ['oidc'], ['gateway']],
};
/** Below this floor of lib/ there is no SDK, clock, randomness or environment. */
const ports = floors.lib!.findIndex((rooms) => rooms.includes('app.ts'));

type Import = { from: string; to: string; isType: boolean };

/** Every import and re-export of a file, dynamic ones too; `to` is a path from the root, or a package. */
function importsOf(path: string): Import[] {
  const text = read(path);
  const still = [...text.matchAll(/^(?:import|export)\s+(type\s+)?(?:([^'"]*?)\s+from\s+)?'([^']+)'/gms)];
  const lazy = [...text.matchAll(/\bimport\('([^']+)'\)/g)].map(([all, to]) => [all, undefined, undefined, to]);
  return [...still, ...lazy].map(([, type, names = '', to = '']) => {
    const inner = /^\{(.*)\}$/s.exec(names.trim())?.[1];
    const isType =
      type !== undefined ||
      inner?.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type ')) === true;
    return { from: path, to: to.startsWith('.') ? posix.join(posix.dirname(path), to) : to, isType };
  });
}

/** `lib/policy/judge.ts` is in the room `policy` of `lib`; `lib/app.ts` is a room of its own. */
function placeOf(path: string): { tree: string; room: string; floor: number } {
  const [tree = '', room = ''] = path.split('/');
  const floor = floors[tree]?.findIndex((rooms) => rooms.includes(room)) ?? -1;
  return { tree, room, floor: floor < 0 ? Number.POSITIVE_INFINITY : floor };
}

/** The imports that go up, or to another room of the same floor. */
const climbs = (imports: Import[]): string[] =>
  imports.flatMap(({ from, to }) => {
    const [here, there] = [placeOf(from), placeOf(to)];
    const isFine =
      here.tree !== there.tree ||
      here.room === there.room ||
      there.floor < here.floor ||
      here.floor === Number.POSITIVE_INFINITY;
    return isFine ? [] : [`${from} imports ${to}`];
  });

/** The ways from a file back to itself, by whatever imports, those of types included. */
function circles(imports: Import[]): string[] {
  const next = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): string[] => {
    if (trail.includes(path)) return [[...trail.slice(trail.indexOf(path)), path].join(' -> ')];
    if (done.has(path)) return [];
    const found = (next.get(path) ?? []).flatMap(({ to }) => visit(to, [...trail, path]));
    done.add(path);
    return found;
  };
  return [...next.keys()].flatMap((path) => visit(path, []));
}

const trees = ['lib', 'functions', 'cli', 'local', 'admin', 'doctor', 'bin'];
const allFiles = trees.flatMap(namesIn);
const allImports = allFiles.flatMap(importsOf);
const offences = (paths: string[], isAllowed: (one: Import) => boolean): string[] =>
  paths.flatMap((path) => importsOf(path).flatMap((one) => (isAllowed(one) ? [] : [`${path} imports ${one.to}`])));

describe('rooms and floors', () => {
  test('imports of every form are found', () => {
    expect(allImports).toEqual(
      expect.arrayContaining([
        { from: 'lib/actions/lists.ts', to: 'lib/app.ts', isType: true },
        { from: 'lib/actions/vend.ts', to: 'lib/session/session.ts', isType: false },
        { from: 'lib/http/http.ts', to: '@middy/core', isType: false },
        { from: 'cli/program/commands.ts', to: 'cli/commands/setup.ts', isType: false },
      ]),
    );
  });

  test('every import goes down, or stays in its room', () => {
    expect(climbs(allImports)).toEqual([]);
  });

  test('an import that goes up or to the room beside is found', () => {
    const planted = (from: string, to: string) => climbs([{ from, to, isType: true }]);
    expect(planted('lib/policy/judge.ts', 'lib/actions/vend.ts')).toHaveLength(1);
    expect(planted('lib/policy/judge.ts', 'lib/app.ts')).toHaveLength(1);
    expect(planted('lib/policy/judge.ts', 'lib/mail/letter.ts')).toHaveLength(1);
    expect(planted('cli/text/terminal-text.ts', 'cli/commands/login.ts')).toHaveLength(1);
    expect(planted('lib/policy/judge.ts', 'lib/catalogue/catalogue.ts')).toEqual([]);
  });

  test('no import leads in a circle, types included', () => {
    expect(circles(allImports)).toEqual([]);
  });

  test('a circle is found', () => {
    const planted = { from: 'lib/common/time.ts', to: 'lib/common/hours.ts', isType: true };
    expect(circles([...allImports, planted])).toEqual([expect.stringContaining('lib/common/hours.ts')]);
  });

  test('every room has its floor, and no room is a crowd', () => {
    const sizes = Map.groupBy(allFiles, posix.dirname);
    // one file a command
    sizes.delete('cli/commands');
    const crowds = [...sizes].filter(([folder, files]) => folder !== 'local/page' && files.length > 20);
    expect(crowds.map(([folder, files]) => [folder, files.length])).toEqual([]);
    const rooms = (tree: string) => new Set(namesIn(tree).map((path) => path.split('/')[1]));
    for (const tree of ['lib', 'cli'])
      expect([tree, [...rooms(tree)].sort()]).toEqual([tree, floors[tree]!.flat().sort()]);
  });

  test('below the ports there is valibot, and what computes', () => {
    const packages: Record<string, string[]> = {
      'lib/common/digest.ts': ['node:crypto'],
      'lib/common/networks.ts': ['node:net'],
      'lib/common/pattern.ts': ['node:vm'],
      'lib/common/yaml-file.ts': ['yaml'],
    };
    const core = lib.filter((path) => placeOf(path).floor < ports);
    expect(core.length).toBeGreaterThan(60);
    expect(
      offences(
        core,
        ({ from, to }) => to.startsWith('lib/') || to === 'valibot' || packages[from]?.includes(to) === true,
      ),
    ).toEqual([]);
  });

  test('actions know the world by its ports alone', () => {
    const isAdapter = (to: string) => /^lib\/(?:aws\/|config|log|lambda)/.test(to);
    const actions = lib.filter((path) => path.startsWith('lib/actions/'));
    expect(offences(actions, ({ to }) => to.startsWith('lib/') && !isAdapter(to))).toEqual([]);
  });

  test('functions import from lib, and from packages types alone', () => {
    expect(offences(functions, ({ to, isType }) => to.startsWith('lib/') || (isType && !/^[a-z]+\//.test(to)))).toEqual(
      [],
    );
  });

  test('nothing that is deployed imports what is local or a test', () => {
    expect(
      offences(
        [...lib, ...functions],
        ({ to }) => !/^(?:local|test|bench|scripts|admin|doctor|bin|events|cli)\//.test(to),
      ),
    ).toEqual([]);
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
      linesWith(except('lib/lambda.ts'), /new \w+Client\(|\bfetch\(/).filter(
        (place) => !/^lib\/aws\/(sign-in|ticket-validator)\.ts/.test(place),
      ),
    ).toEqual([]);
  });

  test('knows the time and draws at random', () => {
    expect(
      linesWith(
        except('lib/lambda.ts'),
        /Date\.now|new Date\(\s*\)|Math\.random|randomUUID|randomBytes|getRandomValues|performance\.now|process\.hrtime/,
      ),
    ).toEqual([]);
  });

  test('maps errors to answers', () => {
    expect(linesWith(except('lib/http/http.ts'), /\bonError\b|\bstatusCode\b/)).toEqual([]);
  });

  test('writes to the outside', () => {
    expect(linesWith(except('lib/lambda.ts'), /\bconsole\.(log|error|warn|info|debug)|process\.std(out|err)/)).toEqual(
      [],
    );
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

describe('generated and current (npm run docs regenerates them)', () => {
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

describe('on a machine whose Node is older than 24', () => {
  /** What scripts/own-node.cjs leaves where npm has installed a Node and linked nothing; `version` is the machine's own. */
  const linkedBy = (version: string): string | undefined => {
    const folder = mkdtempSync(join(tmpdir(), 'own-node-'));
    const own = `node-${process.platform}-${process.arch}`;
    for (const path of ['scripts', 'node_modules/.bin', `node_modules/${own}/bin`])
      mkdirSync(join(folder, path), { recursive: true });
    copyFileSync(new URL('scripts/own-node.cjs', root), join(folder, 'scripts/own-node.cjs'));
    const code = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } });
      require('./scripts/own-node.cjs').linkOwnNode();`;
    execFileSync(process.execPath, ['-e', code], { cwd: folder });
    const linked = readdirSync(join(folder, 'node_modules/.bin')).map((name) =>
      readlinkSync(join(folder, 'node_modules/.bin', name)),
    )[0];
    rmSync(folder, { recursive: true });
    return linked?.replace(own, 'node-here');
  };

  test('the npm scripts use the Node that npm installed, also where npm 10 removed its link', () => {
    expect(['20.20.2', '22.23.5', '24.21.0'].map(linkedBy)).toEqual([
      '../node-here/bin/node',
      '../node-here/bin/node',
      undefined,
    ]);
  });

  test('every npm script that runs TypeScript explains which Node it needs', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const ofNode = Object.entries(scripts).filter(([, command]) => /\.ts\b|jest/.test(command));
    expect(ofNode.map(([name]) => name)).toContain('catalogue');
    expect(ofNode.filter(([, command]) => !/preflight\.cjs.*(?:\.ts\b|jest)/.test(command))).toEqual([]);
  });
});

describe('events', () => {
  const files = readdirSync(new URL('events/', root)).filter((name) => name.endsWith('.json'));
  test('the stream records are as the store writes them today', async () => {
    for (const [name, change] of Object.entries(await recordedChanges()))
      expect([name, readEvent(name)]).toEqual([name, JSON.parse(JSON.stringify(eventWith(readEvent(name), change)))]);
  });

  test('every function has one, and every one has its function', () => {
    expect([...new Set(files.map((name) => name.split('.')[0]))].sort()).toEqual(
      functions.map((path) => posix.basename(path, '.ts')).sort(),
    );
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
