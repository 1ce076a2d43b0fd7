// The tests of the deployed stack, for deployed/run.ts, which says where it is.
import { join } from 'node:path';

export default {
  rootDir: join(import.meta.dirname, '..'),
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironment: 'node',
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.build/', '<rootDir>/.serverless/'],
  watchman: false,
  testTimeout: 120_000,
};
