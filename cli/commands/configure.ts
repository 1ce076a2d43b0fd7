// `latchkey configure`
import { connect } from '../api/api.ts';
import { decode } from '../aws/aws-files.ts';
import {
  type Conflict,
  configHeading,
  type Edit,
  editProfile,
  type Refusal,
  settingLines,
  shadowing,
} from '../aws/aws-profile.ts';
import { checkRole, checkTarget, isRequestId } from '../grants/grant.ts';
import { Failure } from '../machine/exit.ts';
import { awsConfigPath, awsCredentialsPath } from '../machine/places.ts';
import { readBytes, withLock, writeWhole } from '../machine/whole-file.ts';
import type { World } from '../machine/world.ts';
import { type CommonValues, command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';
import { painter } from '../text/terminal-text.ts';

export const configure = command({
  name: 'configure',
  group: 'Use it',
  summary: 'Write an AWS profile for a role to ~/.aws/config',
  description: [
    'With the profile, every AWS tool gets its credentials from `latchkey credentials`: aws --profile NAME, AWS_PROFILE=NAME. Comments, order and other profiles stay as they are. The change is shown.',
    'The command in the profile takes the URL of Latchkey and the sign-in from the configuration file (`latchkey setup`) or the environment, like every other command.',
  ],
  positionals: [{ name: 'ROLE', summary: 'role, as listed by `latchkey roles`' }],
  options: {
    profile: { type: 'text', placeholder: 'NAME', summary: 'name of the profile (default: the role)' },
    region: { type: 'text', placeholder: 'REGION', summary: 'AWS region of the profile (default: none is written)' },
    cache: {
      type: 'flag',
      summary: 'keep sessions in a file that only you can read, until shortly before they expire',
    },
    absolute: {
      type: 'flag',
      summary: 'write the absolute paths of Node.js and latchkey, for desktop apps and IDEs with another PATH',
    },
    'dry-run': { type: 'flag', summary: 'show the change without writing it' },
  },
  examples: [
    'latchkey configure production-bucket-read',
    'latchkey configure production-bucket-read --profile bucket --region eu-west-1',
  ],
  async run(world, { positionals: [given = ''], options }) {
    const role = checkTarget(given);
    const profile = options.profile ?? role;
    if (!/^[\w.@:/+-]+$/.test(profile))
      throw new Failure('usage', `"${profile}" is not a valid profile name. Use letters, digits and . _ - @ : / +`);
    if (options.region !== undefined && !/^[a-z0-9-]+$/.test(options.region))
      throw new Failure('usage', `"${options.region}" is not a valid AWS region.`);
    await checkKnown(world, role, options);
    const path = awsConfigPath(world);
    const settings = {
      credential_process: `${commandLine(world, options.absolute)} credentials ${role}${options.cache ? ' --cache' : ''}`,
      ...(options.region !== undefined && { region: options.region }),
    };
    const byHand = [`[${configHeading(profile)}]`, ...settingLines(settings)];
    const change = () => changeOf(world, profile, settings, byHand, role);
    const { diff } = options['dry-run'] ? change() : await saved(world, path, byHand, change);
    world.out(
      options.json
        ? `${JSON.stringify({ path, profile, changed: diff.length > 0 && !options['dry-run'], diff }, null, 2)}\n`
        : shown(world, path, diff),
    );
    if (!options.json && !options['dry-run']) world.err(`Try it: aws sts get-caller-identity --profile ${profile}\n`);
    return 0;
  },
});

/** A misspelt role would make a profile that never works. The check is skipped if Latchkey cannot be asked (not set up, not signed in, no network). */
async function checkKnown(world: World, role: string, options: CommonValues): Promise<void> {
  if (isRequestId(role)) return;
  try {
    await checkRole(await connect(world, readSettings(world, options)), role);
  } catch (error) {
    if (!(error instanceof Failure) || error.exit === 'not-found') throw error;
  }
}

function shown(world: World, path: string, diff: readonly string[]): string {
  if (diff.length === 0) return `${path} already has this profile. Nothing to change.\n`;
  const paint = painter(world);
  const coloured = diff.map((line) =>
    line.startsWith('+') ? paint('green', line) : line.startsWith('-') ? paint('red', line) : line,
  );
  return `--- ${path}\n+++ ${path}\n${coloured.join('\n')}\n`;
}

/** AWS tools split the command line at spaces, and support double quotes. */
const commandLine = ({ self }: World, isAbsolute: boolean): string =>
  self(isAbsolute)
    .map((part) => (/^[\w@%+=:,./\\-]+$/.test(part) ? part : `"${part}"`))
    .join(' ');

/** @throws Failure if AWS tools would refuse the file, or would not use the new settings */
function changeOf(
  world: World,
  profile: string,
  settings: Record<string, string>,
  byHand: readonly string[],
  role: string,
): Edit {
  const inCredentials = shadowing(textIn(awsCredentialsPath(world), byHand), profile, settings);
  if (inCredentials) return refuse(awsCredentialsPath(world), profile, inCredentials, byHand, role);
  const path = awsConfigPath(world);
  const edit = editProfile(textIn(path, byHand), profile, settings);
  return 'diff' in edit ? edit : refuse(path, profile, edit, byHand, role);
}

/** If the file cannot be written (for example a link into a read-only store), the lines are shown for editing by hand. */
async function saved(world: World, path: string, byHand: readonly string[], change: () => Edit): Promise<Edit> {
  try {
    return await withLock(world, path, () => {
      const edit = change();
      if (edit.diff.length > 0) writeWhole(path, edit.text, { mode: 0o600 });
      return edit;
    });
  } catch (error) {
    if (!(error instanceof Failure) || error.cause === undefined) throw error;
    throw new Failure(error.exit, error.message, [...error.next, ...handwritten(byHand)]);
  }
}

function textIn(path: string, byHand: readonly string[]): string {
  const bytes = readBytes(path) ?? Buffer.alloc(0);
  const { text, isUtf8 } = decode(bytes);
  if (isUtf8) return text;
  const line = text.split(/\r\n|\n|\r/).findIndex((one) => !decode(Buffer.from(one, 'latin1')).isUtf8) + 1;
  throw unsafe(path, line, 'is not UTF-8', byHand);
}

function refuse(path: string, profile: string, edit: Refusal, byHand: readonly string[], role: string): never {
  throw 'refused' in edit ? unsafe(path, edit.line, edit.refused, byHand) : taken(path, profile, edit.conflicts, role);
}

const unsafe = (path: string, line: number, why: string, byHand: readonly string[]): Failure =>
  new Failure('usage', `Line ${line} of ${path} ${why}. It is not safe to edit this file. Nothing was changed.`, [
    `Fix line ${line} and try again.`,
    ...handwritten(byHand),
  ]);

const handwritten = (lines: readonly string[]): string[] => ['Or write these lines by hand:', ...lines];

function taken(path: string, profile: string, conflicts: readonly Conflict[], role: string): Failure {
  const names = conflicts.map(({ name, line }) => `${name} on line ${line}`).join(', ');
  return new Failure(
    'usage',
    `The profile "${profile}" in ${path} already has other credentials (${names}), and AWS tools would keep using those. Nothing was changed.`,
    [`Choose another name: latchkey configure ${role} --profile ${profile}-latchkey`, 'or remove those lines first.'],
  );
}
