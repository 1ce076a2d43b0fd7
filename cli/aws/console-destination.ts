// From what somebody pastes, a path or a whole address of the AWS console, to the path that Latchkey takes.
import { consoleHost } from '../../lib/session/console-url.ts';
import { Failure } from '../machine/exit.ts';

/** A path in the characters that addresses have: blanks, letters beyond ASCII and backslashes are percent-encoded as UTF-8. */
export const consolePath = (text: string): string =>
  text.toWellFormed().replace(/[^!-[\]-~]/gu, (character) => encodeURIComponent(character));

/**
 * The path of a whole address on the console. A Region in its host goes into the query.
 * @param arn of the role that is to open it
 * @throws Failure `usage` for what is not on the console of the role's partition, or is of another account
 */
export function pathOfAddress(text: string, arn: string): string {
  const [, partition = '', , , account] = arn.split(':');
  const url = consoleUrl(text, consoleHost(partition));
  const { session, region } = url.host;
  if (session !== undefined && session !== account)
    throw new Failure('usage', `This address is of account ${session}; the role is in account ${account}.`);
  const { pathname, searchParams, search, hash } = url.address;
  const added =
    region === undefined || searchParams.has('region') ? '' : `${search === '' ? '?' : '&'}region=${region}`;
  return consolePath(`${pathname}${search}${added}${hash}`);
}

// -- internal --------------------------------------------------------------------------------------------------------

/** The account of a session with several accounts (`111111111111-abcdefgh.`), and a Region or, in old addresses, a service. */
type Host = { session?: string; region?: string };

/** Nothing else that ends in the console's host: no port, no user, no other name before it. */
function consoleUrl(text: string, host: string): { address: URL; host: Host } {
  const address = URL.canParse(text) ? new URL(text) : undefined;
  const before = address?.host.endsWith(host) ? address.host.slice(0, -host.length) : undefined;
  const found = /^(?:(?<session>\d{12})-[a-z0-9]+\.)?(?:(?<region>[a-z]{2,4}(?:-[a-z]+)+-\d)\.|s3\.)?$/.exec(
    before ?? '?',
  );
  if (address?.protocol === 'https:' && address.username === '' && address.password === '' && found)
    return { address, host: { ...found.groups } };
  throw new Failure('usage', `"${text}" is neither a path on the AWS console nor an address of it.`, [
    `The console of this role is at https://${host}; a path is such as /s3/buckets/example`,
  ]);
}
