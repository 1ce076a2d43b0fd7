// Routes of the local server only: tokens and sign-in, outbox, STS calls, clock, sweeper, the issuer's documents and the guided page.
import * as v from 'valibot';
import { canonicalPrincipal, principalPattern } from '../lib/catalogue/entry.ts';
import { parseDuration, parseInstant, SECOND, toInstant } from '../lib/common/time.ts';
import { parse, parseJson, type Reply, reply } from '../lib/http/http.ts';
import { Problem } from '../lib/model/problem.ts';
import { DurationText, Email, InstantText } from '../lib/model/text.ts';
import type { Composition } from './composition.ts';
import { answerTicket } from './gateway/ticket-validator.ts';
import { guidedPage } from './guided-page.ts';
import { mailPage, mailPageHeaders } from './mail-page.ts';
import { authorizationMetadata, createAuthorization } from './oidc/authorization.ts';
import { actorsOf, type Identities } from './oidc/identities.ts';
import type { Issuer } from './oidc/issuer.ts';
import { splitTarget, type WireCall } from './wire-call.ts';

type Answer = (call: WireCall, param: string) => Promise<Reply> | Reply;
type Options = Pick<Composition, 'app' | 'aws' | 'clock' | 'sweep'> & { identities: Identities; issuer: Issuer };

/** @returns a function that answers one call below /local/ or of the guided page at /; it throws Problem */
export function createLocalRoutes({
  app,
  aws,
  clock,
  sweep,
  identities,
  issuer,
}: Options): (call: WireCall) => Promise<Reply> {
  const actors = actorsOf(app.catalogue, identities);
  const { page, files } = guidedPage(actors, clock.now);
  const table: Record<string, Record<string, Answer>> = {
    '/': { GET: page },
    ...Object.fromEntries([...files].map(([path, file]) => [path, { GET: () => file }])),
    '/local/oidc/.well-known/openid-configuration': {
      GET: () => reply(200, { ...issuer.discovery, ...authorizationMetadata(issuer) }),
    },
    '/local/oidc/jwks': { GET: () => reply(200, issuer.jwks) },
    ...createAuthorization({ issuer, actors }),
    '/local/token': {
      POST: async (call) => reply(200, { token: await issuer.token(subjectOf(identities, bodyOf(TokenBody, call))) }),
    },
    '/local/outbox': { GET: () => reply(200, aws.ses.outbox) },
    '/local/outbox/{id}': {
      GET: (call, id) => {
        const mail = aws.ses.outbox.find((sent) => sent.id === id);
        if (!mail) throw new Problem('not-found', 'Unknown email. GET /local/outbox lists all emails.');
        return reply(200, mailPage(mail, call.headers['sec-fetch-dest'] === 'iframe'), mailPageHeaders);
      },
    },
    '/local/tickets/check': { POST: (call) => answerTicket(call) },
    '/local/sts': { GET: () => reply(200, aws.sts.calls) },
    '/local/clock': {
      POST: (call) => {
        const to = bodyOf(ClockBody, call);
        if ('reset' in to) clock.reset();
        else
          clock.set(inRange('set' in to ? parseInstant(to.set)! : clock.now() + parseDuration(to.advance)! * SECOND));
        return reply(200, { now: toInstant(clock.now()) });
      },
    },
    '/local/sweep': {
      POST: async (call) => {
        bodyOf(NoBody, call);
        return reply(200, await sweep());
      },
    },
  };

  return async (call) => {
    const path = splitTarget(call.target)[0];
    const [, folder, param = ''] = /^(\/local\/outbox)\/([^/]+)$/.exec(path) ?? [];
    const known = folder ? `${folder}/{id}` : path;
    const methods = Object.hasOwn(table, known) ? table[known]! : undefined;
    if (!methods) throw new Problem('not-found', 'Unknown route of the local server.');
    const answer = methods[call.method === 'HEAD' ? 'GET' : call.method];
    const allow = Object.keys(methods).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    if (!answer)
      throw new Problem('method-not-allowed', `Method not allowed. This route accepts ${allow.join(', ')}.`, { allow });
    return answer(call, param);
  };
}

// -- bodies ----------------------------------------------------------------------------------------------------------

const TokenBody = v.pipe(
  v.strictObject({
    email: v.optional(Email),
    principal: v.optional(v.pipe(v.string(), v.regex(principalPattern, 'must be the ARN of an IAM user or role'))),
    mfa: v.optional(v.boolean()),
    groups: v.optional(
      v.pipe(v.array(v.pipe(v.string(), v.minLength(1, 'must not be empty'), v.maxLength(200))), v.maxLength(100)),
    ),
    /** claims to set in the token, to imitate any issuer; null removes a claim */
    claims: v.optional(v.record(v.string(), v.unknown())),
  }),
  v.check(
    ({ email, principal }) => (email === undefined) !== (principal === undefined),
    'must have either an email or a principal',
  ),
);
const ClockBody = v.pipe(
  v.strictObject({
    advance: v.optional(DurationText),
    set: v.optional(InstantText),
    reset: v.optional(v.literal(true, 'must be true')),
  }),
  v.check((body) => Object.keys(body).length === 1, 'must have exactly one of advance, set and reset'),
  v.transform((body) => body as { advance: string } | { set: string } | { reset: true }),
);
const NoBody = v.strictObject({});

/** Parses JSON whatever the content type, because `curl -d` sends that of a form. @throws Problem `invalid-request`, `too-large` */
function bodyOf<S extends v.GenericSchema>(schema: S, { body }: WireCall): v.InferOutput<S> {
  if (body.length > 16 * 1024) throw new Problem('too-large', 'The body is too large. The limit is 16 KiB.');
  return parse(
    schema,
    body.length === 0 ? {} : parseJson(body.toString('utf8')),
    (path) => `/${path}`,
  ) as v.InferOutput<S>;
}

/** Accepts any valid email address, so that unknown people can be tested too: their token works and sees nothing. */
function subjectOf({ principals }: Identities, { email, principal, ...more }: v.InferOutput<typeof TokenBody>) {
  if (principal === undefined) return { email: email!, ...more };
  const canonical = canonicalPrincipal(principal);
  if (principals.includes(canonical)) return { principal: canonical, ...more };
  const detail = 'is not a principal in the catalogue';
  throw new Problem('invalid-request', `${principal} ${detail}. Principals: ${principals.join(', ') || 'none'}.`, {
    errors: [{ pointer: '/principal', detail }],
  });
}

/** Instants always have four-digit years. */
function inRange(at: number): number {
  if (at >= Date.UTC(2000, 0) && at < Date.UTC(3000, 0)) return at;
  throw new Problem('invalid-request', "Latchkey's clock must be between the years 2000 and 2999.");
}
