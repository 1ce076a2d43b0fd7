// The command line as a process of its own, from its sources.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Ran } from './cli.ts';
import { compileCache } from './compile-cache.ts';

export const program = join(import.meta.dirname, '../../bin/latchkey.ts');

export type Running = {
  child: ChildProcess;
  ended: Promise<Ran>;
  /** resolves once this is on stderr; rejects where the program ends before */
  said(text: string): Promise<void>;
};

/** @param env nothing else of this process's environment is seen but where compiled code is kept */
export function start(args: readonly string[], env: Record<string, string>): Running {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...compileCache, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ran = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    ran.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    ran.err += chunk;
  });
  const ended = new Promise<Ran>((resolve) => child.on('close', (status) => resolve({ status: status ?? -1, ...ran })));
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => ran.err.includes(text) && resolve();
      child.stderr.on('data', look);
      child.on('close', () => reject(new Error(`ended without "${text}": ${ran.err}`)));
      look();
    });
  return { child, ended, said };
}
