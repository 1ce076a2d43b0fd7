// `--scope NAME=VALUE`, given once for each name.
import { Failure } from '../machine/exit.ts';

/** @returns undefined if none is given @throws Failure `usage` for an invalid pair or a duplicate name */
export function namedValues(option: string, given: readonly string[]): Record<string, string> | undefined {
  if (given.length === 0) return undefined;
  const values: Record<string, string> = Object.create(null);
  for (const pair of given) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at);
    if (at < 1)
      throw new Failure('usage', `--${option} requires NAME=VALUE, such as --${option} bucket=reports, not "${pair}".`);
    if (Object.hasOwn(values, name)) throw new Failure('usage', `--${option} sets ${name} twice.`);
    values[name] = pair.slice(at + 1);
  }
  return values;
}
