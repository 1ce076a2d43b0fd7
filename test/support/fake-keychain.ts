// A keychain of a test's own: security(1) and secret-tool(1) in a folder, which keep secrets, remember what they were told, and fail as they are told.
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { runChild } from '../../cli/machine/child.ts';
import type { TestWorld } from './cli.ts';
import { compileCache } from './compile-cache.ts';

/** `locked` reads and writes nothing, `read-only` writes nothing, `forgetful` confirms writes and loses them. */
export type Mood = 'well' | 'locked' | 'read-only' | 'forgetful';
export type FakeKeychain = {
  folder: string;
  /** what everybody sees who lists processes, and what went in by stdin */
  calls(): Array<{ program: string; args: string[]; input: string }>;
  /** account -> secret */
  secrets(): Record<string, string>;
  become(mood: Mood): void;
  /** gives a world this keychain: the programs on its PATH, and in the place of /usr/bin/security */
  openIn(world: TestWorld, platform: 'darwin' | 'linux'): void;
};

export function fakeKeychain(): FakeKeychain {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-keychain-'));
  const program = join(import.meta.dirname, 'keychain-program.ts');
  const kept = Object.entries(compileCache)
    .map(([name, value]) => `${name}='${value}'`)
    .join(' ');
  for (const name of ['security', 'secret-tool'])
    writeFileSync(
      join(folder, name),
      `#!/bin/sh\n${kept} exec '${process.execPath}' '${program}' '${folder}' ${name} "$@"\n`,
      { mode: 0o755 },
    );
  const read = (name: string): string =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '';
  return {
    folder,
    calls: () =>
      read('calls')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    secrets: () => JSON.parse(read('secrets') || '{}') as Record<string, string>,
    become: (mood) => writeFileSync(join(folder, 'mood'), mood),
    openIn(world, platform) {
      world.platform = platform;
      world.env = {
        ...world.env,
        PATH: folder,
        ...(platform === 'linux' && { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' }),
      };
      world.run = function (path, args, options) {
        return runChild(this.env, path === '/usr/bin/security' ? join(folder, basename(path)) : path, args, options);
      };
    },
  };
}
