// One human is one person: the first call of a token's subject that changes something binds the subject to its person.
import type { App } from '../app.ts';
import { names, personOf } from '../catalogue/catalogue.ts';
import { sha256 } from '../common/digest.ts';
import { Problem } from '../model/problem.ts';
import type { Binding } from '../model/schema.ts';
import type { Caller } from '../policy/principal.ts';
import { whoIs } from '../policy/who.ts';

/** In hexadecimal, because an id that begins with a dash would look like a flag of a command. */
export const identityId = (subject: string): string => Buffer.from(sha256(subject), 'base64url').toString('hex');

type Part = Pick<App, 'store' | 'clock' | 'catalogue' | 'log'>;

/**
 * Allows a call that changes something if its token's subject is bound to this person. An unbound subject is bound now.
 * It runs in parallel to the call's other reads: one read per call, and one write at the first call. A signature has no subject.
 * @throws Problem `identity-changed`
 */
export async function confirmIdentity(app: Part, { subject, person }: Caller): Promise<void> {
  if (subject === undefined) return;
  const id = identityId(subject);
  const bound =
    (await app.store.getIdentity(id)) ??
    (await app.store.bindIdentity({ id, subject, person: person.key, boundAt: app.clock() }));
  // the catalogue may have merged the two since
  if (personOf(app.catalogue, bound.person).key === person.key) return;
  app.log('identity-changed', { identity: id });
  throw new Problem(
    'identity-changed',
    'Your account at the identity provider is known here under another email address or principal. Ask an admin: either both are joined in `people` of the catalogue, or the old one is released (latchkey identity release).',
  );
}

/** The subjects bound to a person, under all identities that the catalogue merges. @throws Problem `not-allowed` */
export async function listIdentities(app: Part, caller: Caller, person: string): Promise<Binding[]> {
  onlyAdmins(app, caller);
  const { key, identities } = personOf(app.catalogue, person);
  const found = await Promise.all([...new Set([key, ...identities])].map((one) => app.store.identitiesOf(one)));
  return found.flat();
}

/** Releases a subject from its person; its next call that changes something binds it again. False: it was not bound. @throws Problem `not-allowed`, `identity-changed` */
export async function releaseIdentity(app: Part, caller: Caller, id: string): Promise<boolean> {
  onlyAdmins(app, caller);
  await confirmIdentity(app, caller);
  const released = await app.store.releaseIdentity(id, caller.principal, app.clock());
  if (released) app.log('identity-released', { identity: id });
  return released;
}

function onlyAdmins({ catalogue }: Part, caller: Caller): void {
  if (caller.kind === 'bot' || !names(catalogue.admins, whoIs(caller)))
    throw new Problem('not-allowed', 'Only admins can list and release identities.');
}
