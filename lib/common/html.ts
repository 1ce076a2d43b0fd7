// One escaping tagged template for pages and mails: whatever is put into it is text, unless this template made it.

const markup: unique symbol = Symbol('markup');

/** Markup that came out of `html`. Nothing else is one: the symbol never leaves this file, so neither JSON nor a string can pose as it. */
export type SafeHtml = { readonly [markup]: string };

/** What may be put into the template. `undefined` and `false` leave nothing behind, so that `condition && html...` reads well. */
export type Hole = SafeHtml | string | number | false | undefined | readonly Hole[];

/**
 * Builds markup: SafeHtml is passed through, lists are joined, everything else is escaped for text and for quoted attributes.
 * @throws TypeError when a value stands where escaping could not help: in a tag, in an unquoted attribute, or as an address that is not http(s)
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

/** Characters that HTML cannot carry (NUL, other controls, lone surrogates) become U+FFFD; line ends become LF, as a parser would make them. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, '\ufffd')
    .replace(/[&<>"'`]/g, (character) => entities[character]!);
