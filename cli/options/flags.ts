// Maps the JSON pointers in the API's errors to flags: `/duration` is `--for`, `?limit` is `--limit`.
import type { ProblemDocument } from '../machine/exit.ts';

/** The flag of each field in the API's bodies, by JSON Pointer, and of the one header that a flag sets. */
const flags: Readonly<Record<string, string>> = {
  '/account': '--account',
  '/block': '--block',
  '/breakGlass': '--break-glass',
  '/comment': '--comment',
  '/destination': '--path',
  '/duration': '--for',
  '/onBehalfOf': '--on-behalf-of',
  '/person': '--person',
  '/reason': '--reason',
  '/role': 'ROLE',
  '/scope': '--scope',
  '/startsAt': '--at',
  '/ticket': '--ticket',
  'Idempotency-Key': '--idempotency-key',
};

/** @param path of the call @returns undefined for a field that no flag sets */
export function flagOf(pointer: string, path: string): string | undefined {
  if (pointer === '/duration' && path.endsWith('/credentials')) return '--duration';
  if (pointer === '/role' && path === '/revocations') return '--role';
  if (pointer.startsWith('/scope/')) return `--scope ${pointer.slice('/scope/'.length)}`;
  return pointer.startsWith('?') ? `--${pointer.slice(1)}` : flags[pointer];
}

/** The API's errors, with flags instead of pointers. @param path of the call */
export function inFlags(
  { code, detail, errors = [] }: ProblemDocument,
  path: string,
): { detail: string; errors: Array<{ flag: string; detail: string }> } {
  const named = errors.map((error) => ({ flag: flagOf(error.pointer, path), ...error }));
  const isOfFlags = code === 'invalid-request' && named.length > 0 && named.every(isFormOfFlag);
  return {
    detail: isOfFlags ? `${named.map((one) => `${one.flag} ${one.detail}`).join('; ')}.` : detail,
    errors: named.map(({ flag, pointer, detail }) => ({ flag: flag ?? pointer, detail })),
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

/** A detail such as `must be ...` needs the flag as its subject; other details are whole sentences. */
const isFormOfFlag = ({ flag, detail }: { flag: string | undefined; detail: string }): boolean =>
  flag !== undefined && /^[a-z]/.test(detail);
