// Step 5: credentials, the session that they open, and a console link.
import { api } from './calls.js';
import { action, attempt, goTo, refresh, show } from './drawing.js';
import { h, say } from './elements.js';
import { bodyOf, field } from './form.js';
import { sessionPanel, takeSession } from './session.js';
import { actors, isOver, startOver, state, wasGranted } from './state.js';
import { instant, limitWords, statusBadge, time } from './words.js';

export const use = {
  id: 'use',
  title: 'Use the access',
  teaser: 'Short-lived keys or a console link, only for the requester.',
  state: () => (!state.request || !wasGranted(state.request) ? 'later' : isOver(state.request) ? 'done' : 'now'),
  key: () => [
    state.request?.version,
    state.request?.status,
    state.credentials,
    state.isRevealed,
    state.console,
    state.uses,
  ],
  fields: () => ['duration', 'reason'],
  draw: () => [grantState(), ...(isOver(state.request) ? afterTheEnd() : access())],
};

const access = () => [
  h(
    'p',
    { class: 'row' },
    action('use', 'Get credentials', getCredentials, state.session ? '' : 'main'),
    action('use', 'Get a console link', getConsole),
    action('use', 'Try it as another person', tryAsStranger),
  ),
  state.credentials && credentialsPanel(state.credentials),
  sessionPanel('use'),
  state.console && consolePanel(state.console),
  extensionForm(),
];

const afterTheEnd = () => [
  h(
    'p',
    { class: 'row' },
    action('use', 'Try to get credentials', getCredentials, 'small'),
    h('span', { class: 'soft' }, 'should be refused'),
  ),
];

const tryAsStranger = async () =>
  void (await api({ ...stranger(), mfa: true }, 'POST', `/requests/${state.request.id}/credentials`, {}));

/** An extension is a separate request that needs the same approval. */
function extensionForm() {
  const { request } = state;
  const onSubmit = (event) => {
    event.preventDefault();
    attempt('use', () => extend({ duration: '', reason: '', ...bodyOf(form) }), event.submitter);
  };
  const form = h(
    'form',
    { novalidate: true, id: 'use-form', 'data-for': request.id, on: { submit: onSubmit } },
    h(
      'div',
      { class: 'pair' },
      field('use', { name: 'duration', label: 'How much longer', value: '30m', hint: 'Such as 45m or 1h30m.' }),
      field('use', { name: 'reason', label: 'Reason for more time', hint: 'Approvers read it.' }),
    ),
    h('p', {}, h('button', { id: 'use-extend' }, 'Request an extension')),
  );
  return h('details', { id: 'use-more-time' }, h('summary', {}, 'Ask for more time'), form);
}

async function extend(body) {
  const request = await api(state.owner, 'POST', `/requests/${state.request.id}/extension`, body);
  const { owner, role } = state;
  state.known = [state.request, ...state.known.filter(({ id }) => id !== state.request.id)];
  startOver();
  Object.assign(state, { owner, role, request });
  await refresh();
  say('The extension is filed. It starts when the current grant ends.');
  goTo(request.status === 'pending' ? 'decide' : 'use');
}

/** When a grant ended early. */
const endedEarlyAt = ({ history, status }) =>
  ['revoked', 'ended', 'withdrawn'].includes(status)
    ? history.find(({ type, via }) => type === status && via !== 'sweep')?.at
    : undefined;

/** `revoked at 10:57 (was granted 10:00-11:00 UTC)`, `active from 10:00 UTC until ...` */
function grantTimes(request) {
  const { startsAt, endsAt } = request;
  const early = endedEarlyAt(request);
  if (early) return [` at ${time(early)} (was granted from ${time(startsAt)} until ${time(endsAt)})`];
  return [` from ${time(startsAt)} until `, h('strong', {}, instant(endsAt))];
}

function grantState() {
  const { request } = state;
  const isActive = request.status === 'active';
  return h(
    'div',
    {},
    h(
      'p',
      {},
      statusBadge(request),
      ...grantTimes(request),
      isActive && h('span', { 'data-left': request.endsAt, class: 'soft' }, ''),
    ),
    isActive &&
      h(
        'div',
        { class: 'until', 'aria-hidden': 'true' },
        h('span', { 'data-from': request.startsAt, 'data-until': request.endsAt }),
      ),
  );
}

async function getCredentials() {
  Object.assign(state, { credentials: undefined, console: undefined, isRevealed: false });
  const credentials = await api(state.owner, 'POST', `/requests/${state.request.id}/credentials`, {});
  await takeSession(credentials);
  state.credentials = credentials;
  await refresh();
  say(`Credentials that work until ${instant(credentials.Expiration)}.`);
}

async function getConsole() {
  Object.assign(state, { credentials: undefined, console: undefined });
  state.console = await api(state.owner, 'POST', `/requests/${state.request.id}/console`, {});
  await refresh();
  say(`A console link, to sign in with by ${time(state.console.expiresAt)}.`);
}

const stranger = () =>
  actors.find(({ kind, email, groups }) => kind === 'person' && groups.length === 0 && email !== state.owner.email) ??
  actors.find(({ id }) => id !== state.owner.id);

/** @param {import('../../lib/http/answers.ts').CredentialsView} credentials */
function credentialsPanel({ AccessKeyId, SecretAccessKey, SessionToken, Expiration, LimitedBy }) {
  const shown = (secret) => (state.isRevealed ? secret : '•'.repeat(24));
  const lines = (mask) =>
    [
      `export AWS_ACCESS_KEY_ID=${AccessKeyId}`,
      `export AWS_SECRET_ACCESS_KEY=${mask(SecretAccessKey)}`,
      `export AWS_SESSION_TOKEN=${mask(SessionToken)}`,
    ].join('\n');
  return h(
    'div',
    {},
    h('pre', { id: 'exports', tabindex: '0', 'aria-label': 'Lines for a shell' }, lines(shown)),
    h(
      'p',
      { class: 'row' },
      h(
        'button',
        {
          type: 'button',
          id: 'use-reveal',
          class: 'small',
          on: { click: () => show({ isRevealed: !state.isRevealed }) },
        },
        state.isRevealed ? 'Hide' : 'Reveal',
      ),
      action(
        'use',
        'Copy',
        () => navigator.clipboard.writeText(lines((secret) => secret)).then(() => say('Copied.')),
        'small',
      ),
    ),
    h(
      'p',
      {},
      'They work until ',
      h('strong', {}, instant(Expiration)),
      `, limited ${limitWords[LimitedBy]}. On AWS these would be real credentials; here only the emulator accepts them.`,
    ),
  );
}

/** @param {import('../../lib/http/answers.ts').ConsoleView} console */
function consolePanel({ url, expiresAt, sessionExpiresAt }) {
  const emulated = `/local/aws/federation${new URL(url).search}`;
  return h(
    'div',
    {},
    h('pre', { tabindex: '0', 'aria-label': 'Console link' }, url),
    h(
      'p',
      {},
      `Sign in with it by ${time(expiresAt)}; the console session ends at ${time(sessionExpiresAt)}. It comes from an emulator, so AWS does not accept it. `,
      h('a', { href: emulated, target: '_blank', rel: 'noopener' }, 'See what it would open'),
    ),
  );
}
