// Creates elements. Everything from the server is inserted as text and never parsed as HTML.

/**
 * An element; strings become text, false and undefined nothing.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {{ on?: Record<string, (event: any) => void>, [attribute: string]: unknown }} attributes
 * @param {...(Node | string | false | undefined | Array<Node | string | false | undefined>)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, { on = {}, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  element.append(...children.flat().flatMap((child) => (child === undefined || child === false ? [] : [child])));
  return element;
}

export const facts = (pairs) =>
  h(
    'dl',
    { class: 'facts' },
    ...pairs.filter(Boolean).map(([term, ...value]) => h('div', {}, h('dt', {}, term), h('dd', {}, ...value))),
  );

/**
 * The error of a step. Errors that are shown at their fields are not repeated here.
 * @param {import('./state.js').Note} note
 * @param {(pointer: string) => boolean} isPlaced whether a field shows the error of this pointer
 */
export function notice({ kind, title, text, errors = [], code }, isPlaced) {
  const others = errors.filter(({ pointer }) => !isPlaced(pointer));
  const isAtFields = others.length < errors.length;
  return h(
    'div',
    { class: `notice ${kind}` },
    h('p', {}, h('strong', {}, title), ...(code ? [' ', h('code', { class: 'soft' }, code)] : [])),
    isAtFields && h('p', {}, 'Correct the marked fields.'),
    errors.length === 0 && h('p', {}, withoutTitle(text, title)),
    others.length === 1 && h('p', {}, sentence(others[0].detail)),
    others.length > 1 && h('ul', {}, ...others.map(({ detail }) => h('li', {}, sentence(detail)))),
    code?.endsWith('needs-mfa') &&
      h(
        'p',
        {},
        'Here that means: tick ',
        h('a', { href: '#mfa' }, '“Signed in with MFA” in step 1'),
        ', then try again.',
      ),
  );
}

/** The API's detail may start with its title. */
const withoutTitle = (text, title) => (text.startsWith(`${title}. `) ? text.slice(title.length + 2) : text);

/** Details of field errors start in lower case, because a client may put the name of the field in front. */
export function sentence(detail) {
  const text = detail.slice(0, 1).toUpperCase() + detail.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

export const colored = (element, color) => {
  if (/^#[0-9a-f]{6}$/i.test(color ?? '')) element.style.setProperty('--account', color);
  return element;
};

export const say = (text) => {
  document.getElementById('said').textContent = text;
};
