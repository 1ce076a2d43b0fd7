// Step 2: the roles that this person may ask for.
import { draw } from './drawing.js';
import { colored, h } from './elements.js';
import { startOver, state } from './state.js';
import { askedIn, duration, firstName } from './words.js';

export const role = {
  id: 'role',
  title: 'Choose a role',
  teaser: 'What this person may ask for; nobody sees more than that.',
  state: () => (!state.me ? 'later' : state.role ? 'done' : 'now'),
  key: () => [state.roles, state.role?.id, state.request?.id],
  draw() {
    if (state.request) return [card('div', state.request.role)];
    if (state.roles.length > 0) return [choice()];
    const words = `The catalogue offers ${firstName(state.actor)} no role, and does not say that there are any. Choose somebody of another group; approvers find what waits for them in their mail.`;
    return [h('p', {}, words)];
  },
};

const choice = () =>
  h('fieldset', { class: 'roles' }, h('legend', { class: 'visually-hidden' }, 'Role'), ...state.roles.map(option));

/** @param {import('../../lib/model/schema.ts').RoleView} role */
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

/** A role in its account's colour; the first part comes before its name, the others after. */
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

/** @param {import('../../lib/model/schema.ts').RoleView} role */
const durationOf = (role) => `Up to ${duration(role.duration.maxSeconds)}.`;

/** @param {import('../../lib/model/schema.ts').RoleView} role */
function askedFor({ approval }) {
  return approval.automatic ? 'Nobody has to be asked.' : `Asks ${approval.stages.map(askedIn).join(', then ')}.`;
}

/** @param {import('../../lib/model/schema.ts').RoleView} role */
const badges = ({ approval, risk, mfa }) => [
  approval.automatic && h('span', { class: 'badge good' }, 'approved by itself'),
  risk === 'high' && h('span', { class: 'badge bad' }, 'high risk'),
  mfa && h('span', { class: 'badge warn' }, 'needs MFA'),
];

/** @param {import('../../lib/model/schema.ts').RoleView} role */
export function chooseRole(role) {
  startOver();
  state.role = role;
  draw();
}
