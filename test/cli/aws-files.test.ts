// Which lines of ~/.aws/config an edit changes, which files are refused, and what the command of `exec` sees of them.
import { describe, expect, test } from '@jest/globals';
import { decode, profileOf, readAwsFile, textOf } from '../../cli/aws/aws-files.ts';
import { editProfile, shadowing } from '../../cli/aws/aws-profile.ts';
import { withoutCredentials } from '../../cli/aws/child-environment.ts';

const process = 'credential_process = latchkey credentials auto';
const settings = { credential_process: 'latchkey credentials auto' };
const withRegion = { ...settings, region: 'eu-west-1' };
const edited = (text: string, { profile = 'auto', ...given }: { profile?: string; region?: string } = {}) =>
  editProfile(text, profile, { ...settings, ...given });

describe('a new profile', () => {
  test.each([
    ['', `[profile auto]\n${process}\n`],
    ['[default]\nregion=a', `[default]\nregion=a\n\n[profile auto]\n${process}\n`],
    ['# top\n[default]\n\n', `# top\n[default]\n\n[profile auto]\n${process}\n`],
    ['[default]\r\nx = 1\r\n', `[default]\r\nx = 1\r\n\r\n[profile auto]\r\n${process}\r\n`],
    ['[default]\rx = 1\r', `[default]\rx = 1\r\r[profile auto]\r${process}\r`],
    ['[DEFAULT]\nregion = a\n[DEFAULT]\n', `[DEFAULT]\nregion = a\n[DEFAULT]\n\n[profile auto]\n${process}\n`],
  ])('is added at the end of %j', (text, whole) => expect(edited(text)).toMatchObject({ text: whole }));

  test('default has its own heading', () =>
    expect(edited('', { profile: 'default' })).toMatchObject({ text: `[default]\n${process}\n` }));
});

describe('an existing profile', () => {
  test('keeps everything but the line', () => {
    const text =
      '[profile a]\nregion = x ; c\n# about auto\n[profile auto] # mine\n# old\ncredential_process=old\ns3 =\n  max_queue_size = 1\n\n[profile z]\nrole_arn = y\n';
    expect(edited(text)).toEqual({
      text: text.replace('credential_process=old', process),
      diff: [' [profile auto] # mine', '-credential_process=old', `+${process}`],
    });
  });

  test.each([
    [
      'of a file with one CRLF line, and no other profile gets it',
      '[default]\nregion = eu-west-1\r\n\n[profile auto]\nregion = us-east-1\n\n[profile prod]\nregion = us-east-1\n\r\n[profile last]\nregion=x\n',
      `[default]\nregion = eu-west-1\r\n\n[profile auto]\n${process}\nregion = us-east-1\n\n[profile prod]\nregion = us-east-1\n\r\n[profile last]\nregion=x\n`,
    ],
    [
      'of a file whose last line alone ends in CRLF, and is not added again',
      '[default]\nregion = eu-west-1\n\n[profile auto]\nregion = us-east-1\n\n[profile work]\nregion = us-east-1\r\n',
      `[default]\nregion = eu-west-1\n\n[profile auto]\n${process}\nregion = us-east-1\n\n[profile work]\nregion = us-east-1\r\n`,
    ],
    ['of a file with CR alone', '[profile auto]\routput = json\r', `[profile auto]\r${process}\routput = json\r`],
    ['without a line end after its last line', '[profile auto]\noutput = a', `[profile auto]\n${process}\noutput = a`],
    ['that is only a heading', '[profile auto]', `[profile auto]\n${process}\n`],
    ['with indented settings', '[profile auto]\n\toutput=json\n', `[profile auto]\n\t${process}\n\toutput=json\n`],
    [
      'before an indented heading',
      '[profile auto]\n  [profile z]\n  region = a\n',
      `[profile auto]\n  ${process}\n  [profile z]\n  region = a\n`,
    ],
    [
      'whose value goes on in the next line',
      '[profile auto]\ncredential_process = /opt/old\n    --json\noutput = json\n',
      `[profile auto]\n${process}\noutput = json\n`,
    ],
    [
      'whose value begins in the next line',
      '[profile auto]\ncredential_process =\n    /opt/old --with many\n',
      `[profile auto]\n${process}\n`,
    ],
    [
      'whose value goes on after a comment and a blank line',
      '[profile auto]\ncredential_process = /opt/old\n# kept\n\n  --json\noutput = json\n',
      `[profile auto]\n${process}\n# kept\n\noutput = json\n`,
    ],
    ['in quotes', '[profile "auto"]\noutput = a\n', `[profile "auto"]\n${process}\noutput = a\n`],
  ])('%s', (_, text, whole) => expect(edited(text)).toMatchObject({ text: whole }));

  test.each([
    ['another case', '[profile auto]\nRegion = us-east-1\nCredential_Process = /opt/old\n'],
    ['colons', '[profile auto]\nregion: us-east-1\ncredential_process: /opt/old\n'],
    ['other blanks', '[profile auto]\nregion\t=us-east-1   \ncredential_process=/opt/old\n'],
  ])('with settings in %s has them replaced, not written twice', (_, text) =>
    expect(edited(text, withRegion)).toMatchObject({ text: `[profile auto]\nregion = eu-west-1\n${process}\n` }),
  );

  test('is not changed if it already matches, whatever its case and spaces', () => {
    const text = '[profile auto]\nCREDENTIAL_PROCESS=latchkey credentials auto\n';
    expect(edited(text)).toEqual({ text, diff: [] });
  });

  test('default is edited under its existing heading', () =>
    expect(edited('[profile default]\nregion = a\n', { profile: 'default' })).toMatchObject({
      text: `[profile default]\n${process}\nregion = a\n`,
    }));
});

