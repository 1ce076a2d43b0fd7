// The notices that the licenses of bundled packages require in copies: each package that left code in a bundle, with its license's text.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** Its name beside a bundle. */
export const noticesFile = 'THIRD-PARTY-NOTICES.txt';

/** @returns every source that left something in a bundle, relative to the repository, in order */
export const inputsOf = ({ outputs }: Metafile): string[] => {
  const left = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
  return [...new Set(left)].sort();
};

/** A license by its SPDX name, and its texts as the package carries them. */
export type BundledPackage = { name: string; version: string; license: string; texts: readonly string[] };

/**
 * @param root of the repository
 * @param inputs as `inputsOf` lists them
 * @throws Error for a package without the text of its license, unless that is MIT or Apache-2.0
 */
export const packagesIn = (root: string, inputs: readonly string[]): BundledPackage[] => {
  const folders = inputs.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file) ?? []);
  return [...new Set(folders)].map((folder) => packageAt(root, folder));
};

/** Packages whose texts are the same share one. */
export function noticesOf(packages: readonly BundledPackage[]): string {
  const byText = Map.groupBy(packages, ({ texts }) => texts.join('\n\n'));
  const parts = [...byText].map(([text, sharing]) => `${sharing.map(titleOf).join('\n')}\n\n${text}`);
  return `Latchkey contains code of these packages, under their licenses.\n\n${parts.join(`\n\n${rule}\n\n`)}\n`;
}

// --- internal ---

const rule = '-'.repeat(80);
const titleOf = ({ name, version, license }: BundledPackage): string => `${name} ${version} (${license})`;

function packageAt(root: string, folder: string): BundledPackage {
  const textOf = (...path: string[]) => readFileSync(join(root, ...path), 'utf8').trim();
  const { name, version, license, author } = JSON.parse(textOf(folder, 'package.json'));
  const files = readdirSync(join(root, folder)).filter((file) => /^(?:licen[cs]e|copying|notice)\b/i.test(file));
  const texts = files.sort().map((file) => textOf(folder, file));
  if (texts.length > 0) return { name, version, license, texts };
  // some packages name the license and leave its text out
  if (license === 'Apache-2.0') return { name, version, license, texts: [textOf('LICENSE')] };
  if (license === 'MIT') return { name, version, license, texts: [mit(author?.name ?? author ?? name)] };
  throw new Error(`${name} has no license text. Do not bundle it, or add its text to scripts/notices.ts.`);
}

const mit = (owner: string): string => `MIT License

Copyright (c) ${owner}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the
following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY
CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
