// Checks on tickets that span entries of the catalogue, and on the hosts of ticket validators.
import { didYouMean } from '../common/suggestion.ts';
import type { CatalogueData } from './shape.ts';

/** @param validators of the file, invalid ones included */
export function* validatorErrors({ roles }: Pick<CatalogueData, 'roles'>, validators: object = {}) {
  for (const [id, { ticket }] of Object.entries(roles)) {
    if (ticket?.validator === undefined || Object.hasOwn(validators, ticket.validator)) continue;
    const detail = `no validator "${ticket.validator}" in ticketValidators${didYouMean(ticket.validator, Object.keys(validators))}`;
    yield { path: ['roles', id, 'ticket', 'validator'], detail };
  }
}

/** A validator that no role uses is probably a mistake. */
export function* validatorWarnings({ roles, ticketValidators }: Pick<CatalogueData, 'roles' | 'ticketValidators'>) {
  const used = new Set(Object.values(roles).map(({ ticket }) => ticket?.validator));
  for (const name of Object.keys(ticketValidators))
    if (!used.has(name)) yield { path: ['ticketValidators', name], detail: 'no role uses this validator' };
}

/** Automatic approval with an optional validator grants access for any ticket with a valid form. */
export function* uncheckedWarnings({ roles }: Pick<CatalogueData, 'roles'>) {
  for (const [id, { ticket, approval }] of Object.entries(roles))
    if (ticket?.ifUnreachable === 'allow' && approval.automatic !== false)
      yield {
        path: ['roles', id, 'ticket', 'ifUnreachable'],
        detail: `the role is approved automatically, even while "${ticket.validator}" does not answer and the ticket is unchecked: set ifUnreachable: refuse`,
      };
}

/**
 * The configuration must list every host before anything is sent there, so that the authors of the catalogue alone cannot make the hub
 * call a host.
 * @param hosts as in a URL: in lower case, with the port unless it is the default one
 * @param setting the name of the setting that lists the hosts
 * @returns one sentence for each validator whose host is not listed
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

/** http URLs on the loopback interface are for local development. In a Lambda function, that interface belongs to the runtime. */
export const undeployable = (validators: CatalogueData['ticketValidators']): string[] =>
  Object.entries(validators).flatMap(([name, { url }]) =>
    url.startsWith('https:')
      ? []
      : [`the catalogue's ticket validator "${name}" has an http URL, which is for a local server only`],
  );

export const hostOf = (url: string): string => new URL(url).host;

// --- internal ---
