// Figure 23: edits of AWS configuration files of every form, read back by botocore: our profile is right and nothing else changed, or the edit is refused.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { externalDataInterceptor, parseKnownFiles } from '@smithy/core/config';
import { everySection, profileOf, readAwsFile } from '../../cli/aws/aws-files.ts';
import { givesCredentials, withoutCredentials } from '../../cli/aws/child-environment.ts';
import { type ConfigTrial, configTrial, type RecordedTrial, recordOf } from '../support/aws-config-trial.ts';
import { python, type Reading, readByBotocore } from '../support/botocore.ts';
import { randomFrom } from '../support/gates.ts';
import { where } from '../support/wanted.ts';
import { must, prove, size } from './size.ts';

const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, '../cases/aws-config.json'), 'utf8'),
) as RecordedTrial[];
const withBotocore = where(
  python ? undefined : 'no Python with botocore (apt-get install python3-botocore)',
  'edits, read back by botocore',
);

/** Trials in one question to botocore. */
const batch = 300;
const measured = { 'edits made': 0, 'edits refused': 0, 'files that botocore refuses': 0 };

describe('AWS configuration files', () => {
  withBotocore.test(
    'botocore reads the edited profile, and every other value unchanged',
    async () => {
      await prove(
        23,
        'edits of AWS configuration files read back by botocore',
        size(1, 50),
        (seed) => judgeByBotocore(Array.from({ length: batch }, (_, n) => configTrial(randomFrom(seed * batch + n)))),
        measured,
      );
      if (process.env.LATCHKEY_SEED === undefined)
        expect(measured['edits made']).toBeGreaterThan(measured['edits refused']);
    },
    3_600_000,
  );

  test('the edits agree with the recorded answers of botocore', () => {
    for (const one of recorded) {
      const { seed, text, profiles, sections } = one;
      const reading: Reading = profiles && sections ? { profiles, sections } : { error: 'recorded' };
      must(sameReading(text, reading), `seed ${seed} is not read as botocore does`);
      // where the edit has become another one, botocore has to be asked again: node scripts/record-botocore.ts
      must(
        isDeepStrictEqual(recordOf(seed, one, reading), one),
        `the edit of seed ${seed} is not the one that botocore judged`,
      );
    }
  });

  test('the AWS SDK for JavaScript reads the edited profile, and every other value unchanged', async () => {
    await prove(
      23,
      'edits of AWS configuration files read back by the AWS SDK for JavaScript',
      size(300, 20_000),
      async (_, random) => {
        const trial = configTrial(random);
        if ('text' in trial.edit && isReadBySdk(trial))
          await judgeBySdk(trial.profile, trial.settings, trial.text, trial.edit.text);
        return undefined;
      },
    );
  }, 3_600_000);
});

function judgeByBotocore(trials: readonly ConfigTrial[]): number {
  const readings = readByBotocore(
    trials.flatMap(({ edit, text }) => [text, 'text' in edit ? edit.text : text, withoutCredentials(text)]),
  );
  for (const [at, trial] of trials.entries()) {
    const [was, is, left] = readings.slice(3 * at) as [Reading, Reading, Reading];
    must(sameReading(trial.text, was), () => `not read as botocore does: ${JSON.stringify(trial.text)}`);
    must(
      'error' in was || isHarmless(trial.text, was, left),
      () => `exec hands on a credential: ${JSON.stringify(trial.text)}`,
    );
    measured['files that botocore refuses'] += 'error' in was ? 1 : 0;
    measured['text' in trial.edit ? 'edits made' : 'edits refused'] += 1;
    if ('text' in trial.edit) must(isRight(trial, was, is), () => `an invalid edit: ${JSON.stringify(trial)}`);
  }
  return trials.length;
}

/** Our reader against botocore. An unreadable [DEFAULT] that no section uses is an error for us alone. */
function sameReading(text: string, reading: Reading): boolean {
  const file = readAwsFile(text);
  if ('error' in reading) return file.errors.length > 0;
  if (file.errors.length > 0) return Object.keys(reading.sections).length === 0;
  const valuesOf = (settings: readonly { name: string; value: string }[]) =>
    Object.fromEntries([...everySection(file), ...settings].map(({ name, value }) => [name, value]));
  const sections = file.sections.filter(({ heading }) => heading !== 'DEFAULT');
  const profiles = new Set(sections.map(({ heading }) => profileOf(heading)).filter((name) => name !== undefined));
  return (
    isDeepStrictEqual(
      Object.fromEntries(sections.map(({ heading, settings }) => [heading, valuesOf(settings)])),
      reading.sections,
    ) && isDeepStrictEqual(profiles, new Set(Object.keys(reading.profiles)))
  );
}

