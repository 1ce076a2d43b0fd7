// Edits one profile in the text of ~/.aws/config, and leaves everything else as it was, to the byte.
import { configHeading, headingOf } from './aws-files.ts';

export type ProfileEdit =
  | { text: string; diff: readonly string[] }
  /** settings of the profile that the AWS tools would take before a credential_process */
  | { conflicts: readonly string[] };

const winsOverProcess =
  /^\s*(aws_access_key_id|aws_secret_access_key|role_arn|source_profile|credential_source|web_identity_token_file|sso_session|sso_start_url|sso_account_id|sso_role_name|login_session)\s*=/i;

/**
 * @param settings names and values; a line of the same name is replaced, others of the profile stay
 * @returns the new text and the lines that differ, in the form of a unified diff
 */
export function editProfile(text: string, profile: string, settings: Record<string, string>): ProfileEdit {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text === '' ? [] : text.split(newline);
  const isEnded = lines.at(-1) === '';
  if (isEnded) lines.pop();

  const heading = configHeading(profile);
  const start = lines.findIndex((line) => headingOf(line) === heading);
  if (start < 0) {
    const added = [...(lines.length > 0 && lines.at(-1) !== '' ? [''] : []), `[${heading}]`, ...linesOf(settings)];
    return { text: [...lines, ...added, ''].join(newline), diff: diffOf(lines, lines.length, 0, added) };
  }
  const next = lines.findIndex((line, i) => i > start && headingOf(line) !== undefined);
  const end = next < 0 ? lines.length : next;
  const section = lines.slice(start + 1, end);
  const conflicts = section.flatMap((line) => winsOverProcess.exec(line)?.[1] ?? []);
  if (conflicts.length > 0) return { conflicts };

  const missing = { ...settings };
  const edited = section.map((line) => {
    const [, name = '', value] = /^([a-z_]+)\s*=\s*(.*?)\s*$/i.exec(line) ?? [];
    if (!Object.hasOwn(settings, name)) return line;
    delete missing[name];
    return value === settings[name] ? line : `${name} = ${settings[name]}`;
  });
  const replacement = [...linesOf(missing), ...edited];
  return {
    text: [
      ...lines.slice(0, start + 1),
      ...replacement,
      ...lines.slice(end),
      ...(isEnded || next < 0 ? [''] : []),
    ].join(newline),
    diff: diffOf(lines, start + 1, section.length, replacement),
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

const linesOf = (settings: Record<string, string>): string[] =>
  Object.entries(settings).map(([name, value]) => `${name} = ${value}`);

/** What replaces `count` lines from `at` on, without those that stay the same, under the line before it. */
function diffOf(lines: readonly string[], at: number, count: number, replacement: readonly string[]): string[] {
  const old = lines.slice(at, at + count);
  const gone = old.filter((line) => !replacement.includes(line));
  const come = replacement.filter((line) => !old.includes(line));
  if (gone.length === 0 && come.length === 0) return [];
  const before = lines[at - 1];
  return [
    ...(before === undefined ? [] : [` ${before}`]),
    ...gone.map((line) => `-${line}`),
    ...come.map((line) => `+${line}`),
  ];
}
