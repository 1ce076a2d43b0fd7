// Decodes a file that a person wrote: UTF-8 without control characters, or an error with its place.

/** Line and column count from 1. */
export type TextError = { line: number; column: number; detail: string };

/** @param bytes of a whole file; a byte order mark at its beginning is removed */
export function textOfFile(bytes: Uint8Array): { text: string } | { error: TextError } {
  const wide = wideEncoding(bytes);
  if (wide !== undefined)
    return { error: { line: 1, column: 1, detail: `is ${wide}, not UTF-8: save the file as UTF-8` } };
  const text = Buffer.from(bytes).toString('utf8');
  if (!Buffer.from(text).equals(bytes)) return { error: badByte(bytes, text) };
  const found = unprintable.exec(text);
  if (found) return { error: { ...placeIn(text, found.index), detail: whyUnprintable(found[0]) } };
  return { text: text.replace(/^\ufeff/, '') };
}

// -- internal --------------------------------------------------------------------------------------------------------

/** Unprintable characters (YAML 1.2.2, 5.1), and the replacement character, which stands for a lost one. */
const unprintable = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd-\uffff]|\r(?!\n)/;

function whyUnprintable(character: string): string {
  if (character === '\r') return 'has a carriage return without a line feed: save the file with LF or CRLF line ends';
  const code = `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  if (character === '\ufffd')
    return `contains ${code}, which replaced a character that was lost when the file was saved in another encoding`;
  return `contains the control character ${code}`;
}

/** Detected by the byte order mark, or by the zero bytes of an ASCII character. The `>` of Windows PowerShell writes UTF-16. */
function wideEncoding([a, b, c, d]: Uint8Array): string | undefined {
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'UTF-32' : 'UTF-16';
  if (a === 0xfe && b === 0xff) return 'UTF-16';
  if (a === 0 && b === 0) return 'UTF-32';
  return (a === 0) !== (b === 0) && a !== undefined && b !== undefined ? 'UTF-16' : undefined;
}

/** The place of the first byte that is invalid in UTF-8. */
function badByte(bytes: Uint8Array, text: string): TextError {
  let [at, offset] = [0, 0];
  for (const character of text) {
    if (character === '\ufffd' && bytes[at + 1] !== 0xbf) break;
    at += Buffer.byteLength(character);
    offset += character.length;
  }
  const byte = bytes[at]?.toString(16);
  return {
    ...placeIn(text, offset),
    detail: `contains the byte 0x${byte}, which is not UTF-8: save the file as UTF-8`,
  };
}

function placeIn(text: string, offset: number): { line: number; column: number } {
  const lines = text.slice(0, offset).split('\n');
  return { line: lines.length, column: lines.at(-1)!.length + 1 };
}
