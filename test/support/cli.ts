// The command line in this process: with a home of its own, streams that are kept, and a clock and a Ctrl-C that the test holds.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChild } from '../../cli/machine/child.ts';
import type { World } from '../../cli/machine/world.ts';
import { commands } from '../../cli/program/commands.ts';
import { runProgram } from '../../cli/program/program.ts';

export type Ran = { status: number; out: string; err: string };
export type TestWorld = World & {
  /** taken in turn by every wait; the next one ends with Ctrl-C when it answers `interrupt` */
  onSleep: (ms: number) => Promise<'interrupt' | undefined> | 'interrupt' | undefined;
  slept: number[];
};

const homes: string[] = [];
export function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-home-'));
  homes.push(home);
  return home;
}
export function removeHomes(): void {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true });
}

/** Nothing of this machine is seen: no variable, no file of its user, no instance metadata. */
export function testWorld({ env = {}, ...given }: Partial<World> = {}): TestWorld {
  const home = given.home ?? newHome();
  let controller = new AbortController();
  const world: TestWorld = {
    env: { HOME: home, PATH: process.env.PATH, AWS_EC2_METADATA_DISABLED: 'true', ...env },
    home,
    platform: 'linux',
    now: Date.now,
    offsetAt: () => 0,
    out: () => {},
    err: () => {},
    outIsTerminal: false,
    errIsTerminal: false,
    columns: () => undefined,
    slept: [],
    onSleep: () => undefined,
    async sleep(ms) {
      world.slept.push(ms);
      if ((await world.onSleep(ms)) === 'interrupt') controller.abort();
    },
    interrupt() {
      controller = new AbortController();
      return { signal: controller.signal, release() {} };
    },
    ask: async () => undefined,
    // of whatever world it is copied into
    run(program, args, options) {
      return runChild(this.env, program, args, options);
    },
    awsKeys: async () => ({ why: 'this machine has none.' }),
    self: () => ['latchkey'],
    ...given,
  };
  return world;
}

/** Runs one command line and gives what it wrote. */
export async function cli(world: World, ...args: string[]): Promise<Ran> {
  const ran = { out: '', err: '' };
  const status = await runProgram(
    Object.assign(world, {
      out: (text: string) => {
        ran.out += text;
      },
      err: (text: string) => {
        ran.err += text;
      },
    }),
    args,
    commands,
  );
  return { status, ...ran };
}
