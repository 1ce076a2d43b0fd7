// Edits one profile in the text of ~/.aws/config, and leaves every other byte unchanged.
import {
  type AwsFile,
  everySection,
  type FileError,
  type Line,
  readAwsFile,
  type Section,
  type Setting,
  sectionsOf,
  textOf,
} from './aws-files.ts';

/** `line` counts from 1. */
export type Conflict = { name: string; line: number };
/** `diff` is empty if nothing has to change. */
export type Edit = { text: string; diff: readonly string[] };
/** Settings that AWS tools would use instead of the new ones, or the line that makes every edit unsafe, and why. */
export type Refusal = { conflicts: readonly Conflict[] } | { line: number; refused: string };

/** The section heading of a new profile in ~/.aws/config. */
export const configHeading = (profile: string): string => (profile === 'default' ? 'default' : `profile ${profile}`);

/** @returns one line per setting */
export const settingLines = (settings: Record<string, string>): string[] =>
  Object.entries(settings).map(([name, value]) => `${name} = ${value}`);

/**
 * @param settings names in lower case and values; a setting of the same name is replaced, others of the profile stay
 * @returns the new text and the lines that differ, in the form of a unified diff
 */
export function editProfile(text: string, profile: string, settings: Record<string, string>): Edit | Refusal {
  const file = readAwsFile(text);
  const sections = sectionsOf(file, profile);
  const section = sections.at(-1);
  const replaced = section?.settings.filter(({ name }) => Object.hasOwn(settings, name)) ?? [];
  const refused = errorOf(file, replaced) ?? ambiguityOf(file, profile, sections);
  if (refused) return { line: refused.at + 1, refused: refused.what };
  const conflicts = conflictsIn([...everySection(file), ...(section?.settings ?? [])], winsOverProcess);
  if (conflicts.length > 0) return { conflicts };
  return section ? edited(file, section, settings) : added(file, profile, settings);
}

/** Settings of ~/.aws/credentials that AWS tools would use instead of the profile in ~/.aws/config. */
export function shadowing(text: string, profile: string, settings: Record<string, string>): Refusal | undefined {
  const file = readAwsFile(text);
  const [error] = file.errors;
  if (error) return { line: error.at + 1, refused: error.what };
  const section = file.sections.find(({ heading }) => heading === profile);
  // in the credentials file, [DEFAULT] applies only to profiles that are in that file
  const present = section ? [...everySection(file), ...section.settings] : [];
  const differs = ({ name, value }: Setting) => Object.hasOwn(settings, name) && value !== settings[name];
  const conflicts = conflictsIn(present, (setting) => winsOverProcess(setting) || differs(setting));
  return conflicts.length > 0 ? { conflicts } : undefined;
}

// -- internal --------------------------------------------------------------------------------------------------------

/** In the provider chains of botocore and the SDKs, all of these come before a credential_process. */
const winsOverProcess = ({ name }: Setting): boolean =>
  /^(aws_access_key_id|aws_secret_access_key|role_arn|source_profile|credential_source|web_identity_token_file|sso_session|sso_start_url|sso_account_id|sso_role_name|login_session)$/.test(
    name,
  );

const conflictsIn = (settings: readonly Setting[], wins: (setting: Setting) => boolean): Conflict[] =>
  settings.filter(wins).map(({ name, at }) => ({ name, line: at + 1 }));

/** Errors that remain after the edit: one inside a replaced setting disappears with it. */
const errorOf = ({ errors }: AwsFile, replaced: readonly Setting[]): FileError | undefined =>
  errors.find(({ within }) => within === undefined || !replaced.includes(within));

/** If botocore and the SDKs disagree about which lines are the profile, no edit works for all of them. */
function ambiguityOf({ lines }: AwsFile, profile: string, sections: readonly Section[]): FileError | undefined {
  const [first, second] = sections;
  if (first && second)
    return {
      at: second.at,
      what: `opens the profile "${profile}" again (first on line ${first.at + 1}), and AWS tools disagree about which one to use`,
    };
  const alike = new RegExp(
    `^\\s*\\[\\s*${profile === 'default' ? '(?:profile\\s+)?' : 'profile\\s+'}(["']?)${profile.replace(/[.+]/g, '\\$&')}\\1\\s*\\]`,
    'i',
  );
  const at = lines.findIndex(({ text }, index) => alike.test(text) && index !== first?.at);
  if (at < 0) return undefined;
  return {
    at,
    what: `looks like the profile "${profile}" but not every AWS tool reads it as such: write it as [${configHeading(profile)}], without indentation`,
  };
}

function added({ lines }: AwsFile, profile: string, settings: Record<string, string>): Edit {
  const last = lines.at(-1);
  const end = (lines.findLast((line) => line.end !== '') ?? { end: '\n' }).end;
  const ended = last?.end === '' ? [...lines.slice(0, -1), { ...last, end }] : lines;
  const gap = last === undefined || last.text === '' ? [] : [''];
  const texts = [...gap, `[${configHeading(profile)}]`, ...settingLines(settings)];
  return {
    text: textOf([...ended, ...texts.map((text) => ({ text, end }))]),
    diff: [...(last ? [` ${last.text}`] : []), ...texts.map((text) => `+${text}`)],
  };
}

/** Inserts new settings right below the heading, indented like the next line, so that no line becomes a continuation of another. */
function edited({ lines, sections }: AwsFile, section: Section, settings: Record<string, string>): Edit {
  const present = section.settings.filter(({ name }) => Object.hasOwn(settings, name));
  const changes = new Map<number, string | undefined>();
  for (const { name, value, indentation, at, continued } of present) {
    if (value === settings[name]) continue;
    changes.set(at, `${indentation}${name} = ${settings[name]}`);
    for (const line of continued) changes.set(line, undefined);
  }
  const missing = Object.entries(settings).filter(([name]) => !present.some((setting) => setting.name === name));
  const next = section.settings[0] ?? sections[sections.indexOf(section) + 1];
  const indentation = next === undefined ? '' : /^\s*/.exec(lines[next.at]!.text)![0];
  const heading = lines[section.at]!;
  const end = heading.end || (lines[section.at - 1]?.end ?? '\n');
  const fresh = settingLines(Object.fromEntries(missing)).map((text) => ({ text: indentation + text, end }));
  const isLast = section.at === lines.length - 1;

  const result: Line[] = [];
  const diff: string[] = [];
  for (const [at, line] of lines.entries()) {
    const text = changes.has(at) ? changes.get(at) : line.text;
    if (text !== line.text) diff.push(`-${line.text}`);
    if (text === undefined) continue;
    if (text !== line.text) diff.push(`+${text}`);
    result.push({ ...line, text });
    if (at !== section.at) continue;
    if (isLast && fresh.length > 0) result[result.length - 1] = { ...line, end };
    result.push(...fresh);
    diff.push(...fresh.map(({ text: one }) => `+${one}`));
  }
  return { text: textOf(result), diff: diff.length === 0 ? [] : [` ${heading.text}`, ...diff] };
}
