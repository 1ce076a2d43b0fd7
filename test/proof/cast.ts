// The people of the proofs as callers, and their actions by token, signature or link.
import { endRequest } from '../../lib/actions/access.ts';
import type { App } from '../../lib/app.ts';
import { type Catalogue, openCatalogue } from '../../lib/catalogue/catalogue.ts';
import { checkCatalogue } from '../../lib/catalogue/check.ts';
import { Problem } from '../../lib/model/problem.ts';
import type { ProblemCode } from '../../lib/model/problem-table.ts';
import type { RequestRecord } from '../../lib/model/schema.ts';
import { type Caller, callerFromIam, callerFromToken } from '../../lib/policy/principal.ts';
import type { FakeApp } from '../support/fake-app.ts';

const farAway = Date.UTC(2100, 0) / 1000;

/** A person signed in with an access token that carries a verified email address. */
export function signedIn({ catalogue, identity }: Pick<App, 'catalogue' | 'identity'>, email: string): Caller {
  const claims = {
    iss: identity.issuer,
    sub: `sub-${email}`,
    aud: identity.audience[0],
    exp: farAway,
    scope: identity.scope,
    email,
    email_verified: true,
  };
  return callerFromToken(catalogue, identity, claims, 0);
}

/** The request after its end by a person. */
export const endedBy = async (...call: Parameters<typeof endRequest>): Promise<RequestRecord> =>
  (await endRequest(...call)).request;

/** Somebody who signs with the keys of an IAM user or, as an instance does, of an assumed role. */
export function signing({ catalogue }: Pick<App, 'catalogue'>, arn: string): Caller {
  const role = /^arn:aws:iam::(\d{12}):role\/(.+)$/.exec(arn);
  return role
    ? callerFromIam(catalogue, {
        userArn: `arn:aws:sts::${role[1]}:assumed-role/${role[2]}/i-0abc`,
        callerId: 'AROAEXAMPLE:i-0abc',
      })
    : callerFromIam(catalogue, { userArn: arn });
}

/** A catalogue from what access.yml would hold. */
export function catalogueFrom(file: unknown): Catalogue {
  const { data, errors } = checkCatalogue(file);
  if (!data) throw new Error(JSON.stringify(errors));
  return openCatalogue(data);
}

/** The newest link token that was mailed to an address to be answered, of one request if `requestId` is given. */
export function linkTo(app: Pick<FakeApp, 'mail'>, to: string, requestId = ''): string {
  const tokens = app.mail.outbox.flatMap((mail) =>
    mail.to === to && !mail.text.includes('\nRevoke:\n') ? tokensIn(mail.text) : [],
  );
  const token = tokens.findLast((candidate) => candidate.startsWith(requestId));
  if (token === undefined) throw new Error(`no link was mailed to ${to}`);
  return token;
}

/** Every link token in a text. */
export const tokensIn = (text: string): string[] =>
  [...text.matchAll(/\/decide\/([\w-]+)/g)].map(([, token]) => token!);

/** The outcome of a call: its answer or its refusal. Any other error is thrown on. */
export type Outcome<Answer> = { answer: Answer; problem?: undefined } | { answer?: undefined; problem: Problem };
export async function outcomeOf<Answer>(call: Promise<Answer>): Promise<Outcome<Answer>> {
  try {
    return { answer: await call };
  } catch (error) {
    if (error instanceof Problem) return { problem: error };
    throw error;
  }
}

/** The code of a refusal, or `ok`. */
export const codeOf = (outcome: Outcome<unknown>): ProblemCode | 'ok' => outcome.problem?.code ?? 'ok';
