// Shapes for tickets in the catalogue: the rule of a role, and the services that check tickets.
import * as v from 'valibot';
import { isOfForm } from '../common/pattern.ts';
import { strict } from '../common/strict-object.ts';

const urlError =
  'must be an https URL (http on the loopback interface only) without user, query or fragment, whose path contains only letters, digits and _.~/-';

/** A service behind IAM authorization, with which AWS verifies the signature of each call. */
export const ValidatorRule = strict({
  url: v.pipe(v.string(), v.check(isValidatorUrl, urlError)),
  /** the service name in the signature: API Gateway, or a Lambda function URL */
  service: v.optional(v.picklist(['execute-api', 'lambda'], 'must be execute-api or lambda'), 'execute-api'),
  /** of the service (default: the hub's region) */
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
    /** refuse (default): nothing is filed unless the validator accepts the ticket. allow: filed at once and checked later */
    ifUnreachable: v.optional(v.picklist(['refuse', 'allow'], 'must be refuse or allow')),
  }),
  v.forward(
    v.check(
      ({ validator, ifUnreachable }) => validator !== undefined || ifUnreachable === undefined,
      'requires a validator',
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

/** Whether the text is a valid regular expression. */
export function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** A URL that the parser leaves unchanged. Escapes, `..` and capitals in the host are rejected, because the signature covers the exact text. */
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
