// The identity of a caller or person, in the form that entries of the catalogue are compared with.
import type { Catalogue, Person, Who } from '../catalogue/catalogue.ts';
import type { Caller } from './principal.ts';

/** What the entries of the catalogue are compared with: identities, a permission set, groups. */
export const whoIs = ({ person, principal, permissionSet, groups, mayBeIn }: Caller): Who => ({
  identities: [...person.identities, principal, ...(permissionSet === undefined ? [] : [permissionSet])],
  groups,
  mayBeIn,
});

export const known = (catalogue: Catalogue, person: Person): Who => ({
  identities: person.identities,
  groups: catalogue.groupsOf.get(person.key) ?? [],
});

/** Who does something to a request, by which catalogue, and when; epoch milliseconds. */
export type Act = { catalogue: Catalogue; caller: Caller; now: number };
