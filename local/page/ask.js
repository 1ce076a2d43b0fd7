// Step 3: check or file the request.
import { api } from './calls.js';
import { action, attempt, goTo, refresh } from './drawing.js';
import { facts, h, say, sentence } from './elements.js';
import { bodyOf, field } from './form.js';
import { actors, state } from './state.js';
import { askedIn, duration, shortDuration } from './words.js';

export const ask = {
  id: 'ask',
  title: 'Say why and for how long',
  teaser: 'The catalogue checks every rule at once and says who has to approve.',
  state: () => (!state.role ? 'later' : state.request ? 'done' : 'now'),
  key: () => [state.role?.id, state.explanation, state.request?.id],
  fields: () => (state.request || !state.role ? [] : fieldsOf(state.role)),
  draw: () => (state.request ? [filedSummary()] : [askForm(), state.explanation && explanationOf(state.explanation)]),
};

/**
 * The fields that can show an error of their own.
 * @param {import('../../lib/http/answers.ts').RoleView} role
 */
const fieldsOf = ({ ticket, scope = {} }) => [
  'reason',
  'duration',
  ...(ticket ? ['ticket'] : []),
  ...(state.actor.kind === 'bot' ? ['onBehalfOf'] : []),
  ...Object.keys(scope).map((name) => `scope.${name}`),
];

function askForm() {
  const { role, actor } = state;
  const wish = () => ({ role: role.id, reason: '', ...bodyOf(form) });
  const explain = async () => {
    state.explanation = await api(actor, 'POST', '/requests?dryRun=true', wish());
    say(`${outcomeWords(state.explanation)} Nothing was filed.`);
  };
  const onSubmit = (event) => {
    event.preventDefault();
    attempt('ask', () => file(wish()), event.submitter);
  };
  const form = h(
    'form',
    // what was typed for one role is not kept for another
    { novalidate: true, id: 'ask-form', 'data-for': `${actor.id} ${role.id}`, on: { submit: onSubmit } },
    field('ask', {
      name: 'reason',
      label: 'Reason',
      hint: reasonHint(role),
      value: 'Deploy the hotfix for the login page',
      rows: 2,
    }),
    h('div', { class: 'pair' }, durationField(role), role.ticket && ticketField(role.ticket), botField(actor)),
    ...scopeFields(role.scope),
    role.breakGlass && breakGlassField(role.breakGlass),
    h(
      'p',
      { class: 'row' },
      h('button', { class: 'main', id: 'ask-file' }, 'File the request'),
      action('ask', 'Dry run', explain),
    ),
  );
  return form;
}

/** @param {import('../../lib/http/answers.ts').RoleView} role */
const reasonHint = ({ reason }) =>
  reason.minLength > 1 ? `At least ${reason.minLength} characters. Approvers read it.` : 'Approvers read it.';

/** @param {import('../../lib/http/answers.ts').RoleView} role */
const durationField = (role) =>
  field('ask', {
    name: 'duration',
    label: 'How long',
    value: shortDuration(role.duration.defaultSeconds),
    hint: `Such as 45m or 1h30m; at most ${duration(role.duration.maxSeconds)}.`,
  });

/** @param {NonNullable<import('../../lib/http/answers.ts').RoleView['ticket']>} ticket */
const ticketField = ({ required, example, pattern, validator }) =>
  field('ask', {
    name: 'ticket',
    label: required ? 'Ticket' : 'Ticket (optional)',
    hint: `${example === undefined ? `Must match ${pattern}` : `For example ${example}`}${validator ? `; ${validator} checks it` : ''}.`,
  });

const botField = (actor) =>
  actor.kind === 'bot' &&
  field('ask', {
    name: 'onBehalfOf',
    label: 'On behalf of',
    value: actors.find(({ email, groups }) => email && groups.length > 0)?.email ?? '',
    hint: 'A bot always files for a named person.',
  });

