// `npm run release:cli`: builds the command line, packs it, and writes a Homebrew formula for the tarball. Publishes nothing.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { buildCli, packedName } from './build-cli.ts';
import { formulaFor } from './formula.ts';

const root = join(import.meta.dirname, '..');

const { values } = parseArgs({ options: { url: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
if (values.help) {
  console.log(`Build the command line, pack it, and write a Homebrew formula. Publishes nothing.

Usage: npm run release:cli [-- --url URL]

  --url URL  where the tarball will be (default: a release of the homepage in
             package.json)

Writes dist/release/latchkey-VERSION.tgz and dist/release/latchkey.rb.`);
} else {
  const directory = join(root, 'dist');
  const release = join(directory, 'release');
  await buildCli(directory);
  mkdirSync(release);
  const { name, version, homepage, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  execFileSync('npm', ['pack', directory, '--pack-destination', release, '--silent'], { stdio: 'ignore' });
  const file = packedName(name, version);
  const url = values.url ?? `${homepage}/releases/download/v${version}/${file}`;
  const tarball = readFileSync(join(release, file));
  writeFileSync(join(release, 'latchkey.rb'), formulaFor({ tarball, url, homepage, license }));
  console.log(
    `Packed ${relative(root, join(release, file))}\nWrote ${relative(root, join(release, 'latchkey.rb'))} for ${url}`,
  );
  if (new URL(homepage).hostname.endsWith('example.com'))
    console.log('warning: package.json has example addresses. Set homepage, repository and bugs before you publish.');
}
