// Judges the answers of the hub's functions about an account. Pure: facts in, findings out, in the catalogue's order of roles.
import { unknownCause, usualCauses } from '../lib/aws/sts-causes.ts';
import type { Asked, RevokerProbe, RoleProbe, TargetProbe, Tried } from '../lib/target/probe.ts';
import { type Code, type Finding, failed, fine, notChecked, type Values } from './codes.ts';
import type { Answer, ProbeFacts } from './facts.ts';
import type { Seen } from './seen.ts';

/** The expected catalogue (of the file) and version (of this checkout). */
export type Expected = { catalogue: string; version: string; hasRevoker: boolean };

/** @param values stage, region, hub, account and accountId */
export function judgeProbes({ target, revoker }: ProbeFacts, expected: Expected, values: Values): Finding[] {
  return [
    ...judgeAnswer('issue-session', target, expected, values, judgeTarget),
    ...(expected.hasRevoker
      ? judgeAnswer('revoke-sessions', revoker, expected, values, judgeRevoker)
      : [failed('no-revoker', values.account ?? '', 'the catalogue sets revoker: false', values)]),
  ];
}

/** Whether the function answered, its catalogue and version, and then its probes. */
function judgeAnswer<Probe extends { catalogue: string; version: string }>(
  name: 'issue-session' | 'revoke-sessions',
  seen: Seen<Answer<Probe>>,
  expected: Expected,
  values: Values,
  judge: (probe: Probe, values: Values) => Finding[],
): Finding[] {
  const full = `latchkey-${values.stage}-${name}`;
  const named = { ...values, function: name };
  if (seen.is === 'hidden') return [notChecked('probe', full, seen.why, seen.permission)];
  if (seen.is === 'missing') return [failed('probe', full, 'no function of this name has the alias doctor', named)];
  const answer = seen.value;
  if (!('catalogue' in answer)) return [failed('probe', full, 'it answered with an error', named)];
  const known = [
    fine('probe', full, 'answers'),
    answer.catalogue === expected.catalogue
      ? fine('catalogue', full, 'has the catalogue of the file')
      : failed(
          'catalogue',
          full,
          `has the catalogue ${answer.catalogue.slice(0, 12)}, the file ${expected.catalogue.slice(0, 12)}`,
          named,
        ),
    answer.version === expected.version
      ? fine('version', full, answer.version)
      : failed('version', full, `has version ${answer.version}, this is ${expected.version}`, named),
  ];
  if ('error' in answer)
    return [
      ...known,
      notChecked(
        name === 'issue-session' ? 'enter' : 'revoker',
        values.account ?? '',
        `the function answered: ${answer.error}`,
      ),
    ];
  return [...known, ...judge(answer as Probe, values)];
}

// -- roles -----------------------------------------------------------------------------------------------------------

function judgeTarget({ roles, skewSeconds }: TargetProbe, values: Values): Finding[] {
  return [
    ...(skewSeconds === undefined ? [] : [judgeClock(skewSeconds, values)]),
    ...roles.flatMap((role) => judgeRole(role, values)),
  ];
}

/** Seconds: one for STS's rounding, the rest for a slow answer. */
const skewLimit = 5;

function judgeClock(skew: number, values: Values): Finding {
  const about = `latchkey-${values.stage}-issue-session`;
  if (Math.abs(skew) <= skewLimit) return fine('clock-hub', about, 'within 5 s of STS');
  return failed('clock-hub', about, `${Math.abs(skew)} s ${skew < 0 ? 'behind' : 'ahead of'} STS`, values);
}

const missingParts: Record<Asked, Code> = {
  externalId: 'external-id',
  tags: 'tags',
  sourceIdentity: 'source-identity',
};

function judgeRole({ arn, entered, without }: RoleProbe, values: Values): Finding[] {
  return [
    judgeEntry('enter', arn, entered, values),
    ...Object.entries(missingParts).map(([part, code]) =>
      judgeRefusal(code, arn, entered, without[part as Asked], values),
    ),
  ];
}

/** Answers that neither allow nor refuse. */
const passing =
  /^(?:NoAnswer|.*Thrott.*|TooManyRequests|.*LimitExceeded|RequestTimeout|ServiceUnavailable|InternalFailure)$/;

function judgeEntry(
  code: 'enter' | 'revoker',
  arn: string,
  { was, code: answered = 'Unknown' }: Tried,
  values: Values,
): Finding {
  if (was === 'allowed') return fine(code, arn, 'can be assumed');
  if (was === 'unclear' && passing.test(answered))
    return notChecked(code, arn, `STS did not decide (${answered}); run the doctor again`);
  return failed(code, arn, `STS refuses (${answered})`, { ...values, why: causeOf(code, answered) });
}

function causeOf(code: 'enter' | 'revoker', answered: string): string {
  if (code === 'revoker' && answered === 'AccessDenied')
    return "Common causes: the account's template is not installed; the revoker's trust policy does not name the role of the revoke-sessions function, or requires a different external ID than the catalogue has.";
  return usualCauses[answered] ?? unknownCause;
}

/** A refusal counts only if the complete call is allowed: a role that cannot be assumed at all refuses everything. */
function judgeRefusal(code: Code, about: string, whole: Tried, lacking: Tried, values: Values): Finding {
  if (lacking.was === 'allowed') return failed(code, about, 'can be assumed without it', values);
  if (whole.was !== 'allowed')
    return notChecked(code, about, 'cannot be checked while the role cannot be assumed at all');
  return lacking.was === 'refused'
    ? fine(code, about, 'cannot be assumed without it')
    : notChecked(code, about, `STS did not decide (${lacking.code}); run the doctor again`);
}

// -- revoker ---------------------------------------------------------------------------------------------------------

function judgeRevoker(
  { arn: about, entered, withoutExternalId, roles, outside }: RevokerProbe,
  values: Values,
): Finding[] {
  const way = [
    judgeEntry('revoker', about, entered, values),
    judgeRefusal('revoker-external-id', about, entered, withoutExternalId, values),
  ];
  if (entered.was !== 'allowed') return way;
  return [
    ...way,
    ...roles.map(({ arn, deletes }) => {
      if (deletes.was === 'allowed') return fine('revoker-rights', arn, 'the revoker may change it');
      if (deletes.was === 'refused')
        return failed('revoker-rights', arn, 'IAM refuses the revoker (AccessDenied)', values);
      return notChecked('revoker-rights', arn, `IAM did not decide (${deletes.code}); run the doctor again`);
    }),
    outside.was === 'allowed'
      ? failed('revoker-reach', about, 'may change itself, although it is not a role of the catalogue', values)
      : outside.was === 'refused'
        ? fine('revoker-reach', about, 'may not change itself')
        : notChecked('revoker-reach', about, `IAM did not decide (${outside.code}); run the doctor again`),
  ];
}
