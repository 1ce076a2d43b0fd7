// For tests that need more than Node, npm and git: they are reported as skipped if a tool is missing, and fail with LATCHKEY_WANTED=all.
import { spawnSync } from 'node:child_process';
import { describe, test } from '@jest/globals';
import { saySkipped } from './skipped.ts';

/**
 * `describe` and `test` for what needs something that is not on every machine.
 * @param missing what is missing, and how to install it; undefined where everything is here
 * @param untried what is not tested then
 * @returns those of Jest, or their `skip` after a line that reports it
 * @throws Error instead of that line, where everything is wanted
 */
export function where(missing: string | undefined, untried: string): { describe: Tests; test: Test } {
  if (missing === undefined) return { describe, test };
  saySkipped(missing, untried);
  return { describe: describe.skip as Tests, test: test.skip as Test };
}
type Tests = Pick<typeof describe, 'each'> & ((name: string, body: () => void) => void);
type Test = typeof test.skip;

/**
 * The names of missing programs.
 * @param programs by name, each with the Debian package that has it
 */
export function missingPrograms(programs: Readonly<Record<string, string>>): string | undefined {
  const missing = Object.keys(programs).filter((name) => !isOnPath(name));
  if (missing.length === 0) return undefined;
  const packages = [...new Set(missing.map((name) => programs[name]))];
  return `no ${missing.join(', ')} on the PATH (apt-get install ${packages.join(' ')})`;
}

/** The missing tools for running a program on its own terminal: `script`, and a system that provides terminals, which a chroot may not. */
export function missingTerminal(): string | undefined {
  const missing = missingPrograms({ script: 'bsdutils', stty: 'coreutils' });
  if (missing !== undefined) return missing;
  const { status, stderr } = spawnSync('script', ['-qec', 'true', '/dev/null'], { encoding: 'utf8' });
  return status === 0 ? undefined : `no pseudo-terminal (${stderr.trim()})`;
}

/** The missing tools for running the blocks of a guide: bash, and a curl that can sign. */
export function missingShellTools(): string | undefined {
  const missing = missingPrograms({ bash: 'bash', curl: 'curl' });
  if (missing !== undefined) return missing;
  const { stdout } = spawnSync('curl', ['--help', 'all'], { encoding: 'utf8' });
  return stdout.includes('--aws-sigv4') ? undefined : 'this curl has no --aws-sigv4 (7.75 or newer has)';
}

// --- internal ---

function isOnPath(name: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name], { stdio: 'ignore' }).status === 0;
}
