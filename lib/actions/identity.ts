// One human is one person: whose the subject of a token is, said by its first call that changes anything and held to from then on.
import type { App } from '../app.ts';
import { names, personOf } from '../catalogue/catalogue.ts';
import { sha256 } from '../common/digest.ts';
import { Problem } from '../model/problem.ts';
import type { Binding } from '../model/schema.ts';
import type { Caller } from '../policy/principal.ts';
import { whoIs } from '../policy/who.ts';

/** In hexadecimal: an id that begins with a dash would read as an option of a command. */
export const identityId = (subject: string): string => Buffer.from(sha256(subject), 'base64url').toString('hex');

type Part = Pick<App, 'store' | 'clock' | 'catalogue' | 'log'>;

/**
 * Lets a call through that changes something, if its token's subject is known as this person or not at all; then it is from now on.
 * Goes beside the call's other reads: one of its own at every call, one write at the first call ever. A signature has no subject.
 * @throws Problem `identity-changed`
 */
export async function confirmIdentity(app: Part, { subject, person }: Caller): Promise<void> {
  if (subject === undefined) return;
  const id = identityId(subject);
  const bound =
    (await app.store.getIdentity(id)) ??
    (await app.store.bindIdentity({ id, subject, person: person.key, boundAt: app.clock() }));
  // the catalogue may have joined the two since
  if (personOf(app.catalogue, bound.person).key === person.key) return;
  app.log('identity-changed', { identity: id });
  throw new Problem(
    'identity-changed',
    'Your account at the identity provider is known here under another email address or principal. Ask an admin: either both are joined in `people` of the catalogue, or the old one is released (latchkey identity release).',
  );
}

/** Whose tokens have called as a person, under whatever identity the catalogue joins. @throws Problem `not-allowed` */
export async function listIdentities(app: Part, caller: Caller, person: string): Promise<Binding[]> {
  onlyAdmins(app, caller);
  const { key, identities } = personOf(app.catalogue, person);
  const found = await Promise.all([...new Set([key, ...identities])].map((one) => app.store.identitiesOf(one)));
  return found.flat();
}

/** Forgets whose a subject is; its next call that changes anything says so anew. False: nothing was known. @throws Problem `not-allowed`, `identity-changed` */
export async function releaseIdentity(app: Part, caller: Caller, id: string): Promise<boolean> {
  onlyAdmins(app, caller);
  await confirmIdentity(app, caller);
  const released = await app.store.releaseIdentity(id, caller.principal, app.clock());
  if (released) app.log('identity-released', { identity: id });
  return released;
}

function onlyAdmins({ catalogue }: Part, caller: Caller): void {
  if (caller.kind === 'bot' || !names(catalogue.admins, whoIs(caller)))
    throw new Problem('not-allowed', 'Only admins see and release identities.');
}
