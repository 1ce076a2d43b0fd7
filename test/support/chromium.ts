// Debian's Chromium for tests in a browser, or a line that names the tests skipped without it.
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { where } from './wanted.ts';

const executablePath = '/usr/bin/chromium';

/** @param untried what is not tested without the browser */
export const withChromium = (untried: string) =>
  where(existsSync(executablePath) ? undefined : `no ${executablePath} (apt-get install chromium)`, untried);

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
