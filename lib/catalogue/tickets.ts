import { didYouMean } from '../common/suggestion.ts';
import type { CatalogueData } from './shape.ts';

/** @param validators all that the file names, invalid ones included */
export function* validatorErrors({ roles }: Pick<CatalogueData, 'roles'>, validators: object = {}) {
  for (const [id, { ticket }] of Object.entries(roles)) {
    if (ticket?.validator === undefined || Object.hasOwn(validators, ticket.validator)) continue;
    const detail = `no validator "${ticket.validator}" in ticketValidators${didYouMean(ticket.validator, Object.keys(validators))}`;
    yield { path: ['roles', id, 'ticket', 'validator'], detail };
  }
}

/** A validator that no role names is probably one that a role was to name. */
export function* validatorWarnings({ roles, ticketValidators }: Pick<CatalogueData, 'roles' | 'ticketValidators'>) {
  const used = new Set(Object.values(roles).map(({ ticket }) => ticket?.validator));
  for (const name of Object.keys(ticketValidators))
    if (!used.has(name)) yield { path: ['ticketValidators', name], detail: 'no role has its tickets checked by it' };
}

/** Nobody is asked and the validator need not answer: then whoever names a ticket of the right form is let in. */
export function* uncheckedWarnings({ roles }: Pick<CatalogueData, 'roles'>) {
  for (const [id, { ticket, approval }] of Object.entries(roles))
    if (ticket?.ifUnreachable === 'allow' && approval.automatic !== false)
      yield {
        path: ['roles', id, 'ticket', 'ifUnreachable'],
        detail: `the role is approved automatically, also while "${ticket.validator}" does not answer and the ticket is unchecked: say refuse`,
      };
}

/**
 * The configuration must agree to every host before anything is sent there: who writes the catalogue alone cannot make the hub call a host.
 * @param hosts as in a URL: the name in small letters, with the port where it is not the usual one
 * @param setting what the list is called where somebody can change it
 * @returns one sentence for each validator whose host is not among them
 */
export const unlistedHosts = (
  validators: CatalogueData['ticketValidators'],
  hosts: readonly string[],
  setting: string,
): string[] =>
  Object.entries(validators).flatMap(([name, { url }]) =>
    hosts.includes(hostOf(url))
      ? []
      : [`${setting} does not list ${hostOf(url)}, the host of the catalogue's ticket validator "${name}"`],
  );

/** The loopback interface of a Lambda function is its runtime's: what may stay there on a developer's machine has no business in a deployment. */
export const undeployable = (validators: CatalogueData['ticketValidators']): string[] =>
  Object.entries(validators).flatMap(([name, { url }]) =>
    url.startsWith('https:')
      ? []
      : [`the catalogue's ticket validator "${name}" has an http URL, which is for a local server only`],
  );

export const hostOf = (url: string): string => new URL(url).host;

// --- internal ---