/** @param {import('../../lib/http/answers.ts').RoleView['scope']} scope */
const scopeFields = (scope = {}) =>
  Object.entries(scope).map(([name, { description, values, pattern }]) =>
    field('ask', {
      name: `scope.${name}`,
      label: `Only for this ${name}`,
      hint: `${sentence(description)} ${pattern ? `Must match ${pattern}. ` : ''}Sessions can do no more than this.`,
      ...(values && { values: [...values] }),
    }),
  );

/** @param {NonNullable<import('../../lib/http/answers.ts').RoleView['breakGlass']>} breakGlass */
const breakGlassField = ({ maxSeconds, reason, reviewers }) =>
  h(
    'div',
    { class: 'field' },
    h(
      'label',
      { class: 'check' },
      h('input', {
        type: 'checkbox',
        id: 'ask-breakGlass',
        name: 'breakGlass',
        'aria-describedby': 'break-glass-hint',
      }),
      'Break glass: take the role now, without approval',
    ),
    h(
      'p',
      { class: 'hint', id: 'break-glass-hint' },
      `For emergencies. At most ${duration(maxSeconds)}, with a reason of at least ${reason.minLength} characters. The approvers are told, and ${reviewers.join(' or ')} must review it afterwards.`,
    ),
  );

/** @param {import('../../lib/http/answers.ts').ExplanationView} explanation */
const outcomeWords = ({ outcome, stages, durationSeconds }) =>
  ({
    automatic: `It would be approved at once, for ${duration(durationSeconds)}.`,
    'needs-approval': `It could be filed, for ${duration(durationSeconds)}. Approval needed from: ${stages.map(askedIn).join(', then ')}.`,
    refused: 'It would be refused.',
  })[outcome];

/** @param {import('../../lib/http/answers.ts').ExplanationView} explanation */
function explanationOf(explanation) {
  const { outcome, checks } = explanation;
  return h(
    'div',
    { class: `notice ${outcome === 'refused' ? 'bad' : 'good'}` },
    h('p', {}, h('strong', {}, outcomeWords(explanation)), ' Nothing was filed.'),
    h(
      'ul',
      { class: 'checks' },
      ...checks.map(({ passed, detail }) =>
        h(
          'li',
          {},
          h('span', { class: passed ? 'passed' : 'failed' }, passed ? '✓' : '✕'),
          h('span', {}, h('span', { class: 'visually-hidden' }, passed ? 'passed: ' : 'failed: '), detail),
        ),
      ),
    ),
  );
}

async function file(body) {
  const request = await api(state.actor, 'POST', '/requests', body);
  // a bot's request belongs to the person it was filed for
  const owner = body.onBehalfOf
    ? (actors.find(({ email }) => email === body.onBehalfOf) ?? {
        id: body.onBehalfOf,
        email: body.onBehalfOf,
        name: body.onBehalfOf,
      })
    : state.actor;
  Object.assign(state, { request, owner: { ...owner, mfa: state.mfa }, explanation: undefined });
  await refresh();
  say(`Filed. ${filedWords(request)}`);
  goTo(request.status === 'pending' ? 'decide' : 'use');
}

/** @param {import('../../lib/http/answers.ts').RequestView} request */
function filedWords({ approval, breakGlass }) {
  if (breakGlass) return 'You have the role now. It will be reviewed.';
  return approval.automatic ? 'It was approved at once.' : 'The approvers got an email.';
}

function filedSummary() {
  const { request } = state;
  return h(
    'div',
    {},
    h('p', {}, 'Filed as request ', h('code', {}, request.id), '.'),
    facts([
      ['Who', request.requester.name, request.filedBy && ` (filed by ${request.filedBy.principal})`],
      ['Why', request.reason],
      ['How long', duration(request.durationSeconds)],
      request.scope && [
        'Only',
        Object.entries(request.scope)
          .map(([name, value]) => `${name} ${value}`)
          .join(', '),
      ],
      request.breakGlass && ['Break glass', 'yes'],
      request.extends && ['Continues', h('code', {}, request.extends)],
      request.ticket && ['Ticket', request.ticket],
    ]),
  );
}
