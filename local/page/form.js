// Forms: each field with its hint and, after a refusal, its own error.
import { h, sentence } from './elements.js';
import { state } from './state.js';

/**
 * One field of a form. Its error is shown below it, and screen readers read both together.
 * @param {string} step id of the step whose last refusal may name this field
 * @param {{ name: string, label: string, hint: string, value?: string, values?: string[], rows?: number }} given `values` makes it a choice, `rows` a text of
 *   several lines
 */
export function field(step, { name, label, hint, value = '', values, rows }) {
  const id = `${step}-${name.replace('.', '-')}`;
  const error = errorOf(step, name);
  const described = [error && `${id}-error`, `${id}-hint`].filter(Boolean).join(' ');
  const attributes = { id, name, 'aria-describedby': described, 'aria-invalid': error ? 'true' : undefined };
  return h(
    'div',
    { class: 'field' },
    h('label', { for: id }, label),
    control(attributes, { value, values, rows }),
    error && h('p', { class: 'error', id: `${id}-error` }, error),
    h('p', { class: 'hint', id: `${id}-hint` }, hint),
  );
}

function control(attributes, { value, values, rows }) {
  if (rows) return h('textarea', { ...attributes, rows }, value);
  if (!values) return h('input', { ...attributes, value, autocomplete: 'off' });
  const options = ['', ...values].map((one) => h('option', { value: one }, one || 'Choose…'));
  return h('select', attributes, ...options);
}

/** `/scope/bucket` is about the field `scope.bucket`. */
export const fieldOf = (pointer) => pointer.replace(/^[/?]/, '').replace('/', '.');

function errorOf(step, name) {
  const own = (state.notes[step]?.errors ?? []).filter(({ pointer }) => fieldOf(pointer) === name);
  return own.length > 0 ? own.map(({ detail }) => sentence(detail)).join(' ') : undefined;
}

/** The values of a form without empty ones. Fields named `scope.NAME` become parts of `scope`. */
export function bodyOf(form) {
  const body = {};
  for (const [name, value] of new FormData(form)) {
    const [whole, part] = name.split('.');
    if (value === '') continue;
    if (part) body[whole] = { ...body[whole], [part]: value };
    else body[name] = form.elements[name].type === 'checkbox' ? true : value;
  }
  return body;
}

/** Copies the values of the form that is replaced. */
export function keepValues(before, now) {
  for (const old of before.elements) {
    const element = old.name ? now.elements.namedItem(old.name) : null;
    if (!element) continue;
    if (old.type === 'checkbox') element.checked = old.checked;
    else element.value = old.value;
  }
}
