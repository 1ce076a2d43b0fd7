// `latchkey setup`
import { notLatchkey } from '../api/api.ts';
import { sendHttp } from '../http/http.ts';
import { NoAnswer, noAnswer } from '../http/no-answer.ts';
import { jsonObject } from '../machine/json-text.ts';
import { configPath } from '../machine/places.ts';
import { readUtf8, withLock, writeWhole } from '../machine/whole-file.ts';
import { variable, type World } from '../machine/world.ts';
import { command, type Values } from '../options/command.ts';
import { type ConfigValues, isParameters, isPort, parseConfig, withSettings } from '../options/config-file.ts';
import { checkedUrl } from '../options/settings.ts';
import { json } from '../text/terminal-text.ts';

const options = {
  issuer: { type: 'text', placeholder: 'URL', summary: 'OIDC issuer (default: as Latchkey says)' },
  'client-id': {
    type: 'text',
    placeholder: 'ID',
    summary: 'client ID of the command line at the issuer (default: as Latchkey says)',
  },
  scope: {
    type: 'text',
    placeholder: 'SCOPE',
    summary: 'scopes to request from the issuer (default: as Latchkey says)',
  },
  audience: { type: 'text', placeholder: 'AUDIENCE', summary: 'audience, for issuers that require one' },
  region: { type: 'text', placeholder: 'REGION', summary: 'AWS region to sign for (default: the region in the URL)' },
  profile: { type: 'text', placeholder: 'NAME', summary: 'AWS profile that signs (default: AWS_PROFILE)' },
} as const;

export const setup = command({
  name: 'setup',
  group: 'Set up',
  summary: 'Connect this machine to a Latchkey deployment',
  description: [
    'Asks the deployment how to sign in, and writes the configuration file. Other settings in the file stay as they are. The README of this package lists all settings.',
  ],
  positionals: [{ name: 'URL', summary: 'URL of Latchkey' }],
  options,
  examples: ['latchkey setup https://latchkey.example.com', 'latchkey setup http://localhost:3000'],
  async run(world, { positionals: [given = ''], options }) {
    const url = checkedUrl(given);
    const found = await discovered(world, url);
    const changes: ConfigValues = { url, ...found, ...saidIn(options) };
    const path = configPath(world);
    await withLock(world, path, () => {
      writeWhole(path, withSettings(parseConfig(readUtf8(path), path), changes), { mode: 0o600 });
    });
    if (options.json) world.out(json({ path, ...changes }));
    else
      world.out(
        `Saved ${url} to ${path}.\n${changes.issuer !== undefined && changes.clientId !== undefined ? 'Sign in: latchkey login\n' : ''}See the roles: latchkey roles\n`,
      );
    const overridden = variable(world, 'LATCHKEY_URL');
    if (overridden !== undefined && overridden !== url)
      world.err(`LATCHKEY_URL is set and takes precedence over this: ${overridden}. Unset it.\n`);
    return 0;
  },
});

function saidIn(given: Values<typeof options>): ConfigValues {
  const { issuer, 'client-id': clientId, scope, audience, region, profile } = given;
  return Object.fromEntries(
    Object.entries({ issuer, clientId, scope, audience, region, profile }).filter(([, value]) => value !== undefined),
  );
}

/** The deployment's discovery document. @throws Failure if there is none, so that a misspelt URL is not saved */
async function discovered(world: World, url: string): Promise<ConfigValues> {
  const answer = await sendHttp({ method: 'GET', url: `${url}/.well-known/latchkey`, env: world.env }).catch(
    (error: unknown) => {
      if (error instanceof NoAnswer) throw noAnswer(url, error);
      throw error;
    },
  );
  const { issuer, scope, signIn, clientId, loginPorts } = jsonObject(answer.body);
  if (answer.status !== 200 || typeof issuer !== 'string' || typeof scope !== 'string') {
    throw notLatchkey(url, answer, 'Check the URL. It is the part before /v1.');
  }
  checkedUrl(issuer);
  return {
    issuer,
    scope,
    ...signInOf(signIn),
    ...(typeof clientId === 'string' && { clientId }),
    ...(Array.isArray(loginPorts) && loginPorts.every(isPort) && { loginPorts }),
  };
}

/** Version 0.1.0 does not publish it; there, the scope of the token is the scope to request. */
function signInOf(signIn: unknown): ConfigValues {
  const { scope, parameters, offlineAccess, stepUp } = Object(signIn) as Record<string, unknown>;
  return {
    ...(typeof scope === 'string' && { scope }),
    ...(isParameters(parameters) && { signInParameters: parameters }),
    ...(offlineAccess === false && { offlineAccess: 'off' }),
    ...(isParameters(stepUp) && { stepUp }),
  };
}
