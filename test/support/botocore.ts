// Asks botocore how it reads an AWS configuration, where a Python with botocore is at hand.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

type Values = Record<string, string | Record<string, string>>;
/** `profiles` as the AWS CLI uses them, `sections` with every value as its text; or the class of the error by which botocore refuses the file. */
export type Reading =
  | { profiles: Record<string, Values>; sections: Record<string, Record<string, string>> }
  | { error: string };

/** A Python that has botocore; LATCHKEY_PYTHON names another one. */
export const python = [process.env.LATCHKEY_PYTHON, 'python3', '/usr/bin/python3'].find(
  (program) => program && spawnSync(program, ['-c', 'import botocore.configloader']).status === 0,
);

/** How botocore reads each text. */
export function readByBotocore(texts: readonly string[]): Reading[] {
  const { status, stdout, stderr } = spawnSync(python!, [join(import.meta.dirname, 'read-aws-config.py')], {
    input: texts.map((text) => `${JSON.stringify(text)}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    env: { ...process.env, PYTHONUTF8: '1' },
  });
  if (status !== 0) throw new Error(`botocore could not be asked: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Reading);
}
