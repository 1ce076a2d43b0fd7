// A person at the pages of Keycloak: name and password, a one-time code if required, and back to the command line.
import { createHmac } from 'node:crypto';
import { attribute, byTag, parsed } from './markup.ts';

/** The person of test/support/keycloak-realm.json. */
const person = { username: 'lena', password: 'correct-horse', secret: '0123456789abcdefghij' };

/** Fills in every form up to the page that is not Keycloak's own, or the last one. @returns the text of that page */
export async function signInAtKeycloak(address: string): Promise<string> {
  const cookies = new Map<string, string>();
  let { answer, url } = await visited(address, cookies);
  for (let pages = 0; pages < 6; pages += 1) {
    const text = await answer.text();
    const form = byTag(parsed(text), 'form').find((one) => attribute(one, 'method')?.toLowerCase() === 'post');
    if (!form || new URL(url).pathname === '/callback') return text;
    const body = new URLSearchParams(
      byTag(form, 'input').map((input): [string, string] => [nameIn(input), valueFor(input)]),
    );
    for (const button of byTag(form, 'button')) if (attribute(button, 'name') === 'accept') body.set('accept', 'Yes');
    ({ answer, url } = await visited(new URL(attribute(form, 'action') ?? '', url).href, cookies, body));
  }
  throw new Error('Keycloak asked for more than expected');
}

// --- internal ---

type Element = Parameters<typeof attribute>[0];
const nameIn = (input: Element): string => attribute(input, 'name') ?? '';

function valueFor(input: Element): string {
  const known: Record<string, string> = { username: person.username, password: person.password, otp: oneTimeCode() };
  return known[nameIn(input)] ?? attribute(input, 'value') ?? '';
}

/** RFC 6238 with SHA-1, six digits, thirty seconds. */
function oneTimeCode(): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const hash = createHmac('sha1', person.secret).update(counter).digest();
  const number = hash.readUInt32BE(hash[19]! & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

/** Follows redirects with the cookies of the visit. */
async function visited(address: string, cookies: Map<string, string>, body?: URLSearchParams) {
  let [url, form] = [address, body];
  for (let hops = 0; hops < 10; hops += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer: Response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(form && { method: 'POST', body: form }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location === null) return { answer, url };
    [url, form] = [new URL(location, url).href, undefined];
  }
  throw new Error('too many redirects');
}
