// Builds what Lambda runs: per function one minified CommonJS file, the compiled catalogue and notices of licenses, in .build/<name>/ and .build/<name>.zip.
// Source maps are kept apart, in .build/maps/, for `npm run trace`.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build as bundle, type Plugin } from 'esbuild';
import { zipSync } from 'fflate';
import { deployedCatalogue } from './deployed-catalogue.ts';
import { inputsOf, noticesFile, noticesOf, packagesIn } from './notices.ts';

export type Artefact = {
  name: string;
  bundleBytes: number;
  zipBytes: number;
  /** SHA-256 of the zip in base64, as Lambda reports it (lambda-dg, FunctionConfiguration) */
  codeSha256: string;
  /** every source that left something in the bundle, relative to the repository */
  inputs: string[];
};

const root = join(import.meta.dirname, '..');
const output = join(root, '.build');
export const functionNames = readdirSync(join(root, 'functions'))
  .map((file) => file.replace(/\.ts$/, ''))
  .sort();

/**
 * What the SDK carries for other homes than ours, by the last part of the module's name, and what stands in its place. Lambda hands a
 * function its credentials and region in the environment, so the chain of SSO, profile, process and metadata providers and the files of
 * ~/.aws are never used there, though they would be half of the bundle; no operation of ours has an event stream, discovers its endpoint
 * or signs for all regions at once; and SHA-256 is Node's. Sources stay as they are: the local server and most tests run the whole SDK; a
 * test runs what is built. Were a module renamed, the bundle would grow and a test say so.
 */
const replacements: Record<string, string> = {
  'credential-provider-node': "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';",
  'event-streams': 'export {};',
  loadSharedConfigFiles:
    "export const CONFIG_PREFIX_SEPARATOR = '.'; export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });",
  getInstanceMetadataRegion: 'export const getInstanceMetadataRegion = async () => undefined;',
  'endpoint-cache': 'export class EndpointCache {}',
  'signature-v4-multi-region':
    "import { SignatureV4 } from '@smithy/signature-v4'; export class SignatureV4MultiRegion extends SignatureV4 { static sigv4aDependency() { return 'none'; } }",
  Sha256Js: "export class Sha256Js { constructor() { throw new Error('node:crypto has no SHA-256'); } }",
};
/** An email of ours is two texts: it has no part that is fetched from elsewhere and no file whose type an ending tells. */
const replacedOfEmail: Record<string, string> = {
  fetch: "export default () => { throw new Error('no part of an email is elsewhere'); }; export class Cookies {}",
  'mime-types':
    "export const detectMimeType = () => 'application/octet-stream'; export const detectExtension = () => 'bin';",
};
const leaner: Plugin = {
  name: 'leaner-sdk',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`/(?:${Object.keys(replacements).join('|')})$`) }, ({ path, resolveDir }) => ({
      path: path.slice(path.lastIndexOf('/') + 1),
      namespace: 'replaced',
      pluginData: resolveDir,
    }));
    onLoad({ filter: /.*/, namespace: 'replaced' }, ({ path, pluginData }) => ({
      contents: replacements[path]!,
      resolveDir: pluginData as string,
    }));
    onLoad({ filter: /nodemailer.dist.esm.(?:fetch.index|mime-funcs.mime-types)\.js$/ }, ({ path }) => ({
      contents: replacedOfEmail[path.includes('mime-types') ? 'mime-types' : 'fetch']!,
    }));
    // clients want their version alone
    onLoad({ filter: /@aws-sdk.client-\w+.package\.json$/ }, ({ path }) => ({
      contents: `{"version":${JSON.stringify(versionIn(path))}}`,
      loader: 'json',
    }));
  },
};
const versionIn = (file: string): string => (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;

const options: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  // CommonJS: an ESM start that imports node:http costs tens of milliseconds more (nodejs/node#59686)
  format: 'cjs',
  // a dynamic import would come to the same price at the first call; as require it does not
  supported: { 'dynamic-import': false },
  mainFields: ['module', 'main'],
  minify: true,
  // not part of the zip; sources are left out because the commit has them
  sourcemap: 'external',
  sourcesContent: false,
  // they are in the notices
  legalComments: 'none',
  metafile: true,
  write: false,
  logLevel: 'warning',
  plugins: [leaner],
};

/**
 * The zip's bytes follow from its contents alone, so deploying the same sources again changes nothing. The earliest date that a zip can have,
 * in whatever time zone; a regular file that everybody may read, because Lambda unpacks as one user and runs as another.
 */
const reproducibly = { level: 9, mtime: new Date(1980, 0, 1), os: 3, attrs: 0o100644 << 16 } as const;

/** Builds every function and lists the artefacts in .build/artefacts.json. @throws Error with file, line and column of every error of the catalogue */
export async function build(): Promise<Artefact[]> {
  const catalogue = Buffer.from(JSON.stringify(deployedCatalogue()));
  rmSync(output, { recursive: true, force: true });
  mkdirSync(join(output, 'maps'), { recursive: true });
  // the repository is ESM, the bundles are not; Lambda has no package.json and takes .js for CommonJS
  writeFileSync(join(output, 'package.json'), '{"type":"commonjs"}\n');
  const artefacts = await Promise.all(functionNames.map((name) => buildFunction(name, catalogue)));
  writeFileSync(join(output, 'artefacts.json'), JSON.stringify(artefacts, null, 2));
  const release = Object.fromEntries(artefacts.map(({ name, codeSha256 }) => [name, codeSha256]));
  writeFileSync(join(output, 'maps/release.json'), `${JSON.stringify(release, null, 2)}\n`);
  return artefacts;
}

async function buildFunction(name: string, catalogue: Buffer): Promise<Artefact> {
  const { outputFiles, metafile } = await bundle({
    ...options,
    write: false,
    metafile: true,
    entryPoints: [`functions/${name}.ts`],
    outfile: join(output, name, `${name}.js`),
  });
  const [map, code] = outputFiles.map(({ contents }) => Buffer.from(contents)) as [Buffer, Buffer];
  // named after the function, so that a frame says which source map it needs
  const inputs = inputsOf(metafile);
  const notices = Buffer.from(noticesOf(packagesIn(root, inputs)));
  const files = { 'catalogue.json': catalogue, [`${name}.js`]: code, [noticesFile]: notices };
  const archive = Buffer.from(zipSync(files, reproducibly));
  mkdirSync(join(output, name));
  for (const [file, data] of Object.entries(files)) writeFileSync(join(output, name, file), data);
  writeFileSync(join(output, `${name}.zip`), archive);
  writeFileSync(join(output, 'maps', `${name}.js.map`), map);
  const codeSha256 = createHash('sha256').update(archive).digest('base64');
  return { name, bundleBytes: code.length, zipBytes: archive.length, codeSha256, inputs };
}

if (import.meta.main) {
  try {
    for (const { name, bundleBytes, zipBytes } of await build())
      console.log(`${name.padEnd(16)} ${String(bundleBytes).padStart(8)} B   zip ${String(zipBytes).padStart(8)} B`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
