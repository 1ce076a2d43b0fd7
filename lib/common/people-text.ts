// Prepares text written by one person for display to another: visible, on one line, quoted, and never turned into a link.

/** Control and formatting characters that make a text look like another one. The joiners U+200C and U+200D stay, because scripts and emoji need them. */
const deceptive =
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** The text with LF line ends. Deceptive characters become a visible U+FFFD. */
export const visible = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\r\n?|[\x85\u2028\u2029]/g, '\n')
    .replace(deceptive, '\ufffd');

/** The text on one line, cut with an ellipsis to `max` characters (code points). */
export function oneLine(text: string, max = 120): string {
  const characters = [...visible(text).replace(/\s+/g, ' ').trim()];
  return characters.length <= max ? characters.join('') : `${characters.slice(0, max - 1).join('')}…`;
}

const links: RegExp[] = [
  // scheme://host
  /:(?=\/\/)/g,
  // schemes that need no slashes
  /(?<=\b(?:mailto|tel|sms|callto|facetime|skype|news|file|data|javascript|vbscript)):(?=\S)/gi,
  // \\server\share
  /\\(?=\\)/g,
  // host.name and name@host.name: any dot before at least two letters, also the dots that a browser reads as one
  /(?<=[^\s.])[.\uff0e\uff61](?=\p{L}{2})/gu,
  /(?<=[A-Za-z0-9])\u3002(?=[A-Za-z]{2})/g,
  // four numbers
  /(?<=\b\d{1,3})\.(?=\d{1,3}\.\d{1,3}\.\d{1,3}\b)/g,
];

/**
 * The text with brackets where an email client would see a link: `https[:]//evil[.]example`. Email clients turn bare text into links,
 * in the text part and in the HTML part, and an email that asks for a click must hold one link only. Security teams write addresses
 * with brackets (defanged), every email client keeps them, and they hide nothing from the reader.
 */
export const unlinked = (text: string): string => links.reduce((value, bait) => value.replace(bait, '[$&]'), text);

/** The text as a block of a plain-text email: every line is marked, so that no line looks like part of the email itself. */
export const quoted = (text: string): string =>
  visible(text)
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
