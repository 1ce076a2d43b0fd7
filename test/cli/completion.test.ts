// Completions run by the shells themselves: bash everywhere, zsh and fish if they are installed.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RequestView } from '../../lib/http/answers.ts';
import { cli } from '../support/cli.ts';
import { bodyOf, type CliServer, startForCli } from '../support/cli-server.ts';
import { compileCache } from '../support/compile-cache.ts';
import { missingPrograms, where } from '../support/wanted.ts';

const root = join(import.meta.dirname, '../..');
let at: CliServer;
let folder: string;
let env: Record<string, string>;
let pending: string;

beforeAll(async () => {
  at = await startForCli();
  folder = mkdtempSync(join(tmpdir(), 'latchkey-shells-'));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(
    join(folder, 'bin/latchkey'),
    `#!/bin/sh\nexec '${process.execPath}' '${root}/bin/latchkey.ts' "$@"\n`,
    { mode: 0o755 },
  );
  const PATH = [join(folder, 'bin'), process.env.PATH].join(delimiter);
  env = {
    ...compileCache,
    PATH,
    HOME: folder,
    TERM: 'dumb',
    LATCHKEY_URL: at.server.url,
    LATCHKEY_TOKEN: await at.tokenOf('asi-dev@example.com'),
  };
  const filed = await cli(
    await at.person('asi-dev@example.com'),
    'request',
    'production-bucket-read',
    '--reason',
    'Find the lost invoices',
    '--json',
  );
  pending = bodyOf<RequestView>(filed).id;
  writeFileSync(join(folder, 'catalogue.yml'), '');
  // printed once, because the script does not change
  for (const shell of Object.keys(shells)) writeFileSync(scriptOf(shell), await run('latchkey', ['completion', shell]));
});
afterAll(async () => {
  await at.close();
  rmSync(folder, { recursive: true });
});

const manyAccounts = {
  version: 1,
  accounts: {
    'app-01': { id: '111111111111', name: 'One', externalId: 'lk-9f2c6c1e4b7a4d5f8a3e' },
    'app-02': { id: '222222222222', name: 'Two', externalId: 'lk-1b2c3d4e5f60718293a4' },
  },
  people: [{ email: 'dev@example.com', name: 'Dev' }],
  roles: {
    migrate: {
      accounts: ['*'],
      roleName: 'latchkey/Migrate',
      description: 'Migrate',
      requesters: ['everyone'],
      approval: { automatic: true },
      duration: { default: '1h', max: '8h' },
    },
  },
};

const run = (program: string, args: readonly string[], more: Record<string, string> = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(program, args, { env: { ...env, ...more }, cwd: folder, timeout: 30_000 }, (error, out, err) =>
      error ? reject(new Error(`${program}: ${error.message}\n${err}`)) : resolve(out),
    );
  });

const scriptOf = (shell: string): string => join(folder, `completion.${shell}`);

