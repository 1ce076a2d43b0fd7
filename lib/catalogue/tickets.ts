// Tickets in the catalogue: what a role may ask of one, and the company's services that check them. A URL comes from here and from nowhere else.
import * as v from 'valibot';
import { strict } from '../common/strict-object.ts';
import { didYouMean } from '../common/suggestion.ts';
import type { CatalogueData } from './shape.ts';

const urlFault =
  'must be an https URL (http on the loopback interface only) without user, query or fragment, whose path has letters, digits and _.~/- only';

/** A service behind AWS's own IAM authorization, which is who verifies the signature of a call. */
export const ValidatorRule = strict({
  url: v.pipe(v.string(), v.check(isValidatorUrl, urlFault)),
  /** what the call is signed for: API Gateway, or the function URL of a Lambda function */
  service: v.optional(v.picklist(['execute-api', 'lambda'], 'must be execute-api or lambda'), 'execute-api'),
  /** the service's, unless it is in the hub's own region */
  region: v.optional(v.pipe(v.string(), v.regex(/^[a-z]{2,}(?:-[a-z]+)+-\d+$/, 'must be a region such as eu-west-1'))),
});

export const TicketRule = v.pipe(
  strict({
    pattern: v.pipe(v.string(), v.maxLength(200), v.check(isPattern, 'must be a regular expression')),
    required: v.optional(v.boolean(), false),
    /** an entry of ticketValidators */
    validator: v.optional(v.string()),
    /** refuse, unless given: nothing is filed without the validator's yes. allow: filed at once, asked afterwards */
    ifUnreachable: v.optional(v.picklist(['refuse', 'allow'], 'must be refuse or allow')),
  }),
  v.forward(
    v.check(
      ({ validator, ifUnreachable }) => validator !== undefined || ifUnreachable === undefined,
      'goes with a validator only',
    ),
    ['ifUnreachable'],
  ),
);

/** @param validators all that the file names, faulty ones included */
export function* validatorFaults({ roles }: Pick<CatalogueData, 'roles'>, validators: object = {}) {
  for (const [id, { ticket }] of Object.entries(roles)) {
    if (ticket?.validator === undefined || Object.hasOwn(validators, ticket.validator)) continue;
    const detail = `no validator "${ticket.validator}" in ticketValidators${didYouMean(ticket.validator, Object.keys(validators))}`;
    yield { path: ['roles', id, 'ticket', 'validator'], detail };
  }
}

/** A validator that no role names is probably one that a role was to name. */
export function* validatorDoubts({ roles, ticketValidators }: Pick<CatalogueData, 'roles' | 'ticketValidators'>) {
  const used = new Set(Object.values(roles).map(({ ticket }) => ticket?.validator));
  for (const name of Object.keys(ticketValidators))
    if (!used.has(name)) yield { path: ['ticketValidators', name], detail: 'no role has its tickets checked by it' };
}

/** Nobody is asked and the validator need not answer: then whoever names a ticket of the right form is let in. */
export function* uncheckedDoubts({ roles }: Pick<CatalogueData, 'roles'>) {
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

/** Whether it is a regular expression as policy reads one. */
export function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

// --- internal ---

/** Written as it is called: what URL's parser would silently change (an escape, `..`, a capital in the host) is not taken, as the signature covers it. */
function isValidatorUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, host, pathname, username, password } = new URL(text);
  const isPlain =
    username === '' &&
    password === '' &&
    /^\/[\w.~/-]*$/.test(pathname) &&
    [`${protocol}//${host}${pathname}`, `${protocol}//${host}`].includes(text);
  return (
    isPlain &&
    (protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname)))
  );
}
