// Step 6: the end of the grant, and the record.
import { api } from './calls.js';
import { action, moveClock, refresh } from './drawing.js';
import { h } from './elements.js';
import { sessionPanel } from './session.js';
import { actors, isOver, startOver, state, wasGranted } from './state.js';
import { eventWords, firstName, instant, nameOf, revocationWords, statusBadge } from './words.js';

export const end = {
  id: 'end',
  title: 'It ends',
  teaser: 'It expires, is handed back, or is revoked.',
  state: () =>
    !state.request ? 'later' : isOver(state.request) ? 'done' : wasGranted(state.request) ? 'now' : 'later',
  key: () => [state.request?.version, state.request?.status, state.sts, state.uses],
  draw: () => [
    ...(isOver(state.request)
      ? [
          h('p', {}, 'This request is over: ', statusBadge(state.request), '. No more credentials are issued.'),
          revocationOf(state.request),
          sessionPanel('end'),
        ]
      : endings()),
    h('h3', {}, 'On record'),
    historyOf(state.request),
    stsOf(),
    h('p', { class: 'row' }, action('end', 'Start again', startOver)),
  ],
};

/**
 * What happened to the sessions of a grant that was ended early.
 * @param {import('../../lib/http/answers.ts').RequestView} request
 */
function revocationOf({ revocation }) {
  if (!revocation) return undefined;
  const [kind, word, says] = revocationWords[revocation.state];
  return h(
    'p',
    {},
    'Sessions issued before: ',
    h('span', { class: `badge ${kind}` }, word),
    ` ${says} From `,
    h('strong', {}, instant(revocation.effectiveBy)),
    ' on, none of those sessions can be used. On AWS a changed policy takes a few minutes to propagate. Here it takes effect at once.',
  );
}

function endings() {
  const { request, owner } = state;
  const approvers = new Set(request.approval.stages.flatMap((stage) => stage.approvers));
  const revokers = actors.filter(
    (actor) => actor.id !== owner.id && (approvers.has(actor.name) || actor.groups.includes('security')),
  );
  const by = h(
    'select',
    { id: 'revoker' },
    ...revokers.map((actor) => h('option', { value: actor.id }, nameOf(actor))),
  );
  const end = (who, comment) => async () => {
    await api(who, 'POST', `/requests/${request.id}/end`, { comment });
    await refresh();
  };
  return [
    h('p', {}, 'A grant ends automatically, to the second, even if no job runs then. Choose how it ends:'),
    h(
      'p',
      { class: 'row' },
      action(
        'end',
        'Let the time pass',
        () => moveClock({ set: new Date(Date.parse(request.endsAt) + 1000).toISOString() }),
        // only one step at a time has a filled button
        state.uses.length > 0 ? 'main' : '',
      ),
      action('end', `Hand back as ${firstName(owner)}`, end(owner, 'Done, thank you.')),
    ),
    h('div', { class: 'field' }, h('label', { for: 'revoker' }, 'Or revoke it as'), by),
    h(
      'p',
      {},
      action(
        'end',
        'Revoke',
        () => end({ ...actors.find(({ id }) => id === by.value), mfa: true }, 'No longer needed.')(),
        'danger',
      ),
    ),
  ];
}

/** @param {import('../../lib/http/answers.ts').RequestView} request */
const historyOf = ({ history }) =>
  h(
    'ol',
    { class: 'history' },
    ...history.map(({ at, type, actor, via, note }) =>
      h(
        'li',
        {},
        h('strong', {}, eventWords[type] ?? type),
        h('span', { class: 'soft' }, ` by ${actor} (${via}), ${instant(at)}`),
        note && h('span', { class: 'note' }, note),
      ),
    ),
  );

function stsOf() {
  const { sts } = state;
  if (sts.length === 0) return h('p', { class: 'soft' }, 'STS was not called for this request.');
  return h(
    'details',
    {},
    h('summary', {}, `What was sent to STS (${sts.length})`),
    h(
      'pre',
      { tabindex: '0' },
      JSON.stringify(
        sts.map((call) => ({ ...call, Policy: parsed(call.Policy) })),
        null,
        2,
      ),
    ),
  );
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text; // shown as it is
  }
}
