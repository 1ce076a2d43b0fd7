// Opens a URL in the user's browser.
import { win32 } from 'node:path';
import type { World } from '../machine/world.ts';

/**
 * @param url from another machine, so only web pages are opened: no files, and no schemes of other programs
 * @returns whether a program accepted the URL; the URL can contain a secret, so it is never shown
 */
export async function openBrowser(world: World, url: string): Promise<boolean> {
  const page = pageAt(url);
  if (page === undefined) return false;
  const { spawn } = await import('node:child_process');
  const [program, ...args] = programFor(world, page);
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore', env: world.env as NodeJS.ProcessEnv });
    child.on('error', () => resolve(false));
    child.on('close', (status) => resolve(status === 0));
  });
}

/** The URL if it is https, or http on this machine. It starts with its scheme, so no program mistakes it for an option. */
function pageAt(url: string): string | undefined {
  const { protocol, hostname, href } = URL.canParse(url) ? new URL(url) : new URL('about:blank');
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return protocol === 'https:' || (protocol === 'http:' && isLocal) ? href : undefined;
}

/** The program that opens a URL, and its arguments. */
export function programFor({ env, platform }: Pick<World, 'env' | 'platform'>, url: string): [string, ...string[]] {
  if (env.BROWSER) return [env.BROWSER, url];
  if (platform === 'darwin') return ['open', url];
  // not `start`, which would interpret & and ^ in the URL; with its full path, because Windows searches the current folder first
  if (platform === 'win32') return [win32.join(systemRoot(env), 'System32', 'rundll32.exe'), handler, url];
  return ['xdg-open', url];
}

const handler = 'url.dll,FileProtocolHandler';
const systemRoot = (env: World['env']): string => env.SystemRoot || env.SYSTEMROOT || 'C:\\Windows';

/** Whether a browser would open in front of the user: not over SSH, and not without a display. */
export function browserHere({ env, platform }: World): boolean {
  if (env.BROWSER) return true;
  if (env.SSH_CONNECTION || env.SSH_TTY) return false;
  return platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}
