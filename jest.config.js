// How Jest runs the tests: four suites, told apart by what a test file imports, so that a new file needs no entry anywhere.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The first one whose pattern a test file holds is its suite. `--selectProjects pure` runs one alone. */
const suites = {
  // programs, packages and browsers: processes of their own
  e2e: /from '(?:node:child_process|playwright-core|(?:\.\.?\/)+support\/(?:guide|cli-program)\.ts)'/,
  // servers in this process, over real HTTP: the local server, emulators, stand-ins of others
  server: /\bstart\w+Emulator\b|\bemulatedHub\b|\bstartLocalServer\b|\bstartForCli\b|\bcreateServer\b|\/emulators\.ts'/,
  // everything else: the handlers with fakes, and the core
  pure: /(?:)/,
};

// what tests spawn runs from sources: compiled code that is kept takes most of its start away
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/compiled');

const suiteOf = (file) => Object.keys(suites).find((name) => suites[name].test(readFileSync(file, 'utf8')));
const bySuite = Object.groupBy(
  globSync('test/**/*.test.ts', { cwd: import.meta.dirname, exclude: ['test/proof/**'] }),
  suiteOf,
);

const project = (displayName, testMatch) => ({
  displayName,
  testMatch: testMatch.map((path) => `<rootDir>/${path}`),
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironment: 'node',
  // what is built holds copies of package.json, which the map of modules would take for this package
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.build/', '<rootDir>/.serverless/'],
});

export default {
  projects: [
    ...Object.keys(suites).map((name) => project(name, bySuite[name])),
    project('proof', ['test/proof/*.test.ts']),
  ],
  watchman: false,
  // Jest reads it here alone, not in a project
  testTimeout: 60_000,
  maxWorkers: '100%',
};
