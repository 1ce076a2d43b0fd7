// Draws the story and keeps it current: steps that changed, the clock, and decisions made in another tab.
import { api, Refused, send } from './calls.js';
import { h, notice, say, sentence } from './elements.js';
import { fieldOf, keepValues } from './form.js';
import { clock, isOver, state } from './state.js';
import { duration, instant, statusWords } from './words.js';

/**
 * A button that is disabled while it works. Errors are shown below its step.
 * @param {string} step id of its step
 * @param {string | Array<string | Node>} label
 * @param {() => unknown} run
 * @param {string} kind its class
 */
export function action(step, label, run, kind = '') {
  // finds the button again after a redraw; a label of elements has no ID
  const id = typeof label === 'string' ? `${step}-${label.toLowerCase().replace(/[^a-z0-9]+/g, '-')}` : undefined;
  const button = h(
    'button',
    { type: 'button', id, class: kind, on: { click: () => attempt(step, run, button) } },
    label,
  );
  return button;
}

/**
 * @param {string} step
 * @param {() => unknown} run
 * @param {HTMLButtonElement} [button]
 */
export async function attempt(step, run, button) {
  delete state.notes[step];
  const isFocused = button !== undefined && document.activeElement === button;
  if (button) button.disabled = true;
  try {
    await run();
  } catch (error) {
    state.notes[step] = noteOf(error);
    say(spokenOf(state.notes[step]));
  } finally {
    if (button) button.disabled = false;
    draw();
    // disabling and redrawing lose the focus: give it to the new button, or to the step if the button is gone
    const wrong = /** @type {HTMLElement | null} */ (document.querySelector(`#step-${step} [aria-invalid]`));
    if (wrong) wrong.focus();
    else if (isFocused && document.activeElement === document.body)
      (document.getElementById(button.id) ?? document.getElementById(`title-${step}`)).focus({ preventScroll: true });
  }
}

function noteOf(error) {
  if (error instanceof Refused) {
    const { title, detail, status, code, errors } = error.problem;
    return { kind: 'bad', title, text: detail, errors, code: `${status} ${code}` };
  }
  return { kind: 'bad', title: 'The local server did not answer', text: `Is it still running? (${error.message})` };
}

/** @param {import('./state.js').Note} note */
const spokenOf = ({ title, text, errors = [] }) =>
  [
    ...(errors.length === 0 && text.startsWith(title) ? [] : [`${title}.`]),
    ...(errors.length > 0 ? errors.map(({ detail }) => sentence(detail)) : [text]),
  ].join(' ');

const drawn = new Map();

/** Redraws only the steps that have changed, so that typed text and the scroll position stay. */
export function draw() {
  for (const [i, step] of story.entries()) {
    const now = step.state();
    const note = state.notes[step.id];
    const key = JSON.stringify([now, note, now === 'later' ? '' : step.key()]);
    const before = drawn.get(step.id);
    if (before?.key === key) continue;
    const words = { done: 'done', now: 'current step', later: 'later' };
    const item = h(
      'li',
      { class: `step is-${now}`, id: `step-${step.id}` },
      h('span', { class: 'mark', 'aria-hidden': 'true' }, now === 'done' ? '✓' : String(i + 1)),
      h(
        'section',
        { class: 'panel', 'aria-labelledby': `title-${step.id}` },
        h(
          'h2',
          { id: `title-${step.id}`, tabindex: '-1' },
          step.title,
          h('span', { class: 'visually-hidden' }, ` (${words[now]})`),
        ),
        ...(now === 'later' ? [h('p', {}, step.teaser)] : step.draw()),
        note && notice(note, placed(step.id)),
      ),
    );
    for (const form of item.querySelectorAll('form')) {
      const old = before?.item.querySelector(`form#${form.id}`);
      if (old && old.getAttribute('data-for') === form.getAttribute('data-for')) keepValues(old, form);
    }
    keepOpen(before?.item, item);
    const focused =
      document.activeElement?.id && before?.item.contains(document.activeElement)
        ? document.activeElement.id
        : undefined;
    if (before) before.item.replaceWith(item);
    else document.getElementById('story').append(item);
    if (focused) document.getElementById(focused)?.focus();
    drawn.set(step.id, { key, item });
  }
  tick();
}

