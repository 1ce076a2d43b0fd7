// Tickets in the catalogue as it is written: the rule of a role, and the services that check tickets.
import * as v from 'valibot';
import { isOfForm } from '../common/pattern.ts';
import { strict } from '../common/strict-object.ts';

const urlError =
  'must be an https URL (http on the loopback interface only) without user, query or fragment, whose path has letters, digits and _.~/- only';

/** A service behind AWS's own IAM authorization, which is who verifies the signature of a call. */
export const ValidatorRule = strict({
  url: v.pipe(v.string(), v.check(isValidatorUrl, urlError)),
  /** what the call is signed for: API Gateway, or the function URL of a Lambda function */
  service: v.optional(v.picklist(['execute-api', 'lambda'], 'must be execute-api or lambda'), 'execute-api'),
  /** the service's, unless it is in the hub's own region */
  region: v.optional(v.pipe(v.string(), v.regex(/^[a-z]{2,}(?:-[a-z]+)+-\d+$/, 'must be a region such as eu-west-1'))),
});

export const TicketRule = v.pipe(
  strict({
    pattern: v.pipe(v.string(), v.maxLength(200), v.check(isPattern, 'must be a regular expression')),
    /** shown to requesters, who should not have to read the pattern */
    example: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(200))),
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
  v.forward(
    v.check(
      ({ pattern, example }) => example === undefined || !isPattern(pattern) || isOfForm(pattern, example),
      'must match the pattern',
    ),
    ['example'],
  ),
);

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
