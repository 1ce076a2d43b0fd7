// What the tests of this folder know of the deployment that they run against; deployed/run.ts writes it down.
import { readFileSync } from 'node:fs';
import type { Deployment } from './stack.ts';

/** Names the file, in the environment of the tests. */
export const deployedVariable = 'LATCHKEY_DEPLOYED';

export type World = Deployment & { outputs: Outputs };
/** Of the stack. */
export type Outputs = Record<'HttpApiId' | 'HubRoleArn' | 'RevokerHubRoleArn' | 'TableName', string>;

/** @throws Error outside of `npm run deployed` */
export function deployedWorld(): World {
  const file = process.env[deployedVariable];
  if (file === undefined) throw new Error('there is no deployment to test; npm run deployed makes one');
  return JSON.parse(readFileSync(file, 'utf8')) as World;
}
