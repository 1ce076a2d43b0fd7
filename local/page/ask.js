// Step 3: check or file the request.
import { api } from './calls.js';
import { action, attempt, goTo, refresh } from './drawing.js';
import { facts, h, say } from './elements.js';
import { actors, state } from './state.js';
import { askedIn, duration, shortDuration } from './words.js';

export const ask = {
  id: 'ask',
  title: 'Say why and for how long',
  teaser: 'The catalogue checks every rule at once and says who will be asked.',
  state: () => (!state.role ? 'later' : state.request ? 'done' : 'now'),
  key: () => [state.role?.id, state.explanation, state.request?.id],
  draw: () => (state.request ? [filedSummary()] : [askForm(), state.explanation && explanationOf(state.explanation)]),
};

function askForm() {
  const { role, actor } = state;
  const bodyOf = () => {
    const fields = Object.fromEntries(new FormData(form));
    return {
      role: role.id,
      ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '')),
      reason: fields.reason,
    };
  };
  const explain = async () => {
    state.explanation = await api(actor, 'POST', '/requests?dryRun=true', bodyOf());
    say(`${outcomeWords(state.explanation)} Nothing was filed.`);
  };
  const onSubmit = (event) => {
    event.preventDefault();
    attempt('ask', () => file(bodyOf()), event.submitter);
  };
  const form = h(
    'form',
    { novalidate: true, on: { submit: onSubmit } },
    h(
      'div',
      { class: 'field' },
      h('label', { for: 'reason' }, 'Reason'),
      h(
        'textarea',
        { id: 'reason', name: 'reason', rows: '2', 'aria-describedby': 'reason-hint' },
        'Deploy the hotfix for the login page',
      ),
      h('p', { class: 'hint', id: 'reason-hint' }, `At least ${role.reason.minLength} characters; approvers read it.`),
    ),
    h(
      'div',
      { class: 'pair' },
      field(
        'duration',
        'How long',
        shortDuration(role.duration.defaultSeconds),
        `Such as 45m or 1h30m; at most ${duration(role.duration.maxSeconds)}.`,
      ),
      role.ticket &&
        field(
          'ticket',
          role.ticket.required ? 'Ticket' : 'Ticket (optional)',
          '',
          `Has the form ${role.ticket.pattern}${role.ticket.validator ? `; ${role.ticket.validator} checks it` : ''}`,
        ),
      actor.kind === 'bot' &&
        field(
          'onBehalfOf',
          'On behalf of',
          actors.find(({ email, groups }) => email && groups.length > 0)?.email ?? '',
          'A bot always files for a named person.',
        ),
    ),
    h(
      'p',
      { class: 'row' },
      h('button', { class: 'main', id: 'ask-file' }, 'File the request'),
      action('ask', 'Check first, file nothing', explain),
    ),
  );
  return form;
}

const field = (name, label, value, hint) =>
  h(
    'div',
    { class: 'field' },
    h('label', { for: name }, label),
    h('input', { id: name, name, value, autocomplete: 'off', 'aria-describedby': `${name}-hint` }),
    h('p', { class: 'hint', id: `${name}-hint` }, hint),
  );

/** @param {import('../../lib/model/schema.ts').ExplanationView} explanation */
const outcomeWords = ({ outcome, stages, durationSeconds }) =>
  ({
    automatic: `It would be approved at once, for ${duration(durationSeconds)}.`,
    'needs-approval': `It could be filed, for ${duration(durationSeconds)}. Asked would be: ${stages.map(askedIn).join(', then ')}.`,
    refused: 'It would be refused.',
  })[outcome];

/** @param {import('../../lib/model/schema.ts').ExplanationView} explanation */
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
  say(`Filed. ${request.approval.automatic ? 'It was approved at once.' : 'The approvers were mailed.'}`);
  goTo(request.approval.automatic ? 'use' : 'decide');
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
      request.extends && ['Continues', h('code', {}, request.extends)],
      request.ticket && ['Ticket', request.ticket],
    ]),
  );
}
