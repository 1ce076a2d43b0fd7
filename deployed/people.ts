// The people around the deployment: they call its API with tokens, and get mail.
import { setTimeout as pause } from 'node:timers/promises';
import { hub } from './emulation.ts';
import { tokenOf } from './issuer.ts';
import { deployedWorld } from './world.ts';

const { baseUrl, endpoint, issuer } = deployedWorld();

/** Calls the API as somebody with a token. @throws where the answer is no success */
export async function call<Body>(
  email: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<Body> {
  const answer = await fetch(`${baseUrl}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${await tokenOf(issuer, { email })}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as Body;
}

/** What `look` finds within a minute and a half: streams, mails and schedules take their time. */
export async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 180; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(500);
  }
  throw new Error('nothing came within a minute and a half');
}

/** The link in the mail that SES was given for somebody. */
export const linkMailed = (to: string): Promise<string> =>
  eventually(async () => {
    const answer = await fetch(`${endpoint}/_ministack/ses/messages?account=${hub.account}`);
    const { messages } = (await answer.json()) as { messages: Record<string, Mail[]> };
    const mine = (messages[hub.account] ?? []).filter((mail) => mail.To.some((address) => address.includes(to)));
    return mine.map(({ BodyText }) => /\S+\/decide\/[\w-]+/.exec(BodyText)?.[0]).find((link) => link !== undefined);
  });
type Mail = { To: string[]; BodyText: string };
