// Step 5: credentials, the session that they make, and a console link.
import { api } from './calls.js';
import { action, refresh, show } from './drawing.js';
import { h, say } from './elements.js';
import { sessionPanel, takeSession } from './session.js';
import { actors, isOver, state, wasGranted } from './state.js';
import { instant, limitWords, statusBadge, time } from './words.js';

export const use = {
  id: 'use',
  title: 'Use the access',
  teaser: 'Short-lived keys or a console link, for the requester alone.',
  state: () => (!state.request || !wasGranted(state.request) ? 'later' : isOver(state.request) ? 'done' : 'now'),
  key: () => [
    state.request?.version,
    state.request?.status,
    state.credentials,
    state.isRevealed,
    state.console,
    state.uses,
  ],
  draw: () => [
    grantState(),
    h(
      'p',
      { class: 'row' },
      action('use', 'Get credentials', getCredentials, isOver(state.request) ? '' : 'main'),
      action('use', 'Get a console link', getConsole),
      action(
        'use',
        'Try it as somebody else',
        async () =>
          void (await api({ ...stranger(), mfa: true }, 'POST', `/requests/${state.request.id}/credentials`, {})),
      ),
    ),
    state.credentials && credentialsPanel(state.credentials),
    !isOver(state.request) && sessionPanel('use'),
    state.console && consolePanel(state.console),
  ],
};

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
      ` from ${time(request.startsAt)} until `,
      h('strong', {}, instant(request.endsAt)),
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

/** @param {import('../../lib/model/schema.ts').CredentialsView} credentials */
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
      `, limited ${limitWords[LimitedBy]}. On AWS they open the role; here the emulator alone knows them.`,
    ),
  );
}

/** @param {import('../../lib/model/schema.ts').ConsoleView} console */
function consolePanel({ url, expiresAt, sessionExpiresAt }) {
  const emulated = `/local/aws/federation${new URL(url).search}`;
  return h(
    'div',
    {},
    h('pre', { tabindex: '0', 'aria-label': 'Console link' }, url),
    h(
      'p',
      {},
      `Sign in with it by ${time(expiresAt)}; the console session ends at ${time(sessionExpiresAt)}. AWS does not know it, as it came from an emulator. `,
      h('a', { href: emulated, target: '_blank', rel: 'noopener' }, 'See what it would open'),
    ),
  );
}
