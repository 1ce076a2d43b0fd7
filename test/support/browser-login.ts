// Runs `latchkey login` and visits the address that it shows, as a browser would; nothing is opened.
import { cli, type Ran, type TestWorld, testWorld } from './cli.ts';

export async function loginInBrowser(
  world: TestWorld,
  visit: (address: string) => Promise<unknown>,
  ...args: string[]
): Promise<Ran> {
  let visited: Promise<unknown> = Promise.resolve();
  const here = testWorld({ ...world, env: { ...world.env, BROWSER: 'true' }, sleep: () => new Promise(() => {}) });
  const running = cli(here, 'login', ...args);
  const { err } = here;
  here.err = (text) => {
    err(text);
    const address = /^ {2}(http\S+)$/m.exec(text)?.[1];
    if (address !== undefined) visited = visit(address);
  };
  const ran = await running;
  await visited;
  return ran;
}
