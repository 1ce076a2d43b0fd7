// What goes with the package of the command line: its README, its man page and the formula of Homebrew, all made from the same commands.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { exits } from '../../cli/machine/exit.ts';
import { type AnyCommand, groups } from '../../cli/options/command.ts';
import { allCommands } from '../../cli/program/commands.ts';
import { packageReadme } from '../../cli/program/document.ts';
import { manPage } from '../../cli/program/man-page.ts';
import { packedName } from '../../scripts/build-cli.ts';
import { formulaFor } from '../../scripts/formula.ts';
import { missingPrograms, where } from '../support/wanted.ts';

let all: AnyCommand[];
beforeAll(async () => {
  all = await allCommands();
});

describe('the README', () => {
  test('starts with the first steps: install the file, connect, get access', () => {
    const readme = packageReadme(all, 'latchkey-1.2.3.tgz');
    const commands = [...readme.matchAll(/^ {4}(latchkey|npm) (\S+)/gm)].slice(0, 6).map(([, , word]) => word);
    expect(commands).toEqual(['install', 'setup', 'login', 'whoami', 'roles', 'request']);
    expect(readme).toContain('npm install --global ./latchkey-1.2.3.tgz');
  });
  test('refers to nothing in this repository', () =>
    expect(packageReadme(all, 'x.tgz')).not.toMatch(/npm (?:run|start|pack)|\]\((?!#)|docs\//));
  test.each([
    ['latchkey', 'latchkey-0.1.0.tgz'],
    ['@acme/latchkey', 'acme-latchkey-0.1.0.tgz'],
  ])('the file of %s', (name, file) => expect(packedName(name, '0.1.0')).toBe(file));
});

describe('the man page', () => {
  const page = () => manPage(all, '1.2.3');
  test('has every command in its group, every option and every exit status', () => {
    const text = page();
    for (const title of groups) expect(text).toContain(`\n.SH ${title.toUpperCase()}\n`);
    for (const { name, options } of all) {
      const section = text.split(`\n.SS latchkey ${name.replaceAll('-', '\\-')}\n`)[1]?.split(/\n\.S[SH] /)[0];
      for (const option of Object.keys(options))
        expect(section).toContain(`\n.B \\-\\-${option.replaceAll('-', '\\-')}`);
    }
    for (const { status } of Object.values(exits)) expect(text).toContain(`\n.B ${status}\n`);
  });
  test('contains no unintended macros', () => {
    const macros = new Set(
      page()
        .split('\n')
        .flatMap((line) => /^[.'](\w*)/.exec(line)?.slice(1) ?? []),
    );
    expect([...macros].sort()).toEqual(['B', 'PP', 'RE', 'RS', 'SH', 'SS', 'TH', 'TP', 'fi', 'nf']);
  });
  where(missingPrograms({ groff: 'groff' }), 'the man page in groff').test('is read by groff without a warning', () => {
    const { status, stdout, stderr } = spawnSync('groff', ['-man', '-ww', '-Tascii', '-P-cbou'], {
      input: page(),
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('latchkey request ROLE --reason TEXT [options]');
    expect(stdout).toContain('eval "$(latchkey completion bash)"');
  });
});

describe('the formula', () => {
  const tarball = new TextEncoder().encode('a tarball');
  const text = formulaFor({
    tarball,
    url: 'https://git.example.com/x.tgz',
    homepage: 'https://a.example.com/#{1}"',
    license: 'Apache-2.0',
  });
  test('has the address and the digest of the tarball', () => {
    expect(text).toContain('\n  url "https://git.example.com/x.tgz"\n');
    expect(text).toContain(`\n  sha256 "${createHash('sha256').update(tarball).digest('hex')}"\n`);
  });
  test('quotes what Ruby would run', () => expect(text).toContain('homepage "https://a.example.com/\\#{1}\\""'));
  test('its description passes the rules of Homebrew', () => {
    const [, description = ''] = /\n {2}desc "(.*)"\n/.exec(text) ?? [];
    expect(description).toMatch(/^(?!An? |The |Latchkey)[A-Z].{1,78}[^.]$/);
  });
});

test('package.json says where the project is, once', () => {
  const { homepage, repository, bugs } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  expect([repository.url, bugs.url]).toEqual([`git+${homepage}.git`, `${homepage}/issues`]);
});
