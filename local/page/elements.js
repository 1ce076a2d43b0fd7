// Elements made of text: whatever comes from the server is put in as text and never parsed as HTML.

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

/** @param {import('./state.js').Note} note */
export function notice({ kind, title, text, faults = [], code }) {
  return h(
    'div',
    { class: `notice ${kind}` },
    h('p', {}, h('strong', {}, title), ...(code ? [' ', h('code', { class: 'soft' }, code)] : [])),
    h('p', {}, text),
    faults.length > 1 &&
      h('ul', {}, ...faults.map(({ pointer, detail }) => h('li', {}, h('code', {}, pointer), ` ${detail}`))),
  );
}

export const colored = (element, color) => {
  if (/^#[0-9a-f]{6}$/i.test(color ?? '')) element.style.setProperty('--account', color);
  return element;
};

export const say = (text) => {
  document.getElementById('said').textContent = text;
};
