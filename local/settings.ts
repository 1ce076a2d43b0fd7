// The settings of the local server: flags and environment variables. All errors are reported together.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { configFor } from '../lib/config.ts';
import { type PresetName, presetNames, presets } from '../lib/policy/identity-presets.ts';

export type Environment = Readonly<Record<string, string | undefined>>;
export type LocalSettings = {
  /** 0 for any free port */
  port: number;
  catalogueFile: string;
  /** directory of the table and the issuer's key (default: a new table in memory) */
  dataDir?: string;
  aws: AwsSettings;
  /** additional hosts of ticket validators that may be called */
  ticketHosts: readonly string[];
  /** identity provider whose tokens and rules the local issuer imitates (default: generic) */
  idp?: PresetName;
  /** receives the lines of the log; without it, only errors are shown */
  log?: (line: string) => void;
};
/** Settings that affect only the output of `npm start`. */
export type StartSettings = LocalSettings & { showsKeys: boolean };
/** Which emulators are replaced through the AWS SDK's variables, and the credentials of the clients. */
export type AwsSettings = {
  region: string;
  elsewhere: { dynamodb: boolean; sts: boolean; ses: boolean };
  /** whether the SDK finds credentials itself; otherwise those of the emulators are used */
  ownCredentials: boolean;
};

export const usage = `Usage: npm start -- [options]

Run all of Latchkey on this machine, with emulators in place of AWS and email. Then
open the address in a browser.

  --port PORT       port on the loopback interface (also PORT; default: 3000)
  --data DIR        keep the table across restarts (default: a new one in memory)
  --catalogue FILE  catalogue to serve (default: access.yml)
  --idp NAME        identity provider whose tokens and rules to imitate, such as
                    entra (default: generic)
  --keys            print test keys of the catalogue's IAM principals (default: only
                    if the output is not a terminal)
  --log             show every line of the log
  -h, --help        print this help

LATCHKEY_TICKET_HOSTS lists further hosts of ticket validators (docs/tickets.md).
`;

/**
 * @param args the arguments after the script
 * @param isTerminal whether a person reads the output; otherwise test keys are printed without --keys
 */
export function readSettings(
  args: readonly string[],
  env: Environment,
  isTerminal = false,
): StartSettings | { help: string } | { errors: string[] } {
  const given = readFlags(args);
  if ('errors' in given) return given;
  if (given.help) return { help: usage };
  const port = given.port ?? set(env.PORT) ?? '3000';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535)
    return { errors: [`--port must be a number from 0 to 65535, not "${port}"`] };
  const ticketHosts = readTicketHosts(env);
  if ('errors' in ticketHosts) return ticketHosts;
  const { idp = 'generic' } = given;
  if (!isPreset(idp)) return { errors: [`--idp must be one of ${presetNames.join(', ')}, not "${idp}"`] };
  if (presets[idp].unusable !== undefined) return { errors: [`--idp ${idp}: ${presets[idp].unusable}`] };
  return {
    port: Number(port),
    catalogueFile: resolve(given.catalogue ?? 'access.yml'),
    ...(given.data !== undefined && { dataDir: resolve(given.data) }),
    idp,
    aws: readAwsSettings(env),
    ticketHosts: ticketHosts.hosts,
    showsKeys: given.keys ?? !isTerminal,
    ...(given.log && { log: (line: string) => process.stdout.write(`${line}\n`) }),
  };
}

/** An endpoint in the SDK's variables replaces an emulator (SDK reference guide, "Service-specific endpoints"). */
export function readAwsSettings(env: Environment): AwsSettings {
  const isElsewhere = (service: string) =>
    set(env.AWS_ENDPOINT_URL) !== undefined || set(env[`AWS_ENDPOINT_URL_${service}`]) !== undefined;
  const elsewhere = { dynamodb: isElsewhere('DYNAMODB'), sts: isElsewhere('STS'), ses: isElsewhere('SES') };
  const hasCredentials = set(env.AWS_ACCESS_KEY_ID) !== undefined || set(env.AWS_PROFILE) !== undefined;
  return {
    region: set(env.AWS_REGION) ?? set(env.AWS_DEFAULT_REGION) ?? 'us-east-1',
    elsewhere,
    ownCredentials: hasCredentials,
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

function readTicketHosts(env: Environment): { hosts: readonly string[] } | { errors: string[] } {
  try {
    return { hosts: configFor(['ticketHosts'], env).ticketHosts };
  } catch (error) {
    if (error instanceof Error) return { errors: error.message.split('\n') };
    throw error;
  }
}

const isPreset = (text: string): text is PresetName => (presetNames as readonly string[]).includes(text);

type Flags = {
  port?: string;
  data?: string;
  catalogue?: string;
  idp?: string;
  keys?: boolean;
  log?: boolean;
  help?: boolean;
};

function readFlags(args: readonly string[]): Flags | { errors: string[] } {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean' }] as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: text,
        data: text,
        catalogue: text,
        idp: text,
        keys: flag,
        log: flag,
        help: { ...flag, short: 'h' },
      },
    }).values;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith('ERR_PARSE_ARGS_')) return { errors: [message] };
    throw error;
  }
}

const set = (value: string | undefined): string | undefined => (value === '' ? undefined : value);
