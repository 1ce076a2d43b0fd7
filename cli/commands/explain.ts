// `latchkey explain`
import { durationText } from '../../lib/common/time.ts';
import type { ExplanationView } from '../../lib/http/answers.ts';
import { connect } from '../api/api.ts';
import { suggestingRole } from '../grants/grant.ts';
import { requestFieldOptions, requestFieldsOf } from '../grants/request-fields.ts';
import { command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';
import { accountText } from '../text/request-text.ts';
import { json, type Paint, painter, plain } from '../text/terminal-text.ts';

export const explain = command({
  name: 'explain',
  group: 'Get access',
  summary: 'Check whether a request would be granted, without filing it',
  description: [
    'Shows the checks of a request one by one. The reason is checked only if one is given. Exits with 6 if the request would be refused.',
  ],
  positionals: [{ name: 'ROLE', summary: 'role, as listed by `latchkey roles`' }],
  options: {
    reason: { type: 'text', placeholder: 'TEXT', summary: 'why you need it' },
    ...requestFieldOptions,
  },
  examples: [
    'latchkey explain production-app-write --for 4h --at "2026-12-24 09:00" --reason "Deploy 1.4 by hand" --ticket OPS-123',
  ],
  async run(world, { positionals: [role = ''], options }) {
    const body = { role, ...requestFieldsOf(world, options.reason ?? anyReason, options) };
    const api = await connect(world, readSettings(world, options));
    const found = await suggestingRole(api, role, () =>
      api.call<ExplanationView>({ method: 'POST', path: '/requests', query: { dryRun: 'true' }, body }),
    );
    world.out(
      options.json
        ? json(found)
        : explanationText(painter(world), options.reason === undefined ? withoutReason(found) : found),
    );
    return found.outcome === 'refused' ? 6 : 0;
  },
});

/** Long enough for every role, so that without --reason only the other rules are checked. */
const anyReason = 'no reason was given '.repeat(50).trim();
const withoutReason = (found: ExplanationView): ExplanationView => ({
  ...found,
  checks: found.checks.filter(({ check }) => check !== 'reason'),
});

const outcomes = {
  automatic: ['green', 'would be granted at once'],
  'needs-approval': ['yellow', 'would be sent to its approvers'],
  refused: ['red', 'would be refused'],
} as const;

function explanationText(paint: Paint, { outcome, role, durationSeconds, stages, checks }: ExplanationView): string {
  const [colour, what] = outcomes[outcome];
  return [
    `A request for ${paint('bold', role.id)} in ${accountText(role)} for ${durationText(durationSeconds)} ${paint(colour, what)}.`,
    ...(outcome === 'needs-approval' ? stages : []).map(
      ({ need, approvers }) => `  ${need} of ${approvers.map(plain).join(', ')} must approve.`,
    ),
    ...checks.map(
      ({ check, passed, detail }) =>
        `  ${passed ? paint('green', 'ok') : paint('red', 'no')}  ${check}: ${plain(detail)}`,
    ),
    '',
  ].join('\n');
}
