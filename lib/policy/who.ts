// The identity of a caller or person, in the form that entries of the catalogue are compared with.
import type { Catalogue, Person, Who } from '../catalogue/catalogue.ts';
import type { Caller } from './principal.ts';

/** The identities, permission set and groups of a caller. */
export const whoIs = ({ person, principal, permissionSet, groups, mayBeIn }: Caller): Who => ({
  identities: [...person.identities, principal, ...(permissionSet === undefined ? [] : [permissionSet])],
  groups,
  mayBeIn,
});

export const known = (catalogue: Catalogue, person: Person): Who => ({
  identities: person.identities,
  groups: catalogue.groupsOf.get(person.key) ?? [],
});

/** The caller of an action, the catalogue, and the time in epoch milliseconds. */
export type Act = { catalogue: Catalogue; caller: Caller; now: number };
