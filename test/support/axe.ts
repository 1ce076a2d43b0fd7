// Finds accessibility violations in a document with axe-core: WCAG 2.0 to 2.2 at levels A and AA, and its best practices.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];
/** Rules whose answer may change with the width of the window or the colour scheme. The others are asked once. */
const visual = ['color-contrast', 'target-size', 'link-in-text-block', 'scrollable-region-focusable'];

type Results = { violations: Array<{ id: string; help: string; nodes: Array<{ target: string[] }> }> };

const looks = [
  { width: 390, colorScheme: 'light', runOnly: tags },
  { width: 390, colorScheme: 'dark', runOnly: visual },
  { width: 1280, colorScheme: 'dark', runOnly: visual },
  { width: 1280, colorScheme: 'light', runOnly: visual },
] as const;

/**
 * Runs axe on the open document, at 390 and 1280 pixels, light and dark, and puts the window back.
 * @returns one line per element and rule; none if the document is clean
 */
export async function violationsIn(page: Page): Promise<string[]> {
  const size = page.viewportSize();
  const isDark = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches");
  if (!(await page.evaluate("typeof axe === 'object'"))) await page.evaluate(source);
  const found: string[] = [];
  for (const { width, colorScheme, runOnly } of looks) {
    await page.setViewportSize({ width, height: 844 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const options = { iframes: false, resultTypes: ['violations'], runOnly };
    const { violations } = (await page.evaluate(`axe.run(${JSON.stringify(options)})`)) as Results;
    for (const { id, help, nodes } of violations)
      for (const { target } of nodes) found.push(`${width} px, ${colorScheme}: ${id} (${help}): ${target.join(' ')}`);
  }
  await page.emulateMedia({ colorScheme: isDark ? 'dark' : 'light', reducedMotion: null });
  if (size) await page.setViewportSize(size);
  return found;
}