describe('the file is not edited, and the line is named,', () => {
  test.each([
    [
      'both [default] and [profile default] are there',
      '[default]\nx = a\n[profile default]\ny = b\n',
      3,
      /"default" again \(first on line 1\)/,
    ],
    [
      'a section is there twice',
      '[profile auto]\n[profile z]\n[profile auto]\n',
      3,
      /\[profile auto\] again \(first on line 1\)/,
    ],
    ['a profile is there in two spellings', '[profile auto]\n[profile "auto"]\n', 2, /AWS tools disagree/],
    ['a setting is there twice', '[profile z]\nregion = a\nRegion = b\n', 3, /"region" again \(first on line 2\)/],
    ['a line is no setting', '[profile auto]\nregion\n', 2, /neither a section heading nor a setting/],
    ['a setting stands before every heading', 'region = a\n', 1, /before the first section heading/],
    ['it begins with a byte order mark', '\ufeff[profile auto]\n', 1, /byte order mark/],
    ['a nested value is not made of settings', '[profile z]\ns3 =\n  fast\n', 2, /"s3" to lines that are not/],
    ['a heading has blanks within its brackets', '[ profile auto ]\n', 1, /write it as \[profile auto\]/],
    ['a heading has another case', '[x]\n[Profile auto]\n', 2, /write it as \[profile auto\]/],
    ['a heading is the continuation of a value', '[profile z]\nx = 1\n  [profile auto]\n', 3, /write it as/],
  ])('where %s', (_, text, line, why) =>
    expect(editProfile(text, text.includes('[default]') ? 'default' : 'auto', withRegion)).toEqual({
      line,
      refused: expect.stringMatching(why),
    }),
  );

  test.each([
    ['role_arn = a\nsource_profile = b\n', ['role_arn', 2, 'source_profile', 3]],
    ['sso_session: corp\n', ['sso_session', 2]],
    ['\tAWS_ACCESS_KEY_ID=AKIA\n', ['aws_access_key_id', 2]],
  ])('where the profile has %j, which wins', (text, found) => {
    const edit = edited(`[profile auto]\n${text}`);
    expect('conflicts' in edit && edit.conflicts.flatMap(({ name, line }) => [name, line])).toEqual(found);
  });

  test('where [DEFAULT] gives every profile a role', () =>
    expect(edited('[DEFAULT]\nrole_arn = a\n')).toEqual({ conflicts: [{ name: 'role_arn', line: 2 }] }));
});

