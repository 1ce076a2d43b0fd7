// Builds the command line as a package of its own in dist/: one minified CommonJS file for Node 20 and later, and nothing to install with it.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';

const root = join(import.meta.dirname, '..');

const options: BuildOptions = {
  absWorkingDir: root,
  entryPoints: ['bin/latchkey.ts'],
  bundle: true,
  platform: 'node',
  target: 'node20',
  // as for the functions: node:http costs tens of milliseconds more from ESM (nodejs/node#59686), and a dynamic import comes to the same
  format: 'cjs',
  supported: { 'dynamic-import': false },
  minify: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};

/**
 * The package has a manifest of its own: this repository's would bring the SDKs and emulators of the server to every laptop.
 * @returns the size of the program in bytes
 */
export async function buildCli(directory: string): Promise<number> {
  const outfile = join(directory, 'latchkey.js');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const { metafile } = await build({ ...options, outfile, metafile: true });
  chmodSync(outfile, 0o755);
  const { name, version, description, license, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const manifest = { name, version, description, license, engines, type: 'commonjs', bin: { latchkey: 'latchkey.js' }, files: ['latchkey.js', 'README.md'] };
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(join(root, 'docs/cli.md'), join(directory, 'README.md'));
  copyFileSync(join(root, 'LICENSE'), join(directory, 'LICENSE'));
  return Object.values(metafile.outputs)[0]!.bytes;
}

if (import.meta.main) {
  const directory = process.argv[2] ?? join(root, 'dist');
  console.log(`${join(directory, 'latchkey.js')} ${await buildCli(directory)} B`);
}
