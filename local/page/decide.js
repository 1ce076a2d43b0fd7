// Step 4: the approvers' mail and what they decided.
import { api } from './calls.js';
import { action, refresh, show } from './drawing.js';
import { h } from './elements.js';
import { actors, state } from './state.js';
import { askedIn, firstName, instant, time } from './words.js';

export const decide = {
  id: 'decide',
  title: 'An approver decides',
  teaser: 'Each of them gets a mail; one press on the page behind its link is enough.',
  state: () => (!state.request ? 'later' : state.request.status === 'pending' ? 'now' : 'done'),
  key: () => [state.request?.version, state.request?.status, state.mails.map(({ id }) => id), state.openMail],
  draw: () => [
    decisionState(),
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
        `Taken by break-glass: nobody approved it, and everybody concerned was told. ${reviewOf(request.review)}`,
      ),
    request.approval.automatic &&
      h('p', {}, "The catalogue's rule approves this role by itself; nobody had to be asked."),
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
        `, until ${instant(request.decideBy)}. Open a mail and press its button: the decision page opens in a new tab, and this story goes on by itself.`,
      ),
  );
}

/** @param {import('../../lib/model/schema.ts').RequestView['review']} review */
const reviewOf = ({ state: reviewState, due, reviewers, by, comment }) =>
  reviewState === 'signed'
    ? `${by} has signed the review: “${comment}”.`
    : `After the grant ${reviewers.join(' or ')} reviews it, by ${instant(due)}.`;

function mailbox() {
  const { mails, openMail } = state;
  if (mails.length === 0) return [];
  const mail = mails.find(({ id }) => id === openMail);
  return [
    h('h3', {}, 'Mails about this request'),
    h(
      'ul',
      { class: 'mails' },
      ...mails.map(({ id, to, subject, at }) =>
        h(
          'li',
          {},
          h(
            'button',
            {
              type: 'button',
              id: `mail-${id}`,
              'aria-expanded': String(id === openMail),
              on: { click: () => show({ openMail: id === openMail ? undefined : id }) },
            },
            h('strong', {}, subject),
            h('span', { class: 'soft' }, `to ${to}, ${time(at)}`),
          ),
        ),
      ),
    ),
    mail &&
      h('iframe', {
        src: `/local/outbox/${encodeURIComponent(mail.id)}`,
        title: `Mail to ${mail.to}`,
        sandbox: 'allow-popups allow-popups-to-escape-sandbox',
      }),
    mail &&
      h(
        'p',
        {},
        h(
          'a',
          { href: `/local/outbox/${encodeURIComponent(mail.id)}`, target: '_blank', rel: 'noopener' },
          'Open this mail in a tab of its own',
        ),
      ),
  ];
}

/** Where a mailed link does not decide: a button for each who was asked, signed in as them with a second factor. */
function signedInDecisions() {
  const { request, mails } = state;
  const waiting = request.status === 'pending' ? waitingStage(request) : undefined;
  if (waiting?.by !== 'signed-in') return [];
  const asked = actors.filter(({ email }) => email !== undefined && mails.some(({ to }) => to === email));
  return [
    h(
      'p',
      {},
      'This role is of high risk, so the link in the mail shows the request and does not decide. Approvers sign in: ',
      h('code', {}, `latchkey approve ${request.id}`),
      ', or by the API, as these buttons do.',
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
    h('span', { class: 'soft' }, 'must not work'),
  );
