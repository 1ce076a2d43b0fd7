// Step 4: the approvers' emails and what they decided.
import { api } from './calls.js';
import { action, moveClock, refresh, show } from './drawing.js';
import { h } from './elements.js';
import { actors, state } from './state.js';
import { askedIn, firstName, instant, time } from './words.js';

export const decide = {
  id: 'decide',
  title: 'An approver decides',
  teaser: 'Each approver gets an email. One press on the page behind its link is enough.',
  state: () => (!state.request ? 'later' : state.request.status === 'pending' ? 'now' : 'done'),
  key: () => [state.request?.version, state.request?.status, state.mails.map(({ id }) => id), state.openMail],
  draw: () => [
    decisionState(),
    ...ownDecision(),
    ...signedInDecisions(),
    ...mailbox(),
    ...(state.request.status === 'pending' ? [tryOwnApproval()] : []),
  ],
};

function decisionState() {
  const { request } = state;
  const decisions = request.approval.stages.flatMap((stage) => stage.decisions);
  const waiting = waitingStage(request);
  return h(
    'div',
    {},
    request.breakGlass &&
      h(
        'p',
        {},
        `Taken by break-glass: nobody approved it. The approvers and reviewers were told. ${reviewOf(request.review)}`,
      ),
    request.approval.automatic && h('p', {}, 'Auto-approved by the catalogue. No approval was needed.'),
    ...decisions.map(({ approver, decision, comment, at }) =>
      h(
        'p',
        {},
        h('strong', {}, approver),
        ` ${decision === 'approve' ? 'approved' : 'denied'} at ${time(at)}`,
        comment ? `: “${comment}”` : '.',
      ),
    ),
    request.status === 'pending' &&
      waiting &&
      h(
        'p',
        {},
        'Waiting for ',
        h('strong', {}, askedIn(waiting)),
        `, until ${instant(request.decideBy)}. Open an email and press its button. The decision page opens in a new tab, and this page continues after the decision.`,
      ),
  );
}

/** @param {import('../../lib/http/answers.ts').RequestView['review']} review */
const reviewOf = ({ state: reviewState, due, reviewers, by, comment }) =>
  reviewState === 'signed'
    ? `${by} has signed the review: “${comment}”.`
    : `${reviewers.join(' or ')} must review it after the grant, by ${instant(due)}.`;

/** In the order in which they were sent, and collapsed after the decision, so that the next step is in view. */
function mailbox() {
  const { mails, request } = state;
  if (mails.length === 0) return request.status === 'pending' ? [askedLater()] : [];
  const list = h('ul', { class: 'mails' }, ...[...mails].reverse().map(mailItem));
  if (request.status === 'pending') return [h('h3', {}, 'Emails about this request'), list, ...openedMail()];
  const summary = h('summary', {}, `Emails about this request (${mails.length})`);
  return [h('details', { id: 'decide-emails' }, summary, list, ...openedMail())];
}

/** Emails take a moment, or a minute for a person who keeps filing and withdrawing (docs/limits.md). */
const askedLater = () =>
  h(
    'p',
    { class: 'row' },
    h(
      'span',
      { class: 'soft' },
      'No email yet. If two requests of a person ended within a minute of filing, approvers get the next email a minute later.',
    ),
    action('decide', 'Let a minute pass', () => moveClock({ advance: '61s' }), 'small'),
  );

function mailItem({ id, to, subject, at, text }) {
  const isOpen = id === state.openMail;
  const kind = text.includes('/decide/') ? 'question' : 'news';
  return h(
    'li',
    {},
    h(
      'button',
      {
        type: 'button',
        id: `mail-${id}`,
        'aria-expanded': String(isOpen),
        on: { click: () => show({ openMail: isOpen ? undefined : id }) },
      },
      h('strong', {}, subject),
      h('span', { class: 'badge' }, kind),
      h('span', { class: 'soft' }, ` to ${to}, ${time(at)}`),
    ),
  );
}

function openedMail() {
  const mail = state.mails.find(({ id }) => id === state.openMail);
  if (!mail) return [];
  const address = `/local/outbox/${encodeURIComponent(mail.id)}`;
  return [
    h('iframe', {
      src: address,
      title: `Email to ${mail.to}`,
      // no script runs in it; the same origin lets this page read its height
      sandbox: 'allow-same-origin allow-popups allow-popups-to-escape-sandbox',
      on: { load: ({ target }) => fit(target) },
    }),
    h('p', {}, h('a', { href: address, target: '_blank', rel: 'noopener' }, 'Open this email in its own tab')),
  ];
}

/** Shows the whole email, so that there is only one scroll bar. */
function fit(frame) {
  const height = frame.contentDocument?.documentElement.scrollHeight;
  if (height) frame.style.setProperty('height', `${height + 2}px`);
}

/** For an approver who opened this request in step 1. */
function ownDecision() {
  const { decider, request } = state;
  if (!decider || request.status !== 'pending') return [];
  const answer = (decision) => async () => {
    await api({ ...decider, mfa: state.mfa }, 'POST', `/requests/${request.id}/decision`, { decision });
    await refresh();
  };
  return [
    h(
      'p',
      { class: 'row' },
      action('decide', `Approve as ${firstName(decider)}`, answer('approve'), 'main'),
      action('decide', `Deny as ${firstName(decider)}`, answer('deny')),
    ),
  ];
}

/** For a role whose emailed link cannot decide: a button for each approver, signed in with MFA. */
function signedInDecisions() {
  const { request, mails } = state;
  const waiting = request.status === 'pending' ? waitingStage(request) : undefined;
  if (waiting?.by !== 'signed-in') return [];
  const asked = actors.filter(({ email }) => email !== undefined && mails.some(({ to }) => to === email));
  return [
    h(
      'p',
      {},
      'This role is high risk, so the link in the email shows the request but cannot decide it. Approvers sign in: ',
      h('code', {}, `latchkey approve ${request.id}`),
      ', or use the API, as these buttons do.',
    ),
    h(
      'p',
      { class: 'row' },
      ...asked.map((who) =>
        action('decide', `Approve as ${firstName(who)}, signed in`, async () => {
          await api({ ...who, mfa: true }, 'POST', `/requests/${request.id}/decision`, { decision: 'approve' });
          await refresh();
        }),
      ),
    ),
  ];
}

const waitingStage = (request) =>
  request.approval.stages.find(
    (stage) => stage.decisions.filter(({ decision }) => decision === 'approve').length < stage.need,
  );

const tryOwnApproval = () =>
  h(
    'p',
    { class: 'row' },
    action(
      'decide',
      `Try to approve it as ${firstName(state.owner)}`,
      async () =>
        void (await api(state.owner, 'POST', `/requests/${state.request.id}/decision`, { decision: 'approve' })),
      'small',
    ),
    h('span', { class: 'soft' }, 'should be refused'),
  );
