// Builds the command line as a package of its own in dist/: minified CommonJS for Node 20 and later, and nothing to install with it.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { allCommands } from '../cli/program/commands.ts';
import { packageReadme } from '../cli/program/document.ts';
import { manPage } from '../cli/program/man-page.ts';
import { inputsOf, noticesFile, noticesOf, packagesIn } from './notices.ts';

const root = join(import.meta.dirname, '..');

/** Files of their own, by name, which the program loads when it needs them; everything else that is imported dynamically becomes part of its importer. */
const parts = {
  'admin-tools': 'cli/admin/tools.ts',
  'aws-chain': 'cli/api/aws-chain.ts',
  oauth: 'cli/sign-in/oauth.ts',
};

const loadedApart: Plugin = {
  name: 'loaded-apart',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      const source = relative(root, join(resolveDir, path));
      const found = Object.entries(parts).find(([, part]) => part === source);
      return kind === 'dynamic-import' && found ? { path: `./${found[0]}.js`, external: true } : undefined;
    }),
};

const options: BuildOptions = {
  absWorkingDir: root,
  entryPoints: { latchkey: 'bin/latchkey.ts', ...parts },
  plugins: [loadedApart],
  bundle: true,
  platform: 'node',
  target: 'node20',
  // as for the functions: node:http costs tens of milliseconds more from ESM (nodejs/node#59686), and a dynamic import comes to the same
  format: 'cjs',
  supported: { 'dynamic-import': false },
  mainFields: ['module', 'main'],
  minify: true,
  // they are in the notices
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};

/**
 * The package has a manifest of its own: this repository's would bring the SDKs and emulators of the server to every laptop.
 * @returns sizes in bytes: of the program, of what it loads when an admin command is named, and of what it loads to find AWS credentials;
 * and the sources that it is made of
 */
export async function buildCli(directory: string): Promise<Built> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const { metafile } = await build({ ...options, outdir: directory, metafile: true });
  const files = Object.keys(metafile.outputs).map((file) => basename(file));
  chmodSync(join(directory, 'latchkey.js'), 0o755);
  const { name, version, description, keywords, homepage, repository, bugs, license, engines } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  const manifest = {
    name,
    version,
    description,
    keywords,
    homepage,
    repository,
    bugs,
    license,
    engines,
    type: 'commonjs',
    bin: { latchkey: 'latchkey.js' },
    man: ['man/latchkey.1'],
    files: [...files, 'man', 'README.md', noticesFile],
  };
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const commands = await allCommands();
  writeFileSync(join(directory, 'README.md'), packageReadme(commands, packedName(name, version)));
  mkdirSync(join(directory, 'man'));
  writeFileSync(join(directory, 'man/latchkey.1'), manPage(commands, version));
  const inputs = inputsOf(metafile);
  writeFileSync(join(directory, noticesFile), noticesOf(packagesIn(root, inputs)));
  copyFileSync(join(root, 'LICENSE'), join(directory, 'LICENSE'));
  const sizeOf = (name: string) => statSync(join(directory, name)).size;
  return { program: sizeOf('latchkey.js'), admin: sizeOf('admin-tools.js'), signing: sizeOf('aws-chain.js'), inputs };
}
type Built = { program: number; admin: number; signing: number; inputs: string[] };

/** As `npm pack` names the file: `@scope/latchkey` is `scope-latchkey-0.1.0.tgz`. */
export const packedName = (name: string, version: string): string =>
  `${name.replace(/^@/, '').replace('/', '-')}-${version}.tgz`;

if (import.meta.main) {
  const directory = process.argv[2] ?? join(root, 'dist');
  const { program, admin, signing } = await buildCli(directory);
  console.log(`${directory}: the program ${program} B, the admin commands ${admin} B, AWS credentials ${signing} B`);
}
