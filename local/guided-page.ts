// The guided page at /: its files and its initial data.
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { type Reply, reply } from '../lib/http/http.ts';
import type { Actor } from './oidc/identities.ts';

/** The page may only run its own script and call its own server, and cannot be framed. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; frame-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";
const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': policy,
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
};
const folder = new URL('page/', import.meta.url);
const types: Record<string, string> = { '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8' };

/**
 * @param actors the people, machines and bots to act as
 * @param now Latchkey's clock
 */
export function guidedPage(
  actors: readonly Actor[],
  now: () => number,
): { page(): Reply /** by path */; files: ReadonlyMap<string, Reply> } {
  const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');
  const document = read('index.html');
  // in a script element, only `<` could end the data early
  const given = () => JSON.stringify({ actors, now: now() }).replaceAll('<', '\\u003c');
  const names = readdirSync(folder).filter((name) => Object.hasOwn(types, extname(name)));
  return {
    page: () => reply(200, document.replace('{{given}}', given), headers),
    files: new Map(
      names.map((name) => [`/local/page/${name}`, reply(200, read(name), { 'content-type': types[extname(name)]! })]),
    ),
  };
}
