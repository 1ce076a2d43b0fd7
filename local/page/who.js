// Step 1: act as anybody in the catalogue.
import { api } from './calls.js';
import { action, attempt, goTo, refresh } from './drawing.js';
import { h, say } from './elements.js';
import { chooseRole } from './role.js';
import { actors, startOver, state } from './state.js';
import { firstName, instant, nameOf, statusBadge } from './words.js';

export const who = {
  id: 'who',
  title: 'Be somebody',
  state: () => (state.me ? 'done' : 'now'),
  key: () => [state.actor, state.mfa, state.me, state.known],
  draw: () => [
    h(
      'p',
      {},
      'Take the part of anybody in the catalogue. The local server signs a token for them, which is checked like any other.',
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
        ...groupOptions('Machines with a role of their own', 'machine'),
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
      'Signed in with MFA (some roles ask for it)',
    ),
    state.me &&
      h(
        'p',
        {},
        'You are ',
        h('strong', {}, state.me.name),
        state.me.groups.length > 0 ? `, in ${state.me.groups.join(', ')}.` : ', in no group.',
      ),
    state.known.length > 0 &&
      h(
        'details',
        {},
        h(
          'summary',
          {},
          `Requests that ${firstName(state.actor)} can follow `,
          h('span', { class: 'soft' }, `(${state.known.length})`),
        ),
        h(
          'ul',
          { class: 'mails' },
          ...state.known.map((request) =>
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
                () => follow(state.actor, request),
              ),
            ),
          ),
        ),
      ),
  ],
};

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

/** Another person may see other roles, so the story begins again from here; a request that is followed stays. */
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
  Object.assign(state, { me, roles, known: [...mine.items, ...toDecide.items] });
  say(
    `You are ${me.name}. ${roles.length === 1 ? 'There is one role' : `There are ${roles.length === 0 ? 'no' : roles.length} roles`} to ask for.`,
  );
  if (!isFollowed) {
    startOver();
    if (roles.length === 1) chooseRole(roles[0]);
  }
}

/**
 * @param {import('./state.js').Actor} who
 * @param {import('../../lib/model/schema.ts').RequestView} request
 */
async function follow(who, request) {
  startOver();
  state.owner = who;
  // what a request keeps of its role is all that the steps after the filing show
  state.role = /** @type {import('../../lib/model/schema.ts').RoleView} */ (request.role);
  state.request = request;
  await refresh();
  goTo('decide');
}
