// `npm run screenshots`: takes the pictures of the README, the email and the decision page as an approver sees them on a phone.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { startLocalServer } from '../local/server.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const images = join(import.meta.dirname, '../docs/images');
const phone = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  colorScheme: 'light',
} as const;
/** A Monday morning, so that the pictures do not depend on the day they are taken. */
const now = '2026-11-30T09:00:00Z';
const wish = {
  role: 'production-app-write',
  duration: '1h',
  reason: 'Deploy 1.4 by hand: the pipeline is stuck (OPS-123)',
};

type Email = { to: string; subject: string; html: string; text: string };

async function main(): Promise<number> {
  if (!existsSync(executablePath)) {
    console.log(`Skipped: there is no ${executablePath}. Install chromium, or set CHROMIUM to its path.`);
    return 0;
  }
  const server = await startLocalServer({ port: 0 });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const email = await emailOfARequest(server.url);
    const link = /https?:\/\/[^\s"]+\/decide\/[\w-]+/.exec(email.text)?.[0];
    if (link === undefined) throw new Error('the email has no link');
    await takePicture(browser, 'decision-email.png', { html: email.html });
    await takePicture(browser, 'decision-page.png', { url: link });
  } finally {
    await browser.close();
    await server.close();
  }
  return 0;
}

/** Files a request and answers the email that asks for a decision. */
async function emailOfARequest(url: string): Promise<Email> {
  await post(`${url}/local/clock`, { set: now });
  const { token } = (await post(`${url}/local/token`, { email: 'asi-dev@example.com' })) as { token: string };
  await post(`${url}/v1/requests`, wish, { authorization: `Bearer ${token}` });
  const answer = await fetch(`${url}/local/outbox`);
  const emails = (await answer.json()) as Email[];
  const email = emails.find(({ text }) => text.includes('/decide/'));
  if (email === undefined) throw new Error('nobody was asked for a decision');
  return email;
}

async function post(url: string, body: object, headers: Record<string, string> = {}): Promise<unknown> {
  const init = {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  };
  const answer = await fetch(url, init);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

async function takePicture(browser: Browser, file: string, shown: { html: string } | { url: string }): Promise<void> {
  const page = await browser.newPage(phone);
  if ('html' in shown) await page.setContent(shown.html);
  else await page.goto(shown.url);
  await page.screenshot({ path: join(images, file) });
  await page.close();
  console.log(`Wrote docs/images/${file}`);
}

process.exitCode = await main();
