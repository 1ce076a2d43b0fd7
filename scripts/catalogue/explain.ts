// `explain --person P --role R`: every rule of the role, passed or failed, from the function that enforces it.
import * as v from 'valibot';
import { displayNames } from '../../lib/catalogue.ts';
import { Problem } from '../../lib/problem.ts';
import { durationText, toInstant } from '../../lib/time.ts';
import type { Answer } from '../catalogue.ts';
import { CannotAnswer, loadCatalogue, roleNamed } from './load.ts';
import { Situation, type Verdict, verdictOf } from './situation.ts';

type Flags = {
  person?: string;
  role?: string;
  at?: string;
  mfa?: boolean;
  'signed-in-ago'?: string;
  from?: string;
  group?: string[];
  'permission-set'?: string;
  duration?: string;
  reason?: string;
  ticket?: string;
  'on-behalf-of'?: string;
  json?: boolean;
};

/** @throws CannotAnswer for a flag of the wrong form, a role that does not exist, a catalogue that is wrong */
export function explain(file: string, flags: Flags, now: number): Answer {
  const { catalogue } = loadCatalogue(file);
  const role = roleNamed(catalogue, flags.role);
  const situation = situationOf(flags);
  const verdict = judged(() => verdictOf(catalogue, role, situation, now));
  const { judgement, outcome, code } = verdict;
  const stages = judgement.stages.map(({ need, approvers }) => ({ need, approvers: displayNames(catalogue, approvers) }));
  const checks = judgement.checks.map(({ check, passed, detail }) => ({ check, passed, detail }));
  const exitCode = outcome === 'refused' ? 1 : 0;
  if (flags.json)
    return { lines: [JSON.stringify({ outcome, code, role: role.id, durationSeconds: judgement.durationSeconds, stages, checks }, null, 2)], exitCode };
  const width = Math.max(...checks.map(({ check }) => check.length));
  return {
    lines: [
      `${judgement.requester.name} (${judgement.requester.key}) asks for ${role.id}, ${role.arn}, for ${durationText(judgement.durationSeconds)} at ${toInstant(situation.at ?? now)}`,
      '',
      ...checks.map(({ check, passed, detail }) => `  ${passed ? 'passed' : 'FAILED'}  ${check.padEnd(width)}  ${detail}`),
      '',
      ...(outcome === 'needs-approval' ? stages.map(({ need, approvers }, i) => `  stage ${i + 1}: ${need} of ${approvers.join(', ')}`) : []),
      sentence(verdict),
    ],
    exitCode,
  };
}

const sentence = ({ outcome, code, detail }: Verdict): string =>
  ({ automatic: 'Granted at once, by the catalogue.', 'needs-approval': 'Filed; approvers decide.', refused: `Refused with ${code}: ${detail}` })[outcome];

function situationOf(flags: Flags): Situation {
  if (flags.person === undefined) throw new CannotAnswer('Say who: --person MAIL or --person ARN.');
  const given = {
    person: flags.person,
    role: flags.role,
    at: flags.at,
    mfa: flags.mfa,
    signedInAgo: flags['signed-in-ago'],
    from: flags.from,
    groups: flags.group,
    permissionSet: flags['permission-set'],
    duration: flags.duration,
    reason: flags.reason,
    ticket: flags.ticket,
    onBehalfOf: flags['on-behalf-of'],
  };
  const parsed = v.safeParse(Situation, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));
  if (parsed.success) return parsed.output;
  throw new CannotAnswer(parsed.issues.map((issue) => `${String(issue.path?.[0]?.key)} ${issue.message}`).join('\n'));
}

function judged(judge: () => Verdict): Verdict {
  try {
    return judge();
  } catch (error) {
    if (error instanceof Problem) throw new CannotAnswer(error.detail);
    throw error;
  }
}
