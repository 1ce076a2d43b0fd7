// A local server for tests of the command line, and people and machines who sit at terminals of their own.
import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { type LocalServer, startLocalServer } from '../../local/server.ts';
import { type Ran, removeHomes, type TestWorld, testWorld } from './cli.ts';
import { roomyCatalogue } from './roomy-catalogue.ts';

export type CliServer = {
  server: LocalServer;
  tokenOf(email: string): Promise<string>;
  /** a person with a token in LATCHKEY_TOKEN and, unless one is given, their own home directory */
  person(email: string, given?: Partial<TestWorld>): Promise<TestWorld>;
  /** the test keys of the principal whose ARN ends so, as the environment has them */
  keysOf(ending: string): { AWS_ACCESS_KEY_ID: string; AWS_SECRET_ACCESS_KEY: string };
  /** Latchkey's clock, as POST /local/clock takes it */
  moveClock(to: object): Promise<void>;
  close(): Promise<void>;
};

/** @param catalogue what access.yml holds, instead of the one that ships */
export async function startForCli(catalogue?: object): Promise<CliServer> {
  const roomy = roomyCatalogue();
  if (catalogue) writeFileSync(roomy.file, stringify(catalogue));
  const server = await startLocalServer({ catalogueFile: roomy.file });
  const post = async (path: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${server.url}/local/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`/local/${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const tokenOf = async (email: string) => ((await post('token', { email })) as { token: string }).token;
  return {
    server,
    tokenOf,
    person: async (email, given = {}) =>
      testWorld({ ...given, env: { LATCHKEY_URL: server.url, LATCHKEY_TOKEN: await tokenOf(email), ...given.env } }),
    keysOf(ending) {
      const key = server.keys.find(({ arn }) => arn.endsWith(ending));
      if (!key) throw new Error(`the catalogue has no principal ${ending}`);
      return { AWS_ACCESS_KEY_ID: key.accessKeyId, AWS_SECRET_ACCESS_KEY: key.secretAccessKey };
    },
    moveClock: async (to) => void (await post('clock', to)),
    async close() {
      await server.close();
      roomy.remove();
      removeHomes();
    },
  };
}

/** The JSON that a command printed. */
export const bodyOf = <Body>({ out }: Ran): Body => JSON.parse(out) as Body;
