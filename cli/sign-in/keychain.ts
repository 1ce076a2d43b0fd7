// The system's keychain, where there is one: security(1) on macOS, secret-tool(1) for the Secret Service of a Linux desktop.
// A secret passes through stdin and stdout alone: everybody on the machine can read the arguments of a process.
import { SECOND } from '../../lib/common/time.ts';
import { variable, type World } from '../machine/world.ts';

export type Keychain = {
  /** @returns why it is not in there; undefined if it is, and can be read back */
  keep(account: string, secret: string): Promise<string | undefined>;
  /** @returns undefined if it is not in there, or is not handed over */
  recall(account: string): Promise<string | undefined>;
  /** @returns whether there was one that is gone now */
  forget(account: string): Promise<boolean>;
};

/** Long enough to type a password into the keychain's own window, and short enough that an AWS tool is not held up for ever where no window can open. */
const patience = 30 * SECOND;

/** @returns the keychain, or why there is none */
export function findKeychain(world: World): Keychain | string {
  if (world.platform === 'darwin') return keychainBy(world, macos);
  if (world.platform !== 'linux') return 'latchkey knows none on this system';
  return variable(world, 'DBUS_SESSION_BUS_ADDRESS') === undefined
    ? 'there is no desktop session here (DBUS_SESSION_BUS_ADDRESS is not set)'
    : keychainBy(world, secretService);
}

// -- internal --------------------------------------------------------------------------------------------------------

type Step = { args: readonly string[]; input?: string };
type Tool = {
  program: string;
  whereFrom: string;
  /** undefined for a secret that would not fit */
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
      // RFC 6749 appendix A.17 allows a refresh token nothing else
      const step = /^[\x20-\x7e]+$/.test(secret) ? store(account, secret) : undefined;
      if (!step) return 'the token does not fit into it';
      const { status } = await run(step);
      if (status === 127) return `${program} is not there (${whereFrom})`;
      if (status === 124) return `${program} did not answer within ${patience / SECOND} s`;
      if (status !== 0) return `${program} ended with status ${status}`;
      // both programs have been seen to report success for what they had not kept, or not whole
      return (await recall(account)) === secret ? undefined : `${program} did not give back what it was given`;
    },
    forget: async (account) => (await run(clear(account))).status === 0,
  };
}

const service = 'latchkey';

/**
 * A generic password of the default keychain. What has a secret in it goes through `security -i`, which reads commands from stdin: a line of at
 * most 4,095 bytes, in words that may be quoted, where a backslash takes the next character as it is (Security, SecurityTool/security.c).
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

/** `store` takes everything on stdin for the secret, line breaks too, and cuts it off at 8,192 bytes (libsecret, tool/secret-tool.c). */
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
