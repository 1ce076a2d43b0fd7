// Builds the command line as a package of its own in dist/: minified CommonJS for Node 20 and later, and nothing to install with it.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** The programs of bin/latchkey.ts and what the admin commands load are files of their own; whatever else is imported dynamically is part of its importer's. */
const programs: Plugin = {
  name: 'programs',
  setup: ({ onResolve }) =>
    onResolve({ filter: /(?:-program|admin-tools|aws-chain|doctor\/doctor)\.ts$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path: `./${basename(path, '.ts')}.js`, external: true } : undefined,
    ),
};

const options: BuildOptions = {
  absWorkingDir: root,
  entryPoints: [
    'bin/latchkey.ts',
    'cli/credentials-program.ts',
    'cli/whole-program.ts',
    'cli/admin-tools.ts',
    'cli/aws-chain.ts',
    'doctor/doctor.ts',
  ],
  entryNames: '[name]',
  plugins: [programs],
  bundle: true,
  platform: 'node',
  target: 'node20',
  // as for the functions: node:http costs tens of milliseconds more from ESM (nodejs/node#59686), and a dynamic import comes to the same
  format: 'cjs',
  supported: { 'dynamic-import': false },
  mainFields: ['module', 'main'],
  minify: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};

/**
 * The package has a manifest of its own: this repository's would bring the SDKs and emulators of the server to every laptop.
 * @returns sizes in bytes: of the program, all its files together, and of what it loads when an admin command is named
 */
export async function buildCli(directory: string): Promise<{ program: number; admin: number }> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const { metafile } = await build({ ...options, outdir: directory, metafile: true });
  const files = Object.keys(metafile.outputs).map((file) => basename(file));
  chmodSync(join(directory, 'latchkey.js'), 0o755);
  const { name, version, description, license, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const manifest = {
    name,
    version,
    description,
    license,
    engines,
    type: 'commonjs',
    bin: { latchkey: 'latchkey.js' },
    files: [...files, 'README.md'],
  };
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(join(root, 'docs/cli.md'), join(directory, 'README.md'));
  copyFileSync(join(root, 'LICENSE'), join(directory, 'LICENSE'));
  const sizeOf = (isAdmin: boolean) =>
    Object.entries(metafile.outputs).reduce(
      (sum, [file, { bytes }]) => (/(?:admin-tools|aws-chain|doctor)\.js$/.test(file) === isAdmin ? sum + bytes : sum),
      0,
    );
  return { program: sizeOf(false), admin: sizeOf(true) };
}

if (import.meta.main) {
  const directory = process.argv[2] ?? join(root, 'dist');
  const { program, admin } = await buildCli(directory);
  console.log(`${directory}: the program ${program} B, the admin commands ${admin} B`);
}