function isRight({ profile, settings }: ConfigTrial, before: Reading, after: Reading): boolean {
  if ('error' in after) return false;
  const ours = after.profiles[profile] ?? {};
  if (Object.entries(settings).some(([name, value]) => ours[name] !== value)) return false;
  // only a setting that is replaced can have made it unreadable
  if ('error' in before) return true;
  const others = Object.entries(before.profiles).filter(([name]) => name !== profile);
  const kept = Object.entries(before.profiles[profile] ?? {}).filter(([name]) => !Object.hasOwn(settings, name));
  return (
    others.every(([name, values]) => isDeepStrictEqual(after.profiles[name], values)) &&
    kept.every(([name, value]) => isDeepStrictEqual(ours[name], value))
  );
}

/** The default profile of the child has no credentials; every other value is the same, where default settings are nobody else's, too. */
function isHarmless(text: string, before: Extract<Reading, { profiles: object }>, child: Reading): boolean {
  if ('error' in child) return false;
  const shared = isShared(text);
  return Object.entries(before.profiles).every(([profile, values]) => {
    const kept = Object.entries(values).filter(([name]) => profile !== 'default' || !givesCredentials.test(name));
    const left = Object.entries(child.profiles[profile] ?? {});
    return isDeepStrictEqual(left.map(withoutLines), kept.map(withoutLines)) || (profile !== 'default' && shared);
  });
}

/** Whether [DEFAULT] gives settings to all, or other tools than botocore see a default profile within another one. */
function isShared(text: string): boolean {
  const { lines, sections } = readAwsFile(text);
  const headings = new Set(sections.map(({ at }) => at));
  return lines.some(
    ({ text: line }, at) => /^\s*\[.*default/i.test(line) && (line.includes('DEFAULT') || !headings.has(at)),
  );
}

type Value = string | Record<string, string>;

/** Lines of a value that other tools than botocore read as settings of their own go, too. */
function withoutLines([name, value]: [string, Value]): [string, Value] {
  const stays = (line: string) => !givesCredentials.test(line.split(/[=:]/)[0]!.trim().toLowerCase());
  if (typeof value === 'object') {
    const left = Object.entries(value).filter(([key]) => stays(key));
    return [name, left.length === 0 ? '' : Object.fromEntries(left)];
  }
  return [
    name,
    value
      .split('\n')
      .filter((line, at) => at === 0 || stays(line))
      .join('\n'),
  ];
}

/** Forms that the SDK for JavaScript does not know at all: other headings, colons, lines ended by \r alone. */
const isReadBySdk = ({ text }: ConfigTrial): boolean =>
  !/\r(?!\n)|profile[^ ]|profile {2}|^\s*\[.*\]\S|^[^=\n]*:/m.test(text);

async function judgeBySdk(
  profile: string,
  settings: Record<string, string>,
  before: string,
  after: string,
): Promise<void> {
  const [was, is] = [await readBySdk(before), await readBySdk(after)];
  for (const [name, value] of Object.entries(settings))
    must(
      is[profile]?.[name] === value,
      () => `the SDK reads ${name} as ${is[profile]?.[name]}: ${JSON.stringify({ before, after })}`,
    );
  for (const name of Object.keys(was).filter((other) => other !== profile))
    must(
      isDeepStrictEqual({ ...is[name] }, { ...was[name] }),
      () => `the SDK reads ${name} otherwise: ${JSON.stringify({ before, after })}`,
    );
}

async function readBySdk(text: string): Promise<Record<string, Record<string, string | undefined>>> {
  externalDataInterceptor.interceptFile('/config', text);
  externalDataInterceptor.interceptFile('/credentials', '');
  return await parseKnownFiles({ configFilepath: '/config', filepath: '/credentials' });
}
