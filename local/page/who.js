// Step 1: choose a person, machine or bot of the catalogue.
import { api } from './calls.js';
import { action, attempt, goTo, refresh } from './drawing.js';
import { h, say } from './elements.js';
import { chooseRole } from './role.js';
import { actors, startOver, state } from './state.js';
import { firstName, instant, nameOf, statusBadge } from './words.js';

export const who = {
  id: 'who',
  title: 'Choose who you are',
  state: () => (state.me ? 'done' : 'now'),
  key: () => [state.actor, state.mfa, state.me, state.known, state.toDecide],
  draw: () => [
    h(
      'p',
      {},
      'Act as any person in the catalogue. The local server signs a token for them, which is checked like any other.',
    ),
    h(
      'div',
      { class: 'field' },
      h('label', { for: 'actor' }, 'Act as'),
      h(
        'select',
        { id: 'actor', on: { change: (event) => attempt('who', () => become(event.target.value)) } },
        h('option', { value: '', disabled: true, selected: !state.actor }, 'Choose a person…'),
        ...groupOptions('People', 'person'),
        ...groupOptions('Machines with their own role', 'machine'),
        ...groupOptions('Bots', 'bot'),
      ),
    ),
    h(
      'label',
      { class: 'check' },
      h('input', {
        type: 'checkbox',
        id: 'mfa',
        checked: state.mfa,
        on: { change: (event) => attempt('who', () => signInWith(event.target.checked)) },
      }),
      'Signed in with MFA (some roles require it)',
    ),
    state.me &&
      h(
        'p',
        {},
        'You are ',
        h('strong', {}, state.me.name),
        state.me.groups.length > 0 ? `, in ${state.me.groups.join(', ')}.` : ', in no group.',
      ),
    ...waiting(),
    ...followable(),
  ],
};

/** Requests that wait for this approver, always expanded. */
function waiting() {
  if (state.toDecide.length === 0) return [];
  const [subject, verb] =
    state.toDecide.length === 1 ? ['1 request', 'waits'] : [`${state.toDecide.length} requests`, 'wait'];
  return [
    h('h3', {}, `${subject} ${verb} for the decision of ${firstName(state.actor)}`),
    requests(state.toDecide, decideOn),
  ];
}

function followable() {
  if (state.known.length === 0) return [];
  const summary = h(
    'summary',
    {},
    `Requests of ${firstName(state.actor)} `,
    h('span', { class: 'soft' }, `(${state.known.length})`),
  );
  return [
    h(
      'details',
      { id: 'who-known' },
      summary,
      requests(state.known, (request) => follow(state.actor, request)),
    ),
  ];
}

const requests = (listed, choose) =>
  h(
    'ul',
    { class: 'mails' },
    ...listed.map((request) =>
      h(
        'li',
        {},
        action(
          'who',
          [
            h('strong', {}, request.role.id),
            ' ',
            statusBadge(request),
            h('span', { class: 'soft' }, ` for ${request.requester.name}, ${instant(request.createdAt)}`),
          ],
          () => choose(request),
        ),
      ),
    ),
  );

function groupOptions(label, kind) {
  const members = actors.filter((actor) => actor.kind === kind);
  if (members.length === 0) return [];
  const option = (actor) =>
    h(
      'option',
      { value: actor.id, selected: state.actor?.id === actor.id },
      `${nameOf(actor)}${actor.groups.length > 0 ? ` · ${actor.groups.join(', ')}` : ''}`,
    );
  return [h('optgroup', { label }, ...members.map(option))];
}

export async function become(id) {
  state.actor = { ...actors.find((actor) => actor.id === id), mfa: state.mfa };
  await enter();
}

async function signInWith(mfa) {
  state.mfa = mfa;
  if (!state.actor) return;
  state.actor = { ...state.actor, mfa };
  await enter();
}

/** Another person may see other roles, so the story starts again. A request that is followed stays if it is theirs. */
async function enter() {
  const [me, { items: roles }, mine, toDecide] = await Promise.all([
    api(state.actor, 'GET', '/me'),
    api(state.actor, 'GET', '/roles'),
    api(state.actor, 'GET', '/requests?view=mine&limit=10'),
    state.actor.kind === 'bot' ? { items: [] } : api(state.actor, 'GET', '/requests?view=to-decide&limit=10'),
  ]);
  const isFollowed =
    state.request && roles.some(({ id }) => id === state.role?.id) && state.owner?.id === state.actor.id;
  if (state.owner?.id === state.actor.id) state.owner = state.actor;
  Object.assign(state, { me, roles, known: mine.items, toDecide: toDecide.items });
  say(`You are ${me.name}. ${rolesWords(roles.length)} ${waitingWords(state.toDecide.length)}`.trim());
  if (!isFollowed) {
    startOver();
    if (roles.length === 1) chooseRole(roles[0]);
  }
}

function rolesWords(count) {
  if (count === 0) return 'You cannot request any role.';
  return count === 1 ? 'You can request 1 role.' : `You can request ${count} roles.`;
}

function waitingWords(count) {
  if (count === 0) return '';
  return count === 1 ? '1 request waits for your decision.' : `${count} requests wait for your decision.`;
}

/**
 * The story continues with the requester's request, and the chosen person decides it in step 4.
 * @param {import('../../lib/http/answers.ts').RequestView} request
 */
function decideOn(request) {
  const { principal, email } = request.requester;
  const requester = actors.find(({ id }) => id === email || id === principal);
  return follow(requester ? { ...requester, mfa: state.mfa } : state.actor, request, state.actor);
}

/**
 * @param {import('./state.js').Actor} who
 * @param {import('../../lib/http/answers.ts').RequestView} request
 * @param {import('./state.js').Actor} [decider]
 */
async function follow(who, request, decider) {
  startOver();
  state.owner = who;
  state.decider = decider;
  // the steps after filing show only the part of the role that the request stores
  state.role = /** @type {import('../../lib/http/answers.ts').RoleView} */ (request.role);
  state.request = request;
  await refresh();
  goTo('decide');
}
