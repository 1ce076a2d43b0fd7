// The system's keychain: security(1) on macOS, secret-tool(1) for the Secret Service of a Linux desktop.
// Secrets go only through stdin and stdout, because every user of the machine can read the arguments of a process.
import { SECOND } from '../../lib/common/time.ts';
import { variable, type World } from '../machine/world.ts';

export type Keychain = {
  /** @returns why the secret was not stored; undefined if it was stored and read back */
  keep(account: string, secret: string): Promise<string | undefined>;
  /** @returns undefined if there is no secret, or the keychain does not return it */
  recall(account: string): Promise<string | undefined>;
  /** @returns whether a secret was removed */
  forget(account: string): Promise<boolean>;
};

/** Long enough to type a password into the keychain's window, and short enough not to block an AWS tool if no window can open. */
const patience = 30 * SECOND;

/** @returns the keychain, or why there is none */
export function findKeychain(world: World): Keychain | string {
  if (world.platform === 'darwin') return keychainBy(world, macos);
  if (world.platform !== 'linux') return 'latchkey supports no keychain on this system';
  return variable(world, 'DBUS_SESSION_BUS_ADDRESS') === undefined
    ? 'there is no desktop session here (DBUS_SESSION_BUS_ADDRESS is not set)'
    : keychainBy(world, secretService);
}

// -- internal --------------------------------------------------------------------------------------------------------

type Step = { args: readonly string[]; input?: string };
type Tool = {
  program: string;
  whereFrom: string;
  /** undefined for a secret that is too long */
  store(account: string, secret: string): Step | undefined;
  lookup(account: string): Step;
  clear(account: string): Step;
};

function keychainBy(world: World, { program, whereFrom, store, lookup, clear }: Tool): Keychain {
  const run = ({ args, input = '' }: Step) => world.run(program, args, { input, timeoutMs: patience });
  const recall = async (account: string) => {
    const { status, out } = await run(lookup(account));
    const secret = out.replace(/\n$/, '');
    return status === 0 && secret !== '' ? secret : undefined;
  };
  return {
    recall,
    async keep(account, secret) {
      // the only characters that RFC 6749 appendix A.17 allows in a refresh token
      const step = /^[\x20-\x7e]+$/.test(secret) ? store(account, secret) : undefined;
      if (!step) return 'the token is too long for it';
      const { status } = await run(step);
      if (status === 127) return `${program} is not installed (${whereFrom})`;
      if (status === 124) return `${program} did not answer within ${patience / SECOND} s`;
      if (status !== 0) return `${program} exited with status ${status}`;
      // both programs can report success although they stored nothing, or only a part
      return (await recall(account)) === secret ? undefined : `${program} did not return the stored value`;
    },
    forget: async (account) => (await run(clear(account))).status === 0,
  };
}

const service = 'latchkey';

/**
 * A generic password in the default keychain. Commands with a secret go through `security -i`, which reads them from stdin: a line of at
 * most 4,095 bytes of words that may be quoted, in which a backslash escapes the next character (Security, SecurityTool/security.c).
 */
const macos: Tool = {
  program: '/usr/bin/security',
  whereFrom: 'it comes with macOS',
  store(account, secret) {
    const line = ['add-generic-password', '-U', '-s', service, '-l', 'Latchkey sign-in', '-a', account, '-w', secret]
      .map(quoted)
      .join(' ');
    return Buffer.byteLength(line) > 4095 || /\p{Cc}/u.test(line) ? undefined : { args: ['-i'], input: `${line}\n` };
  },
  lookup: (account) => ({ args: ['find-generic-password', '-s', service, '-a', account, '-w'] }),
  clear: (account) => ({ args: ['delete-generic-password', '-s', service, '-a', account] }),
};

const quoted = (word: string): string => `"${word.replace(/["\\]/g, '\\$&')}"`;

/** `store` reads all of stdin as the secret, including line breaks, and truncates it at 8,192 bytes (libsecret, tool/secret-tool.c). */
const secretService: Tool = {
  program: 'secret-tool',
  whereFrom: 'Debian, Ubuntu: libsecret-tools; Fedora: libsecret',
  store: (account, secret) =>
    secret.length < 8192
      ? { args: ['store', '--label=Latchkey sign-in', 'service', service, 'account', account], input: secret }
      : undefined,
  lookup: (account) => ({ args: ['lookup', 'service', service, 'account', account] }),
  clear: (account) => ({ args: ['clear', 'service', service, 'account', account] }),
};
