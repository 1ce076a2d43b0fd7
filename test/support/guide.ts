// Reads code blocks of one language from a guide in Markdown, and runs its shell blocks unchanged.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { compileCache } from './compile-cache.ts';

export const blocksOf = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, block]) => block!);

/** In one shell that stops at the first command that fails; then this throws. */
export const typed = (
  blocks: readonly string[],
  env: Record<string, string | undefined>,
): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)('bash', ['--norc', '-eu', '-c', blocks.join('\n')], {
    env: { ...compileCache, PATH: process.env.PATH, ...env },
  });
