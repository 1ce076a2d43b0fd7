// The configuration file: one JSON object.
import { probablyMeant } from '../../lib/common/suggestion.ts';
import { Failure } from '../machine/exit.ts';

const texts = [
  'url',
  'auth',
  'region',
  'profile',
  'issuer',
  'clientId',
  'clientSecret',
  'scope',
  'audience',
  'keychain',
  'offlineAccess',
] as const;
const parameterSets = ['signInParameters', 'stepUp'] as const;
const configKeys = [...texts, ...parameterSets, 'loginPorts'] as const;
export type ConfigKey = (typeof configKeys)[number];
export type Parameters = Readonly<Record<string, string>>;
export type ConfigValues = { [Key in (typeof texts)[number]]?: string } & {
  [Key in (typeof parameterSets)[number]]?: Parameters;
} & { loginPorts?: readonly number[] };

export type Config = {
  values: ConfigValues;
  /** one line for each unknown member */
  warnings: string[];
  /** the whole content of the file */
  all: Record<string, unknown>;
};

/** @param text of the file; undefined if there is no file @throws Failure `usage` for an invalid file */
export function parseConfig(text: string | undefined, path: string): Config {
  const all = text === undefined ? {} : objectIn(text, path);
  const values: Record<string, unknown> = {};
  const warnings: string[] = [];
  for (const [key, value] of Object.entries(all)) {
    if (!isKey(key)) warnings.push(unknownKey(key, path));
    else if (!fits(key, value)) throw new Failure('usage', `${path}: "${key}" must be ${formOf(key)}.`);
    else if (value !== '') values[key] = value;
  }
  return { values: values as ConfigValues, warnings, all };
}

/** The file with these settings changed; everything else in it stays. */
export const withSettings = ({ all }: Config, changes: ConfigValues): string =>
  `${JSON.stringify({ ...all, ...changes }, null, 2)}\n`;

export const isPort = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65536;

export const isParameters = (value: unknown): value is Parameters =>
  value !== null &&
  typeof value === 'object' &&
  !Array.isArray(value) &&
  Object.values(value).every((one) => typeof one === 'string');

// -- internal --------------------------------------------------------------------------------------------------------

function objectIn(text: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // Node's message quotes the text, which may contain a secret
    const place = /line \d+ column \d+/.exec(error.message)?.[0];
    throw notJson(`${path} is not valid JSON${place === undefined ? '' : ` (${place})`}.`);
  }
  throw notJson(`${path} is not a JSON object.`);
}

const notJson = (message: string): Failure =>
  new Failure('usage', message, [
    'Example: {"url": "https://latchkey.example.com"}. To write the file, run: latchkey setup URL',
  ]);

const isKey = (key: string): key is ConfigKey => (configKeys as readonly string[]).includes(key);

const isParameterSet = (key: ConfigKey): boolean => (parameterSets as readonly string[]).includes(key);

function fits(key: ConfigKey, value: unknown): boolean {
  if (key === 'loginPorts') return Array.isArray(value) && value.every(isPort);
  return isParameterSet(key) ? isParameters(value) : typeof value === 'string';
}

function formOf(key: ConfigKey): string {
  if (key === 'loginPorts') return 'a list of ports';
  return isParameterSet(key) ? 'an object of strings' : 'a string';
}

function unknownKey(key: string, path: string): string {
  const meant = probablyMeant(key, configKeys);
  return `${path}: unknown setting "${key}" is ignored.${meant === undefined ? '' : ` Did you mean "${meant}"?`}`;
}