/** The words that each shell offers for a line with the cursor at its end. */
const shells: Record<string, (line: string, more?: Record<string, string>) => Promise<string[]>> = {
  async bash(line, more) {
    // as readline calls it, which splits words at =
    const script = `. '${scriptOf('bash')}'
      complete -p latchkey >/dev/null
      line="\${1//=/ = }"; eval "COMP_WORDS=(\${line//@/ @ })"; [[ "$1" == *" " ]] && COMP_WORDS+=("")
      COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 )); COMPREPLY=(); _latchkey
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    return (await run('bash', ['--norc', '-c', script, 'bash', line], more)).trim().split('\n');
  },
  async zsh(line, more) {
    // an interactive zsh on its own terminal, with a key that completes the line and prints the candidates
    mkdirSync(join(folder, 'zsh'), { recursive: true });
    const setup = ['autoload -U compinit; compinit -u -d "$ZDOTDIR/dump"', `. '${scriptOf('zsh')}'`];
    const rc = `${(more?.BEFORE_COMPINIT ? setup.reverse() : setup).join('; ')}; PS1=
      compadd() {
        if [[ "\${@[1,(i)(-|--)]}" == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
        local -a hits; builtin compadd -O hits "$@"; offered+=("\${hits[@]}"); builtin compadd "$@"
      }
      show() { typeset -ga offered=(); zle complete-word; print -n "<<\${(u)offered}>>" >/dev/tty }
      zle -N show; bindkey '^T' show`;
    writeFileSync(join(folder, 'zsh/.zshrc'), rc);
    const script = `zmodload zsh/zpty; zpty shell zsh -i; zpty -w -n shell "$1"$'\\C-t'; zpty -r shell out '*<<*>>*'; zpty -d shell; print -r -- "$out"`;
    const out = await run('zsh', ['-f', '-c', script, 'zsh', line], { ...more, ZDOTDIR: join(folder, 'zsh') });
    return /<<(.*)>>/s.exec(out)![1]!.split(' ');
  },
  async fish(line, more) {
    const out = await run(
      'fish',
      ['--no-config', '-c', `source '${scriptOf('fish')}'; complete -C "$argv[1]"`, line],
      more,
    );
    return out.split('\n').flatMap((found) => (found === '' ? [] : [found.split('\t')[0]!]));
  },
};

for (const shell of Object.keys(shells))
  where(missingPrograms({ [shell]: shell }), `completions of ${shell}`).describe(shell, () => completesIn(shell));

function completesIn(shell: string): void {
  const offered = (line: string, more?: Record<string, string>) => shells[shell]!(line, more);

  test.each([
    ['a command', 'latchkey who', 'whoami'],
    ['the first word of several commands', 'latchkey catal', 'catalogue'],
    ['the second one', 'latchkey catalogue ch', 'check'],
    ['a command to have help of', 'latchkey help conf', 'configure'],
    ['an option', 'latchkey request production-bucket-read --re', '--reason'],
    ['the value of an option', 'latchkey requests --status act', 'active'],
    ['a value that is part of the option', 'latchkey exec --auth=lo', shell === 'bash' ? 'login' : '--auth=login'],
    ['a command behind an option of every command', 'latchkey --json who', 'whoami'],
    ['a command behind one with its value', 'latchkey --auth login --debug who', 'whoami'],
    ['the value of an option before the command', 'latchkey --auth lo', 'login'],
    ['an option before the command', 'latchkey --js', '--json'],
    ['an argument of few values', 'latchkey completion fi', 'fish'],
    ['a role', 'latchkey request production-b', 'production-bucket-read'],
    ['a role behind an option with its value', 'latchkey exec --duration 15m sand', 'sandbox-read'],
    ['a role that an option takes', 'latchkey requests --role production-b', 'production-bucket-read'],
    ['a file where there is nothing else', 'latchkey catalogue check cata', shell === 'bash' ? '' : 'catalogue.yml'],
    ['a command of the shell behind two dashes', 'latchkey exec sandbox-read -- unam', 'uname'],
  ])('%s', async (_, line, word) => expect(await offered(line)).toEqual([word]));

  test('a role of many accounts, before and after the @', async () => {
    const many = await startForCli(manyAccounts);
    const more = { LATCHKEY_URL: many.server.url, LATCHKEY_TOKEN: await many.tokenOf('dev@example.com') };
    try {
      // readline replaces the text after the @, the other shells the whole word
      const begin = shell === 'bash' ? '' : 'migrate@';
      expect(await offered('latchkey request migrate@app-01', more)).toEqual([`${begin}app-01`]);
      expect((await offered('latchkey request migrate@', more)).sort()).toEqual([`${begin}app-01`, `${begin}app-02`]);
      expect(await offered('latchkey request migrate@app-01 --rea', more)).toEqual(['--reason']);
      expect(await offered('latchkey requests --role migrate@app-02', more)).toEqual([`${begin}app-02`]);
    } finally {
      await many.server.close();
    }
  });

  test('also if they are evaluated before compinit', async () =>
    expect(await offered('latchkey who', { BEFORE_COMPINIT: '1' })).toEqual(['whoami']));

  test('every command, at the first word', async () =>
    expect(await offered('latchkey ')).toEqual(expect.arrayContaining(['login', 'request', 'catalogue', 'help'])));

  test('a given option is not offered again, except a list', async () => {
    const found = await offered('latchkey request sandbox-read --reason x --scope a=b --');
    expect(found).toEqual(expect.arrayContaining(['--scope', '--for', '--json']));
    expect(found).not.toContain('--reason');
  });

  test('requests to decide, for an approver', async () =>
    expect(await offered('latchkey approve ', { LATCHKEY_TOKEN: await at.tokenOf('lead@example.com') })).toEqual([
      pending,
    ]));

  test('nothing and no error without a sign-in', async () => {
    const found = await offered('latchkey request produ', { LATCHKEY_TOKEN: '', AWS_EC2_METADATA_DISABLED: 'true' });
    expect(found.join('')).toBe('');
  });
}
