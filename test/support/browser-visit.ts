// Somebody in front of the local issuer's pages: opens an address, chooses a person, presses the button, follows where it leads.
import { attribute, byTag, parsed } from './markup.ts';

export type Choice = { email: string; mfa?: boolean };
export type Visit = { status: number; page: string };

/** @param choice an empty email address presses Cancel @throws Error if the page does not offer this person */
export async function signInAt(address: string, { email, mfa = false }: Choice): Promise<Visit> {
  const answer = await fetch(address);
  const text = await answer.text();
  const [form] = byTag(parsed(text), 'form');
  if (!form) return { status: answer.status, page: text };
  const known = byTag(form, 'button').map((button) => attribute(button, 'value'));
  if (!known.includes(email)) throw new Error(`the page offers ${known.join(', ')}`);
  const hidden = byTag(form, 'input').filter((input) => attribute(input, 'type') === 'hidden');
  const body = new URLSearchParams(
    hidden.map((input): [string, string] => [attribute(input, 'name')!, attribute(input, 'value')!]),
  );
  body.set('email', email);
  if (mfa) body.set('mfa', 'on');
  const { origin } = new URL(address);
  const after = await fetch(new URL(attribute(form, 'action')!, address), {
    method: 'POST',
    body,
    headers: { origin },
  });
  return { status: after.status, page: await after.text() };
}
