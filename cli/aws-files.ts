// Reads the AWS tools' own files: sections of `name = value` lines (SDK reference guide, "Shared config and credentials files").

export type Sections = Record<string, Record<string, string>>;

/** Sections by their heading as written between the brackets; nested values (indented lines) are left out, as none of them is about credentials. */
export function parseAwsFile(text: string): Sections {
  const sections: Sections = Object.create(null);
  let current: Record<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const heading = headingOf(line);
    if (heading !== undefined) current = sections[heading] ??= Object.create(null) as Record<string, string>;
    const [, name, value = ''] = /^([^\s#;=[][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && current) current[name.toLowerCase()] = value.replace(/\s+[#;].*$/, '');
  }
  return sections;
}

/** `[profile  a]` -> `profile a`; undefined for a line that opens no section. */
export const headingOf = (line: string): string | undefined =>
  /^\s*\[\s*([^\]]*?)\s*\]/
    .exec(line)?.[1]
    ?.replace(/\s+/g, ' ')
    .replace(/^profile ["'](.*)["']$/, 'profile $1');

/** What a profile is called in ~/.aws/config. */
export const configHeading = (profile: string): string => (profile === 'default' ? 'default' : `profile ${profile}`);
