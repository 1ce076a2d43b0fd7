// Parses ~/.aws/config and ~/.aws/credentials as botocore does (Python's configparser), and keeps their text byte for byte.

/** `end` is the line's own end: \n, \r\n, \r, or empty for a last line without one. */
export type Line = { text: string; end: string };
/** A setting of a section; `at` and `continued` are indexes of lines. */
export type Setting = { name: string; value: string; indentation: string; at: number; continued: number[] };
/** A section; `heading` is the text between the brackets. */
export type Section = { heading: string; at: number; settings: Setting[] };
/** A reason why botocore refuses the whole file; `within` is the setting with the invalid value. */
export type FileError = { at: number; what: string; within?: Setting };
export type AwsFile = { lines: Line[]; sections: Section[]; errors: FileError[] };

/** Python's whitespace (str.isspace), which is not JavaScript's. */
const blank = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const outer = new RegExp(`^${blank}+|${blank}+$`, 'g');
const leading = new RegExp(`^${blank}*`);

/** The lines and sections of a file. `errors` lists the lines that botocore refuses; the rest is still parsed. */
export function readAwsFile(text: string): AwsFile {
  const lines = linesOf(text);
  const file: AwsFile = { lines, sections: [], errors: [] };
  let section: Section | undefined;
  let setting: Setting | undefined;
  let indentation = 0;
  for (const [at, { text: line }] of lines.entries()) {
    const content = strip(line);
    if (/^[#;]/.test(content)) continue;
    if (content === '') {
      if (setting) setting.value += '\n';
      continue;
    }
    const indented = leading.exec(line)![0];
    if (setting && indented.length > indentation) {
      setting.value += `\n${content}`;
      setting.continued.push(at);
      continue;
    }
    indentation = indented.length;
    const heading = /^\[(.+)\]/s.exec(content)?.[1];
    if (heading !== undefined) {
      section = open(file, heading, at);
      setting = undefined;
      continue;
    }
    const found = settingOf(content, indented, at);
    if (!section) file.errors.push({ at, what: beforeHeading(line) });
    else if (!found) file.errors.push({ at, what: 'is neither a section heading nor a setting' });
    else {
      const same = section.settings.find(({ name }) => name === found.name);
      if (same) file.errors.push({ at, what: `sets "${found.name}" again (first on line ${same.at + 1})` });
      section.settings.push(found);
      setting = found;
    }
  }
  for (const one of file.sections.flatMap(({ settings }) => settings)) finish(file, one);
  return file;
}

/** The profile of a section of ~/.aws/config: `profile "a b"` -> `a b`; undefined for any other section. */
export function profileOf(heading: string): string | undefined {
  if (heading === 'default') return heading;
  const name = profileHeading.exec(heading)?.[1];
  return name?.replace(
    /\\([\s\S])|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"/g,
    (_, escaped?: string, single?: string, double?: string) =>
      escaped ?? single ?? (double ?? '').replace(/\\(["\\])/g, '$1'),
  );
}

/** Sections of ~/.aws/config for this profile; botocore uses the last one. */
export const sectionsOf = ({ sections }: AwsFile, profile: string): Section[] =>
  sections.filter(({ heading }) => profileOf(heading) === profile);

/** Settings that apply to every section (the default section of Python's configparser). */
export const everySection = ({ sections }: AwsFile): Setting[] =>
  sections.filter(({ heading }) => heading === 'DEFAULT').flatMap(({ settings }) => settings);

/** The same text again. */
export const textOf = (lines: readonly Line[]): string => lines.map(({ text, end }) => text + end).join('');

/** Decodes a file. `isUtf8` is false for another encoding; each byte is then one character. */
export function decode(bytes: Buffer): { text: string; isUtf8: boolean } {
  const text = bytes.toString('utf8');
  const isUtf8 = Buffer.from(text).equals(bytes);
  return { text: isUtf8 ? text : bytes.toString('latin1'), isUtf8 };
}

// -- internal --------------------------------------------------------------------------------------------------------

/** A shell word, as Python's shlex splits. */
const word = String.raw`(?:[^ \t'"\\]|\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*")+`;
const profileHeading = new RegExp(`^(?=profile)${word}[ \\t]+(${word})[ \\t]*$`);

const strip = (text: string): string => text.replace(outer, '');

const linesOf = (text: string): Line[] =>
  [...text.matchAll(/([^\r\n]*)(\r\n|\n|\r|$)/g)]
    .map(([, line = '', end = '']) => ({ text: line, end }))
    .filter(({ text: line, end }) => line !== '' || end !== '');

/** A name, the first `=` or `:`, and a value. Names are case-insensitive. */
function settingOf(content: string, indentation: string, at: number): Setting | undefined {
  const [, name, value = ''] = /^([^=:]+)[=:](.*)$/s.exec(content) ?? [];
  return name === undefined
    ? undefined
    : { name: strip(name).toLowerCase(), value: strip(value), indentation, at, continued: [] };
}

/** Blank lines at the end are not part of a value; a value that begins on the next line holds settings of its own. */
function finish({ errors }: AwsFile, setting: Setting): void {
  setting.value = setting.value.replace(new RegExp(`${blank}+$`), '');
  if (!setting.value.startsWith('\n')) return;
  const bad = setting.value
    .split(/[\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]/)
    .some((line) => strip(line) !== '' && !line.includes('='));
  if (bad)
    errors.push({
      at: setting.at,
      what: `sets "${setting.name}" to lines that are not "name = value"`,
      within: setting,
    });
}

/** [DEFAULT] may appear several times; its settings are merged. */
function open({ sections, errors }: AwsFile, heading: string, at: number): Section {
  const same = sections.find((section) => section.heading === heading);
  if (same && heading === 'DEFAULT') return same;
  if (same) errors.push({ at, what: `opens the section [${heading}] again (first on line ${same.at + 1})` });
  const section = { heading, at, settings: [] };
  sections.push(section);
  return section;
}

const beforeHeading = (line: string): string =>
  line.startsWith('\ufeff') ? 'begins with a byte order mark' : 'comes before the first section heading';
