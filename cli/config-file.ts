// The configuration file: YAML with one setting a line, and nothing else of YAML, so that reading it costs nothing.
import { Failure } from './exit.ts';
import { parsedJson } from './json-text.ts';

/** Setting -> what it is, for the docs and the comment that `setup` writes. */
export const configKeys = {
  url: 'where Latchkey is',
  auth: 'how to sign in: auto, token, login or aws',
  region: "AWS region that SigV4 signs for, where the URL does not say it (a custom domain's)",
  profile: 'AWS profile whose credentials sign, where AWS_PROFILE does not say it',
  issuer: 'OIDC issuer that login signs in at',
  clientId: 'client id of the command line at that issuer',
  scope: 'scope that a token must carry',
  audience: 'audience that some issuers must be asked for',
  keychain: 'auto: what renews a login is in the keychain of the system, where there is one; off: in the file with the rest',
} as const;
export type ConfigKey = keyof typeof configKeys;
export type ConfigValues = { [Key in ConfigKey]?: string };

/** @throws Failure with the line of whatever is not a setting */
export function parseConfig(text: string, path: string): ConfigValues {
  const values: ConfigValues = {};
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*(?:#.*)?$|^---\s*$/.test(line)) continue;
    const [, key = '', rest = ''] = /^([\w-]+):(?:\s+(.*))?$/.exec(line) ?? [];
    if (!Object.hasOwn(configKeys, key)) {
      throw new Failure(
        'usage',
        `${path}:${index + 1} is not a setting. Settings are lines such as "url: https://latchkey.example.com"; known are ${Object.keys(configKeys).join(', ')}.`,
      );
    }
    const value = scalarOf(rest.trim());
    if (value === undefined) throw new Failure('usage', `${path}:${index + 1}: "${key}" must have one plain or quoted text.`);
    if (value !== '') values[key as ConfigKey] = value;
  }
  return values;
}

/** The file with these settings set: lines of other settings and comments stay as they are. */
export function editConfig(text: string, changes: ConfigValues): string {
  let lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  for (const [key, value] of Object.entries(changes)) {
    const at = lines.findIndex((line) => line.startsWith(`${key}:`));
    const line = `${key}: ${JSON.stringify(value)}`;
    lines = at < 0 ? [...lines, line] : lines.with(at, line);
  }
  return `${lines.join('\n')}\n`;
}

/** A plain, single- or double-quoted YAML scalar, with a comment behind it or not. */
function scalarOf(text: string): string | undefined {
  const double = /^("(?:[^"\\]|\\.)*")\s*(?:#.*)?$/.exec(text)?.[1];
  if (double !== undefined) return parsedJson(double) as string | undefined;
  const single = /^'((?:[^']|'')*)'\s*(?:#.*)?$/.exec(text)?.[1];
  if (single !== undefined) return single.replaceAll("''", "'");
  if (/^[&*!|>{["'%@`]/.test(text)) return undefined;
  return text.replace(/(?:^|\s+)#.*$/, '');
}
