// What the deployed stack is tested with and Latchkey itself has no use for: pinned packages of Python and npm, installed once into the user's cache.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const requirements = join(import.meta.dirname, 'requirements.txt');

/** What is missing to install it; undefined where everything is here. */
export function missingPython(): string | undefined {
  const asked = spawnSync('python3', ['-c', 'import sys, venv, ensurepip; print(sys.version_info >= (3, 10))'], {
    encoding: 'utf8',
  });
  if (asked.error) return 'no python3 on the PATH (apt-get install python3-venv)';
  if (asked.status !== 0) return 'python3 cannot make virtual environments (apt-get install python3-venv)';
  return asked.stdout.trim() === 'True' ? undefined : 'python3 is older than 3.10';
}

/** @returns the Python of a virtual environment with the emulation of AWS @throws Error with what pip says */
export function installedPython(): string {
  const folder = installed('emulation', requirements, (unfinished) => {
    ran('python3', '-m', 'venv', unfinished);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
    ran(join(unfinished, 'bin/python'), ...pip);
  });
  return join(folder, 'bin/python');
}

/** @returns the folder with the packages of the identity provider @throws Error with what npm says */
export function installedIssuer(): string {
  const own = join(import.meta.dirname, 'issuer');
  return installed('issuer', join(own, 'package-lock.json'), (unfinished) => {
    cpSync(own, unfinished, { recursive: true });
    ran('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', unfinished);
  });
}

/**
 * A folder of the cache, filled where it is not there yet. It gets its name last, so one of that name is whole; Python and Node find packages beside themselves,
 * so it may be moved.
 * @param pins the file that says what is installed: other pins, another folder
 */
function installed(name: string, pins: string, fill: (folder: string) => void): string {
  const digest = createHash('sha256').update(readFileSync(pins)).digest('hex').slice(0, 12);
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'latchkey', `${name}-${digest}`);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    fill(unfinished);
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}

function ran(program: string, ...args: string[]): void {
  const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`);
}
