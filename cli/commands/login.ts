// `latchkey login`
import { Failure } from '../machine/exit.ts';
import { tokensPath } from '../machine/places.ts';
import { variable } from '../machine/world.ts';
import { command } from '../options/command.ts';
import { isPort } from '../options/config-file.ts';
import { readSettings, type Settings } from '../options/settings.ts';
import { browserHere } from '../sign-in/browser.ts';
import { loginByBrowser } from '../sign-in/browser-login.ts';
import { loginByDevice } from '../sign-in/device-login.ts';
import { type Client, findClient, Refused, signInRefused, withoutOfflineAccess } from '../sign-in/oidc.ts';
import { keepSignIn } from '../sign-in/sign-in.ts';
import { json, timesOf, when } from '../text/terminal-text.ts';

export const login = command({
  name: 'login',
  group: 'Set up',
  summary: 'Sign in at your identity provider',
  description: [
    'Uses the browser of this machine. With --device, or where there is no browser, it shows a code to enter in any browser. The refresh token is kept in the keychain of the system, and the access token, which is valid for an hour or so, in a file that only you can read. Without a keychain, or with `"keychain": "off"` in the configuration file, both are in the file.',
    'Machines do not sign in: they sign each call with their AWS credentials.',
  ],
  positionals: [],
  options: {
    device: { type: 'flag', summary: 'show a code to enter in any browser' },
    mfa: { type: 'flag', summary: 'ask the provider for a second factor' },
    fresh: { type: 'flag', summary: 'sign in again, even if the browser is still signed in' },
    port: {
      type: 'text',
      placeholder: 'PORT',
      summary: 'port of http://localhost:PORT/callback, for issuers that require a fixed one (default: any free port)',
    },
  },
  examples: ['latchkey login', 'latchkey login --mfa', 'latchkey login --device', 'latchkey login --port 8765'],
  async run(world, { options }) {
    const settings = readSettings(world, options);
    const client = asking(await findClient(world, settings), settings, options);
    const ports = options.port === undefined ? (settings.loginPorts ?? []) : [portOf(options.port)];
    const { authorization_endpoint: authorize, device_authorization_endpoint: device } = client.issuer;
    const byDevice = device !== undefined && (options.device || authorize === undefined || !browserHere(world));
    if (options.device && device === undefined)
      throw new Failure('usage', `${client.issuer.issuer} does not support sign-in with a code.`, [
        'Sign in with a browser: latchkey login',
      ]);
    if (!byDevice && authorize === undefined)
      throw new Failure('usage', `${client.issuer.issuer} supports neither sign-in with a browser nor with a code.`);
    const tokens = await withoutOfflineAccess(client, (known) =>
      byDevice ? loginByDevice(world, known) : loginByBrowser(world, known, ports),
    ).catch(inWords);
    const place = await keepSignIn(world, settings, tokens);
    if (place.why !== undefined) world.err(inFileText(tokensPath(world), place.why));
    if (variable(world, 'LATCHKEY_TOKEN') !== undefined && settings.auth === 'auto')
      world.err('LATCHKEY_TOKEN is set and takes precedence over this sign-in: unset it, or add --auth login.\n');
    const expiresAt = new Date(tokens.expiresAt).toISOString();
    if (options.json)
      world.out(
        json({
          url: settings.url,
          issuer: tokens.issuer,
          expiresAt,
          renewable: tokens.refreshToken !== undefined,
          keptIn: place.in,
        }),
      );
    else
      world.out(
        `You are signed in at ${settings.url}. The sign-in ${tokens.refreshToken === undefined ? `expires ${when(expiresAt, timesOf(world))}` : 'is renewed automatically'}.\n`,
      );
    return 0;
  },
});

// -- internal --------------------------------------------------------------------------------------------------------

function inWords(error: unknown): never {
  throw error instanceof Refused ? signInRefused(error) : error;
}

/** The client with the parameters of a stronger or fresh sign-in (OpenID Connect Core 1.0, section 3.1.2.1). */
function asking(client: Client, { stepUp }: Settings, { mfa, fresh }: { mfa: boolean; fresh: boolean }): Client {
  if (mfa && stepUp === undefined)
    throw new Failure(
      'usage',
      'This deployment does not define how to request a second factor from its identity provider.',
      ['Sign in without --mfa, and use your second factor there: latchkey login'],
    );
  return {
    ...client,
    parameters: { ...client.parameters, ...(mfa && stepUp), ...(fresh && { prompt: 'login' }) },
  };
}

function portOf(text: string): number {
  if (isPort(Number(text))) return Number(text);
  throw new Failure('usage', `"${text}" is not a valid port. A port is a number from 1 to 65535.`);
}

const inFileText = (path: string, why: string): string =>
  `The refresh token is stored in ${path}, which only you can read, because no keychain can be used: ${why}.\nTo silence this message, set LATCHKEY_KEYCHAIN=off, or "keychain": "off" in the configuration file.\n`;
