// What the notices beside a bundle must have: every package whose code is in it, the text of its license, and only licenses that permit that.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { packagesIn } from '../../scripts/notices.ts';

const permissive = ['Apache-2.0', 'MIT', 'MIT-0', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause'];

/** @param inputs sources that left something in the bundle, relative to `root` */
export function expectNotices(notices: string, root: string, inputs: readonly string[]): void {
  const folders = inputs
    .filter((file) => file.includes('node_modules/'))
    .map((file) => file.replace(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\/.*$/, '$1'));
  for (const folder of new Set(folders)) {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    expect(permissive).toContain(license);
    expect(notices).toContain(`\n${name} ${version} (${license})\n`);
  }
  for (const text of packagesIn(root, inputs).flatMap(({ texts }) => texts)) expect(notices).toContain(text);
}