describe('credentials of the profile in ~/.aws/credentials win:', () => {
  test.each([
    ['[auto]\naws_access_key_id = AKIASTATIC\n', ['aws_access_key_id']],
    ['[auto]\ncredential_process: /opt/old\n', ['credential_process']],
    ['[auto]\r\n  Region = x\r\n', ['region']],
  ])('%j', (text, names) =>
    expect(shadowing(text, 'auto', withRegion)).toMatchObject({ conflicts: names.map((name) => ({ name, line: 2 })) }),
  );
  test.each([
    '',
    '[default]\naws_access_key_id = a\n',
    `[auto]\n${process}\n`,
    '[profile auto]\naws_access_key_id = a\n',
  ])('not %j', (text) => expect(shadowing(text, 'auto', withRegion)).toBeUndefined());
  test('a file that botocore refuses', () =>
    expect(shadowing('aws_access_key_id = a\n', 'auto', settings)).toMatchObject({ line: 1 }));
});

describe('the configuration that the command of exec sees has no credentials in its default profile:', () => {
  test.each([
    [
      'colons',
      '[default]\nregion: eu-west-1\naws_access_key_id: AKIASTANDING\naws_secret_access_key: x\n',
      '[default]\nregion: eu-west-1\n',
    ],
    ['CR alone', '[default]\rregion = a\raws_access_key_id = AKIASTANDING\r', '[default]\rregion = a\r'],
    [
      'a process that goes on in the next line',
      '[default]\nregion = a\ncredential_process = /opt/old\n    --json\n',
      '[default]\nregion = a\n',
    ],
    ['[profile default]', '[profile "default"]\n\tROLE_ARN = a\n\tregion = b\n', '[profile "default"]\n\tregion = b\n'],
    ['a heading that other tools read', '[ default ]\nsso_session = a\nx = b\n', '[ default ]\nx = b\n'],
    [
      'a line that other tools read',
      '[profile z]\nx = 1\n  [default]\n  role_arn = a\n',
      '[profile z]\nx = 1\n  [default]\n',
    ],
    ['[DEFAULT]', '[DEFAULT]\nrole_arn = a\noutput = b\n', '[DEFAULT]\noutput = b\n'],
  ])('%s', (_, text, left) => expect(withoutCredentials(text)).toBe(left));

  test('other profiles keep theirs', () => {
    const text = '[profile a]\nrole_arn = b\r\n[default]\n[profile c]\naws_access_key_id = d';
    expect(withoutCredentials(text)).toBe(text);
  });
});

describe('a file', () => {
  test.each(['', '\n', 'a\r\n\n\rb', '\ufeffa\r', '[x]\r\n y\u2028z\n'])('%j loses nothing by being read', (text) =>
    expect(textOf(readAwsFile(text).lines)).toBe(text),
  );
  test('in another encoding is read byte by byte', () => {
    const latin1 = Buffer.from('[profile a]\nx = \u00e4\n', 'latin1');
    expect(decode(latin1)).toEqual({ text: '[profile a]\nx = \u00e4\n', isUtf8: false });
    expect(decode(Buffer.from('\ufeff\u00e4'))).toEqual({ text: '\ufeff\u00e4', isUtf8: true });
  });
  test.each([
    ['default', 'default'],
    ['profile a', 'a'],
    ['profile "a b"', 'a b'],
    ['profile\t\'a\'"b"', 'ab'],
    ['profile a\\ b', 'a b'],
    ['profile "a \\" b"', 'a " b'],
    ['profile a b', undefined],
    ['profile "a', undefined],
    [' profile a', undefined],
    ['Profile a', undefined],
    ['sso-session a', undefined],
  ])('heading [%s] is the profile %s', (heading, profile) => expect(profileOf(heading)).toBe(profile));
  test('cannot change what every object has', () => {
    readAwsFile('[__proto__]\npolluted = 1\n');
    expect({}).not.toHaveProperty('polluted');
  });
});
