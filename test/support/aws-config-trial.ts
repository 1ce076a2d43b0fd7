// One trial of figure 23, and how botocore's answer to it is recorded.
import { type Edit, editProfile, type Refusal } from '../../cli/aws/aws-profile.ts';
import { oneOf } from '../proof/size.ts';
import { configText } from './aws-config-texts.ts';
import type { Reading } from './botocore.ts';

export type ConfigTrial = { text: string; profile: string; settings: Record<string, string>; edit: Edit | Refusal };

/** How botocore reads a text, and the edit under test. Without `profiles`, botocore refuses the text. */
export type RecordedTrial = {
  seed: number;
  text: string;
  profile: string;
  settings: Record<string, string>;
  edited: string | null;
} & Partial<Extract<Reading, { profiles: object }>>;

export function configTrial(random: () => number): ConfigTrial {
  const text = configText(random);
  const profile = oneOf(random, ['auto', 'prod', 'default', 'last', 'new']);
  const settings = { credential_process: 'latchkey credentials read', ...(random() < 0.5 && { region: 'eu-west-1' }) };
  return { text, profile, settings, edit: editProfile(text, profile, settings) };
}

export function recordOf(
  seed: number,
  { text, profile, settings }: Pick<ConfigTrial, 'text' | 'profile' | 'settings'>,
  reading: Reading,
): RecordedTrial {
  const edit = editProfile(text, profile, settings);
  return {
    seed,
    text,
    profile,
    settings,
    edited: 'text' in edit ? edit.text : null,
    ...('profiles' in reading && reading),
  };
}
