// The tagged template for the HTML of pages and emails. It escapes every value that it did not make itself.

const markup: unique symbol = Symbol('markup');

/** Markup made by `html`. The symbol never leaves this file, so neither JSON nor a string can pass as markup. */
export type SafeHtml = { readonly [markup]: string };

/** A value in the template. `undefined` and `false` render as nothing, so that `condition && html...` reads well. */
export type Hole = SafeHtml | string | number | false | undefined | readonly Hole[];

/**
 * Builds markup: SafeHtml is passed through, lists are joined, all other values are escaped for text and for quoted attributes.
 * @throws TypeError where escaping is not enough: in a tag, in an unquoted attribute, or for an address that is not http(s)
 */
export function html(strings: TemplateStringsArray, ...holes: readonly Hole[]): SafeHtml {
  const text = strings.reduce((before, after, i) => before + place(holes[i - 1], before) + after);
  return { [markup]: text };
}

/** The markup as text, to be sent. */
export const htmlText = (safe: SafeHtml): string => safe[markup];

// --- internal ---

function place(hole: Hole, before: string): string {
  const value = flatten(hole);
  const start = before.lastIndexOf('<');
  const open = start > before.lastIndexOf('>') ? before.slice(start) : undefined;
  if (open !== undefined && isOutsideQuotes(open)) throw new TypeError(`a value cannot stand here: ${open.slice(-40)}`);
  if (
    open !== undefined &&
    /\s(?:href|src|action|formaction)\s*=\s*["']$/i.test(open) &&
    !/^https?:\/\//i.test(value)
  ) {
    throw new TypeError('an address must start with http:// or https://');
  }
  return value;
}

/** `open` is the tag so far; a value is safe in it only between the quotes of an attribute. */
const isOutsideQuotes = (open: string): boolean => !/["']/.test(open.replace(/"[^"]*"|'[^']*'/g, ''));

function flatten(hole: Hole): string {
  if (hole === undefined || hole === false) return '';
  if (typeof hole === 'string') return escaped(hole);
  if (typeof hole === 'number') return String(hole);
  return markup in hole ? hole[markup] : hole.map(flatten).join('');
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Characters that HTML cannot represent (NUL, other controls, lone surrogates) become U+FFFD. Line ends become LF, as in a parser. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, '\ufffd')
    .replace(/[&<>"'`]/g, (character) => entities[character]!);
