// Turns a pasted AWS console path or URL into the path that the API takes.
import { consoleHost } from '../../lib/session/console-url.ts';
import { Failure } from '../machine/exit.ts';

/** Percent-encodes spaces, non-ASCII letters and backslashes in a path (UTF-8). */
export const consolePath = (text: string): string =>
  text.toWellFormed().replace(/[^!-[\]-~]/gu, (character) => encodeURIComponent(character));

/**
 * The path of a console URL. A Region in its host moves into the query.
 * @param arn of the role that is to open it
 * @throws Failure `usage` for a URL of another account, or outside the console of the role's partition
 */
export function pathOfAddress(text: string, arn: string): string {
  const [, partition = '', , , account] = arn.split(':');
  const url = consoleUrl(text, consoleHost(partition));
  const { session, region } = url.host;
  if (session !== undefined && session !== account)
    throw new Failure('usage', `This URL is for account ${session}, but the role is in account ${account}.`);
  const { pathname, searchParams, search, hash } = url.address;
  const added =
    region === undefined || searchParams.has('region') ? '' : `${search === '' ? '?' : '&'}region=${region}`;
  return consolePath(`${pathname}${search}${added}${hash}`);
}

// -- internal --------------------------------------------------------------------------------------------------------

/** The account in a multi-session URL (`111111111111-abcdefgh.`), then a Region or, in old URLs, a service. */
type Host = { session?: string; region?: string };

/** Accepts only the console's host itself: no port, no user name, no other prefix. */
function consoleUrl(text: string, host: string): { address: URL; host: Host } {
  const address = URL.canParse(text) ? new URL(text) : undefined;
  const before = address?.host.endsWith(host) ? address.host.slice(0, -host.length) : undefined;
  const found = /^(?:(?<session>\d{12})-[a-z0-9]+\.)?(?:(?<region>[a-z]{2,4}(?:-[a-z]+)+-\d)\.|s3\.)?$/.exec(
    before ?? '?',
  );
  if (address?.protocol === 'https:' && address.username === '' && address.password === '' && found)
    return { address, host: { ...found.groups } };
  throw new Failure('usage', `"${text}" is not a valid AWS console path or URL.`, [
    `The console of this role is at https://${host}. Example of a path: /s3/buckets/example`,
  ]);
}