/** Whether a field of this step shows the error of a pointer. */
const placed = (step) => (pointer) =>
  story
    .find(({ id }) => id === step)
    .fields?.()
    .includes(fieldOf(pointer)) ?? false;

/** Keeps expanded details expanded. */
function keepOpen(before, now) {
  for (const details of now.querySelectorAll('details[id]')) {
    const old = before?.querySelector(`#${details.id}`);
    if (old) details.open = old.open;
  }
}

export function show(change) {
  Object.assign(state, change);
  draw();
}

/** @param {string} step */
export function goTo(step) {
  draw();
  const title = document.getElementById(`title-${step}`);
  title.focus({ preventScroll: true });
  document.getElementById(`step-${step}`).scrollIntoView({ block: 'start' });
}

/** Reads the request, its emails and its STS calls again, and announces a changed state to screen readers. */
export async function refresh() {
  if (!state.request) return;
  const { id, status } = state.request;
  const [request, mails, sts] = await Promise.all([
    api(state.owner, 'GET', `/requests/${id}`, undefined, true),
    send('GET', '/local/outbox', undefined, {}, true),
    send('GET', '/local/sts', undefined, {}, true),
  ]);
  if (state.request?.id !== id) return;
  // credentials are shown only while they are valid
  if (isOver(request)) Object.assign(state, { credentials: undefined, isRevealed: false });
  Object.assign(state, {
    request,
    mails: mails.filter((mail) => mail.text.includes(id)),
    sts: sts.filter(({ Tags = [] }) => Tags.some(({ Value }) => Value === id)),
  });
  if (request.status !== status) say(`The request is now ${statusWords[request.status][1]}.`);
}

export async function moveClock(to) {
  const { now } = await send('POST', '/local/clock', to);
  state.shift = Date.parse(now) - Date.now();
  await send('POST', '/local/sweep', {});
  await refresh();
}

function tick() {
  document.getElementById('now').textContent = instant(clock());
  const shift = document.getElementById('shift');
  shift.hidden = Math.abs(state.shift) < 5000;
  shift.textContent = `moved by ${state.shift < 0 ? '−' : '+'}${duration(Math.abs(state.shift) / 1000)}`;
  /** @type {(selector: string) => NodeListOf<HTMLElement>} */
  const all = (selector) => document.querySelectorAll(selector);
  for (const element of all('[data-left]'))
    element.textContent = ` · ${duration((Date.parse(element.dataset.left) - clock()) / 1000)} left`;
  for (const element of all('[data-until]')) {
    const [from, until] = [Date.parse(element.dataset.from), Date.parse(element.dataset.until)];
    element.style.setProperty('width', `${Math.min(100, Math.max(0, ((clock() - from) / (until - from)) * 100))}%`);
  }
}

/** A decision is made in another tab, and time passes, so the request is read again every two seconds. */
async function watch() {
  if (document.hidden || !state.request || isOver(state.request)) return;
  const before = state.request.status;
  await refresh();
  if (state.request.status !== before) {
    if (before === 'pending') state.openMail = undefined;
    state.toDecide = state.toDecide.filter(({ id }) => id !== state.request?.id);
    delete state.notes.decide;
  }
  draw();
}

let story = [];

/** Draws the steps for the first time and keeps them current from then on. */
export function begin(steps) {
  story = steps;
  document.getElementById('clock-moves').append(
    action('who', '+15 min', () => moveClock({ advance: '15m' }), 'small'),
    action('who', '+1 h', () => moveClock({ advance: '1h' }), 'small'),
    action('who', 'Now', () => moveClock({ reset: true }), 'small'),
  );
  const look = () => watch().catch((error) => say(noteOf(error).text));
  setInterval(tick, 1000);
  setInterval(look, 2000);
  document.addEventListener('visibilitychange', look);
  draw();
}
