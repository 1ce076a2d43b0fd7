// `latchkey doctor --issuer URL --token FILE`: explains a real token against the rules of a deployment. It only sends two reads to the issuer.
import { configFor, type Environment } from '../lib/config.ts';
import { type PresetName, presetNames, presetOfIssuer } from '../lib/policy/identity-presets.ts';
import type { Identity } from '../lib/policy/principal.ts';
import { textsIn } from '../lib/policy/token-checks.ts';
import type { Level } from './codes.ts';
import {
  type IssuerFacts,
  issuerLines,
  type JsonWebKey,
  type Parts,
  partsOf,
  personLines,
  type TokenLine,
  type TokenSection,
  tokenLines,
  unusableLine,
} from './token-lines.ts';

/** The options of the command for explaining a token. */
export type TokenOptions = {
  issuer: string | undefined;
  token: string | undefined;
  idp: string | undefined;
  audience: string | undefined;
  scope: string | undefined;
  json: boolean;
};
export type TokenWorld = {
  env: Environment;
  /** epoch milliseconds */
  now: number;
  /** the text of a file, or of standard input for `-` */
  read(file: string): string;
  /** the body of a document, or why it could not be read */
  get(url: string): Promise<{ body: string } | { why: string }>;
};

/** `exitCode` 0: the token is accepted; 1: findings. `errors` means exit code 2. */
export async function runTokenDoctor(
  options: TokenOptions,
  world: TokenWorld,
): Promise<{ text: string; exitCode: 0 | 1 } | { errors: string[] }> {
  const { issuer, token: file } = options;
  if (issuer === undefined)
    return { errors: ['--token requires --issuer: the URL of the issuer, as in the iss of its tokens'] };
  const idp = options.idp ?? world.env.LATCHKEY_IDP ?? presetOfIssuer(issuer);
  if (!isPreset(idp)) return { errors: [`--idp must be one of ${presetNames.join(', ')}`] };
  if (file !== undefined && looksLikeToken(file))
    return {
      errors: ['Other users of this machine can read arguments: pass the token on standard input (--token -).'],
    };
  const unusable = unusableLine(idp);
  if (unusable) return answered([{ title: issuer, lines: [unusable] }], options);

  const parts = file === undefined ? undefined : partsOf(world.read(file));
  const identity = identityIn(idp, options, parts, world.env);
  if ('errors' in identity) return identity;
  const facts = await readIssuer(issuer, world);
  const gateway = { title: `issuer ${issuer} (${idp})`, lines: issuerLines(facts, parts, identity) };
  if (file === undefined) return answered([gateway], options);
  const given = { audience: isGiven('audience', options, world.env), scope: isGiven('scope', options, world.env) };
  return answered(
    [
      gateway,
      { title: 'token', lines: tokenLines(parts, identity, given, world.now) },
      ...(parts ? [{ title: 'person', lines: personLines(parts, identity) }] : []),
    ],
    options,
  );
}

// --- internal ---

const isPreset = (text: string): text is PresetName => (presetNames as readonly string[]).includes(text);
const looksLikeToken = (text: string): boolean => /^(?:Bearer +)?eyJ[\w-]+\./i.test(text);

const variables = { audience: 'LATCHKEY_AUDIENCE', scope: 'LATCHKEY_SCOPE' } as const;
const isGiven = (name: keyof typeof variables, options: TokenOptions, env: Environment): boolean =>
  Boolean(options[name] ?? env[variables[name]]);

/** The deployment's rules. Without --audience or --scope, the token's own values are used, so that the rest can be checked. */
function identityIn(
  idp: PresetName,
  { issuer = '', audience, scope }: TokenOptions,
  parts: Parts | undefined,
  env: Environment,
): Identity | { errors: string[] } {
  const { aud, client_id: client, scope: scopes, scp } = parts?.claims ?? {};
  const [ownAudience] = textsIn(aud ?? client);
  const [ownScope] = [...textsIn(scopes), ...textsIn(scp)].flatMap((text) => text.split(' ')).filter(isApiScope);
  const filled: Environment = {
    ...env,
    LATCHKEY_IDP: idp,
    LATCHKEY_ISSUER: issuer,
    LATCHKEY_AUDIENCE: audience ?? env.LATCHKEY_AUDIENCE ?? ownAudience ?? 'latchkey',
    LATCHKEY_SCOPE: scope ?? env.LATCHKEY_SCOPE ?? ownScope ?? 'latchkey',
  };
  try {
    return configFor(['identity'], filled).identity;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { errors: error.message.split('\n').slice(1).map(asOption) };
  }
}

/** Scopes of OpenID Connect itself, which do not belong to an API. */
const isApiScope = (scope: string): boolean =>
  scope !== '' && !['openid', 'profile', 'email', 'address', 'phone', 'offline_access'].includes(scope);

const asOption = (line: string): string =>
  line.trim().replace(/^LATCHKEY_(IDP|ISSUER|AUDIENCE|SCOPE)\b/, (_, name: string) => `--${name.toLowerCase()}`);

async function readIssuer(issuer: string, { get }: TokenWorld): Promise<IssuerFacts> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const document = jsonOf(await get(address));
  if ('why' in document) return { why: `${address} could not be read: ${document.why}` };
  const { jwks_uri: keysAt } = document.value;
  if (typeof keysAt !== 'string') return { why: `${address} has no jwks_uri` };
  const keys = jsonOf(await get(keysAt));
  if ('why' in keys) return { why: `the keys could not be read: ${keys.why}` };
  return { document: document.value, keys: Array.isArray(keys.value.keys) ? (keys.value.keys as JsonWebKey[]) : [] };
}

function jsonOf(answer: { body: string } | { why: string }): { value: Record<string, unknown> } | { why: string } {
  if ('why' in answer) return answer;
  try {
    return { value: Object(JSON.parse(answer.body)) as Record<string, unknown> };
  } catch (error) {
    if (error instanceof SyntaxError) return { why: 'the answer is not JSON' };
    throw error;
  }
}

function answered(sections: TokenSection[], { json }: TokenOptions): { text: string; exitCode: 0 | 1 } {
  const all = sections.flatMap(({ title, lines }) => lines.map((line) => ({ section: title, ...line })));
  const exitCode = all.some(({ level }) => level === 'finding') ? 1 : 0;
  return { text: json ? `${JSON.stringify({ findings: all }, null, 2)}\n` : textOf(sections), exitCode };
}

const words: Record<Level, string> = { ok: 'ok', warning: 'WARNING', finding: 'FINDING', 'not-checked': 'not checked' };

function textOf(sections: readonly TokenSection[]): string {
  return sections.map(({ title, lines }) => `${title}\n${lines.map(lineText).join('')}`).join('\n');
}

function lineText({ check, level, seen, fix }: TokenLine): string {
  const first = `  ${words[level].padEnd(11)}  ${check}: ${seen}\n`;
  return fix === undefined ? first : `${first}               fix:   ${fix}\n`;
}
