// The configuration file: YAML with one setting a line, and nothing else of YAML, so that reading it costs nothing.
import { Failure } from './exit.ts';
import { parsedJson } from './json-text.ts';

const configKeys = ['url', 'auth', 'region', 'profile', 'issuer', 'clientId', 'scope', 'audience', 'keychain'] as const;
export type ConfigKey = (typeof configKeys)[number];
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
    if (!isKey(key)) {
      throw new Failure(
        'usage',
        `${path}:${index + 1} is not a setting. Settings are lines such as "url: https://latchkey.example.com"; known are ${configKeys.join(', ')}.`,
      );
    }
    const value = scalarOf(rest.trim());
    if (value === undefined)
      throw new Failure('usage', `${path}:${index + 1}: "${key}" must have one plain or quoted text.`);
    if (value !== '') values[key] = value;
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

const isKey = (key: string): key is ConfigKey => (configKeys as readonly string[]).includes(key);

/** A plain, single- or double-quoted YAML scalar, with a comment behind it or not. */
function scalarOf(text: string): string | undefined {
  const double = /^("(?:[^"\\]|\\.)*")\s*(?:#.*)?$/.exec(text)?.[1];
  if (double !== undefined) return parsedJson(double) as string | undefined;
  const single = /^'((?:[^']|'')*)'\s*(?:#.*)?$/.exec(text)?.[1];
  if (single !== undefined) return single.replaceAll("''", "'");
  if (/^[&*!|>{["'%@`]/.test(text)) return undefined;
  return text.replace(/(?:^|\s+)#.*$/, '');
}
