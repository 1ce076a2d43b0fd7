// Step 2: the roles that this person may request.
import { draw } from './drawing.js';
import { colored, h } from './elements.js';
import { startOver, state } from './state.js';
import { askedIn, duration, firstName } from './words.js';

export const role = {
  id: 'role',
  title: 'Choose a role',
  teaser: 'The roles that this person may request. All others are hidden.',
  state: () => (!state.me ? 'later' : state.role ? 'done' : 'now'),
  key: () => [state.roles, state.role?.id, state.request?.id, state.toDecide.length],
  draw() {
    if (state.request) return [card('div', state.request.role)];
    if (state.roles.length > 0) return [choice()];
    const words = `${firstName(state.actor)} cannot request any role. Roles that a person may not request are hidden.`;
    const next =
      state.toDecide.length > 0
        ? ' Open the request that waits in step 1 to decide it.'
        : ' Choose a person of another group in step 1.';
    return [h('p', {}, words, next)];
  },
};

const choice = () =>
  h('fieldset', { class: 'roles' }, h('legend', { class: 'visually-hidden' }, 'Role'), ...state.roles.map(option));

/** @param {import('../../lib/http/answers.ts').RoleView} role */
const option = (role) =>
  card(
    'label',
    role,
    h('input', {
      type: 'radio',
      name: 'role',
      id: `role-${role.id}`,
      value: role.id,
      checked: state.role?.id === role.id,
      on: { change: () => chooseRole(role) },
    }),
    h('span', { class: 'soft' }, `${durationOf(role)} ${askedFor(role)}`),
    h('span', { class: 'row' }, ...badges(role)),
  );

/** A role in the colour of its account. `first` comes before its name, `more` after its account. */
const card = (tag, { id, description, account }, first, ...more) =>
  colored(
    h(
      tag,
      { class: 'role' },
      first,
      h('span', { class: 'name' }, id),
      h('span', {}, description),
      h('span', { class: 'soft' }, `${account.name}, account ${account.id}`),
      ...more,
    ),
    account.color,
  );

/** @param {import('../../lib/http/answers.ts').RoleView} role */
const durationOf = (role) => `Up to ${duration(role.duration.maxSeconds)}.`;

/** @param {import('../../lib/http/answers.ts').RoleView} role */
function askedFor({ approval }) {
  return approval.automatic ? 'No approval needed.' : `Asks ${approval.stages.map(askedIn).join(', then ')}.`;
}

/** @param {import('../../lib/http/answers.ts').RoleView} role */
const badges = ({ approval, risk, mfa }) => [
  approval.automatic && h('span', { class: 'badge good' }, 'auto-approved'),
  risk === 'high' && h('span', { class: 'badge bad' }, 'high risk'),
  mfa && h('span', { class: 'badge warn' }, 'needs MFA'),
];

/** @param {import('../../lib/http/answers.ts').RoleView} role */
export function chooseRole(role) {
  startOver();
  state.role = role;
  draw();
}
