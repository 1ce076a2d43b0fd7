// The emulation of AWS that the deployed stack runs on: pinned packages of Python, installed once into a virtual environment in the user's cache.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
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

/** Installs what is not there yet. @returns the Python of the virtual environment @throws Error with what pip says */
export function installedPython(): string {
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'latchkey', `emulation-${digest}`);
  if (!existsSync(folder)) install(folder);
  return join(folder, 'bin/python');
}

/** A folder of this name is whole: it gets the name last. Python finds its packages beside itself, so it may be moved. */
function install(folder: string): void {
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    succeeded('python3 -m venv', spawnSync('python3', ['-m', 'venv', unfinished], { encoding: 'utf8' }));
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
    succeeded('pip install', spawnSync(join(unfinished, 'bin/python'), pip, { encoding: 'utf8' }));
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
}

function succeeded(what: string, { error, status, stdout, stderr }: SpawnSyncReturns<string>): void {
  if (error) throw error;
  if (status !== 0) throw new Error(`${what} failed:\n${stdout}${stderr}`);
}
