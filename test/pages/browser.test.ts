import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type LocalServer, startLocalServer } from '../../local/server.ts';
import { violationsIn } from '../support/axe.ts';
import { launchChromium, withChromium } from '../support/chromium.ts';

const inBrowser = withChromium('the pages in a browser');

jest.setTimeout(60_000);

inBrowser.describe('in a real browser', () => {
  let server: LocalServer;
  let browser: Browser;
  beforeAll(async () => {
    server = await startLocalServer();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
  const desk = { viewport: { width: 1200, height: 900 } };

  /** A fresh profile; whatever the page complains of, or fetches from elsewhere, comes to light. */
  const open = async (options: Parameters<Browser['newContext']>[0]) => {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    const errors: string[] = [];
    const elsewhere: string[] = [];
    page.on('pageerror', ({ message }) => errors.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        errors.push(message.text());
    });
    context.on('request', (request) => {
      if (!/^(?:data|about):/.test(request.url()) && !request.url().startsWith(server.url))
        elsewhere.push(request.url());
    });
    return { context, page, errors, elsewhere };
  };
  const actAs = async (page: Page, email: string, role: string) => {
    await page.goto(server.url);
    await page.getByLabel('Act as').selectOption(email);
    await page.locator(`input[value="${role}"]`).check();
  };
  const openMail = async (page: Page, context: BrowserContext, to: string) => {
    const mail = page
      .locator('#step-decide .mails button')
      .filter({ hasText: `to ${to}` })
      .filter({ hasText: 'requests' });
    await mail.click();
    const [decision] = await Promise.all([
      context.waitForEvent('page'),
      page.frameLocator('iframe').locator('a[href*="/decide/"]').click(),
    ]);
    await decision.waitForLoadState();
    return decision;
  };
  /** What is read with a field: its error, then its hint. */
  const described = (page: Page, id: string) =>
    page.evaluate(
      `document.getElementById('${id}').getAttribute('aria-describedby').split(' ').map((part) => document.getElementById(part).textContent).join(' ')`,
    );
  const overflows = (page: Page) =>
    page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  /** At this step of a walk. Documents that stand alone are in accessibility.test.ts. */
  const expectAccessible = async (page: Page) => expect(await violationsIn(page)).toEqual([]);
  const step = (page: Page, id: string) => page.locator(`#step-${id}`);

  test('the guided page leads through the whole flow', async () => {
    const { context, page, errors, elsewhere } = await open(desk);
    await actAs(page, 'asi-dev@example.com', 'production-app-write');
    await expectAccessible(page);

    await page.getByRole('textbox', { name: 'How long' }).fill('9h');
    await page.getByRole('button', { name: 'Dry run' }).click();
    await step(page, 'ask').getByText('It would be refused.').waitFor();
    expect(await page.locator('.failed').count()).toBe(1);
    await expectAccessible(page);
    await page.getByRole('textbox', { name: 'How long' }).fill('45m');
    await page.getByLabel('Reason').fill('Look at <b>bold</b> & "quotes"');
    await page.getByRole('button', { name: 'File the request' }).click();

    await page.getByRole('button', { name: 'Try to approve it as Amira Diaz' }).click();
    await step(page, 'decide').getByText('You cannot decide your own request').waitFor();
    await expectAccessible(page);
    const decision = await openMail(page, context, 'lead@example.com');
    expect(await decision.locator('blockquote').first().textContent()).toBe('Look at <b>bold</b> & "quotes"');
    await decision.getByRole('button', { name: 'Approve', exact: true }).click();
    await decision.getByRole('heading', { name: 'Approved' }).waitFor();
    await decision.close();

    await page.getByRole('button', { name: 'Get credentials' }).click();
    const exports = page.locator('#exports');
    expect(await exports.textContent()).toMatch(
      /^export AWS_ACCESS_KEY_ID=ASIA\w{16}\nexport AWS_SECRET_ACCESS_KEY=•+\nexport AWS_SESSION_TOKEN=•+$/,
    );
    await page.getByRole('button', { name: 'Reveal' }).click();
    expect(await exports.textContent()).toMatch(
      /AWS_SECRET_ACCESS_KEY=[\w/+]{40}\nexport AWS_SESSION_TOKEN=[\w/+=]{100,}$/,
    );
    await page.getByRole('button', { name: 'Get a console link' }).click();
    const [consolePage] = await Promise.all([
      context.waitForEvent('page'),
      page.getByText('See what it would open').click(),
    ]);
    expect(await consolePage.textContent('body')).toMatch(/assumed-role\/UpdateProdApp/);
    await consolePage.close();
    await expectAccessible(page);

    await page.getByRole('button', { name: 'Let the time pass' }).click();
    await page.getByText('This request is over').waitFor();
    await page.getByRole('button', { name: 'Try to get credentials' }).click();
    await step(page, 'use').getByText('The grant is not active').waitFor();
    expect(await page.locator('.history li strong').allTextContents()).toEqual([
      'filed',
      'approved',
      'session issued',
      'session issued',
      'ended',
    ]);
    await page.getByText('What was sent to STS (2)').click();
    await expectAccessible(page);
    expect(await step(page, 'end').locator('pre').textContent()).toContain('"SourceIdentity": "asi-dev@example.com"');
    expect([errors, elsewhere]).toEqual([[], []]);
    await context.close();
  });

  test('an approver sees at once what waits, decides it, and one step at a time has a filled button', async () => {
    const { context, page, errors } = await open(phone);
    const filled = () => page.locator('button.main').allTextContents();
    await actAs(page, 'second-dev@example.com', 'production-app-write');
    expect(await filled()).toEqual(['File the request']);
    await page.getByRole('button', { name: 'File the request' }).click();
    await step(page, 'decide').getByText('question').first().waitFor();
    await page.getByLabel('Act as').selectOption('second-lead@example.com');
    await page.getByText(/waits? for the decision of Sam Okafor/).waitFor();
    await expectAccessible(page);
    await page.locator('#step-who .mails button').filter({ hasText: 'second-dev@example.com' }).click();
    await page.getByRole('button', { name: 'Approve as Sam Okafor' }).waitFor();
    expect(await filled()).toEqual(['Approve as Sam Okafor']);
    await page.getByRole('button', { name: 'Approve as Sam Okafor' }).click();
    await page.getByRole('button', { name: 'Get credentials' }).waitFor();
    expect(await filled()).toEqual(['Get credentials']);
    expect(await page.locator('#decide-emails').getAttribute('open')).toBeNull();
    await page.getByRole('button', { name: 'Get credentials' }).click();
    await page.getByRole('button', { name: 'Use the session' }).waitFor();
    expect(await filled()).toEqual(['Use the session']);
    await page.getByRole('button', { name: 'Use the session' }).click();
    await page.getByRole('list', { name: 'What AWS answered' }).waitFor();
    expect(await filled()).toEqual(['Let the time pass']);
    await page.getByRole('button', { name: /^Hand back as/ }).click();
    await page.getByText('This request is over').waitFor();
    expect(errors).toEqual([]);
    await context.close();
  });

  test('handing back and revoking, a role that approves itself, and people with nothing to ask for', async () => {
    const { context, page, errors } = await open(phone);
    await actAs(page, 'second-dev@example.com', 'sandbox-read');
    await page.getByRole('button', { name: 'File the request' }).click();
    await page.getByRole('button', { name: 'Get credentials' }).click();
    await page.locator('#exports').waitFor();
    expect(await overflows(page)).toBe(false);
    await page.getByRole('button', { name: /^Hand back as/ }).click();
    await page.getByText('This request is over').waitFor();

    await page.getByRole('button', { name: 'Start again' }).click();
    await page.locator('input[value="sandbox-read"]').check();
    await page.getByRole('button', { name: 'File the request' }).click();
    await page.getByLabel('Or revoke it as').selectOption('security@example.com');
    await page.getByRole('button', { name: 'Revoke' }).click();
    await page.locator('.history').getByText('revoked').waitFor();

    await page.getByLabel('Act as').selectOption('contractor@example.com');
    await page.getByText('contractor@example.com cannot request any role').waitFor();
    await expectAccessible(page);
    expect(errors).toEqual([]);
    await context.close();
  });

  test('screen readers announce every change, and the focus is never lost', async () => {
    const { context, page } = await open(desk);
    const said = (text: string | RegExp) =>
      page.getByRole('status').filter({ hasText: text }).waitFor({ state: 'attached' });
    const focused = () => page.evaluate('document.activeElement.id');
    await page.goto(server.url);
    await page.getByLabel('Act as').focus();
    await page.getByLabel('Act as').selectOption('asi-dev@example.com');
    await said('You are Amira Diaz. You can request 3 roles.');
    expect(await focused()).toBe('actor');
    await page.locator('input[value="production-app-write"]').check();
    await page.getByRole('textbox', { name: 'How long' }).fill('9h');
    await page.getByRole('button', { name: 'Dry run' }).click();
    await said('It would be refused. Nothing was filed.');
    await page.getByRole('button', { name: 'File the request' }).click();
    await said('The catalogue does not allow this. 9 h is outside what the role allows');
    expect(await focused()).toBe('ask-duration');
    await page.getByRole('textbox', { name: 'How long' }).fill('1h');
    await page.getByRole('button', { name: 'File the request' }).click();
    await said('Filed. The approvers got an email.');
    expect(await focused()).toBe('title-decide');
    const mail = page.locator('#step-decide .mails button').first();
    await mail.click();
    expect(await focused()).toBe(await mail.getAttribute('id'));
    await page.getByLabel('Act as').selectOption('second-dev@example.com');
    await page.locator('input[value="sandbox-read"]').check();
    await page.getByRole('button', { name: 'File the request' }).click();
    await page.getByRole('button', { name: 'Get credentials' }).click();
    await said('Credentials that work until');
    await page.getByRole('button', { name: 'Reveal' }).click();
    expect(await focused()).toBe('use-reveal');
    await page.getByRole('button', { name: 'Get a console link' }).click();
    await said('A console link, to sign in with by');
    await page.getByLabel('Or revoke it as').selectOption('security@example.com');
    await page.getByRole('button', { name: 'Revoke' }).click();
    await said('The request is now revoked.');
    await step(page, 'end').getByText('This request is over').waitFor();
    expect(await focused()).toBe('title-end');
    await context.close();
  });

  test('each error stands once, at its field, and the first field has the focus', async () => {
    const { context, page, errors } = await open(desk);
    await actAs(page, 'asi-dev@example.com', 'production-app-write');
    const ticket = page.getByLabel('Ticket (optional)');
    expect(await described(page, 'ask-ticket')).toBe('For example OPS-123.');
    await page.getByLabel('Reason', { exact: true }).fill('short');
    await page.getByRole('textbox', { name: 'How long' }).fill('9h');
    await ticket.fill('17');
    await page.getByRole('button', { name: 'File the request' }).click();
    await page.locator('[aria-invalid]').nth(2).waitFor();
    await expectAccessible(page);
    expect(await page.evaluate('document.activeElement.id')).toBe('ask-reason');
    expect(await described(page, 'ask-reason')).toMatch(
      /^The reason must have at least 10 characters\. This one has 5\. At least 10/,
    );
    expect(await described(page, 'ask-duration')).toMatch(/^9 h is outside what the role allows/);
    expect(await described(page, 'ask-ticket')).toMatch(/for example OPS-123\. For example OPS-123\.$/);
    const words = (await step(page, 'ask').textContent()) ?? '';
    expect(words.split('This one has 5')).toHaveLength(2);

    await page.getByRole('textbox', { name: 'How long' }).fill('soon');
    await page.getByRole('button', { name: 'File the request' }).click();
    await step(page, 'ask').getByText('The request is malformed').waitFor();
    expect(await page.locator('[aria-invalid]').evaluateAll((found) => found.map((element) => element.id))).toEqual([
      'ask-duration',
    ]);
    expect(await described(page, 'ask-duration')).toMatch(/^Must be a duration such as /);
    expect(await step(page, 'ask').textContent()).not.toMatch(/\/(?:duration|reason|ticket)/);
    expect(await ticket.inputValue()).toBe('17');
    expect(errors).toEqual([]);
    await context.close();
  });

  test('a refusal for want of MFA says what to tick', async () => {
    const { context, page } = await open(phone);
    await actAs(page, 'trusted-user@example.com', 'northwind-admin');
    await page.getByRole('button', { name: 'File the request' }).click();
    const notice = (await step(page, 'ask').locator('.notice').textContent()) ?? '';
    expect(notice.split('This role needs a sign-in with MFA')).toHaveLength(2);
    await page.getByRole('link', { name: '“Signed in with MFA” in step 1' }).click();
    expect(await page.evaluate('location.hash')).toBe('#mfa');
    await page.getByLabel(/^Signed in with MFA/).check();
    // the roles are read again, and none is chosen then
    await page.getByRole('button', { name: 'File the request' }).waitFor({ state: 'detached' });
    await page.locator('input[value="northwind-admin"]').check();
    await page.getByRole('button', { name: 'File the request' }).click();
    await step(page, 'ask').getByText('Filed as request').waitFor();
    await context.close();
  });

  test('an opened email is shown whole, below the ones that were sent before it', async () => {
    const { context, page } = await open(desk);
    await actAs(page, 'asi-dev@example.com', 'production-bucket-read');
    await page.getByRole('button', { name: 'File the request' }).click();
    // the second email draws the list again
    await page.locator('#step-decide .mails button').nth(1).waitFor();
    await page.locator('#step-decide .mails button').first().click();
    const height = 'document.documentElement.scrollHeight - document.documentElement.clientHeight';
    await page.frameLocator('iframe').getByRole('link').first().waitFor();
    await page.waitForFunction("document.querySelector('iframe').style.height !== ''");
    expect(await page.frames()[1]!.evaluate(height)).toBe(0);
    await expectAccessible(page);
    await context.close();
  });

  test('a continued grant says which one it continues', async () => {
    const { context, page } = await open(phone);
    await actAs(page, 'trusted-user@example.com', 'sandbox-read');
    await page.getByRole('button', { name: 'File the request' }).click();
    await page.getByRole('button', { name: 'Get credentials' }).waitFor();
    const id = await step(page, 'ask').locator('code').first().textContent();
    const post = async (path: string, body: object, token = '') => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      return (await (
        await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
      ).json()) as Record<string, string>;
    };
    const { token } = await post('/local/token', { email: 'trusted-user@example.com' });
    const more = await post(`/v1/requests/${id}/extension`, { duration: '1h', reason: 'It takes longer' }, token);
    expect(more.extends).toBe(id);
    await page.goto(server.url);
    await page.getByLabel('Act as').selectOption('trusted-user@example.com');
    await page.locator('#step-who summary').click();
    await page.locator('#step-who .mails button').first().click();
    await step(page, 'ask').getByText('Continues').waitFor();
    expect(await step(page, 'ask').textContent()).toContain(`Continues${id}`);
    await expectAccessible(page);
    await context.close();
  });

  describe('a live session dies', () => {
    const answers = (page: Page) => page.getByRole('list', { name: 'What AWS answered' }).getByRole('listitem');
    const use = async (page: Page) => {
      const before = await answers(page).count();
      await page.getByRole('button', { name: 'Use the session' }).click();
      await answers(page).nth(before).waitFor();
      return (await answers(page).first().textContent()) ?? '';
    };
    const begin = async (
      options: Parameters<Browser['newContext']>[0],
      role = 'sandbox-read',
      email = 'asi-dev@example.com',
    ) => {
      const opened = await open(options);
      await actAs(opened.page, email, role);
      await opened.page.getByLabel('Reason').fill('Watch a session die');
      await opened.page.getByRole('button', { name: 'File the request' }).click();
      return opened;
    };

    test.each([
      ['when its grant is revoked', desk, 'Revoke', 'revoked'],
      ['when its grant is handed back', { ...phone, colorScheme: 'dark' as const }, /^Hand back as/, 'ended'],
    ])('%s', async (_, options, button, status) => {
      const { page, context, errors, elsewhere } = await begin(options);
      const sent: string[] = [];
      page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
      await page.getByRole('button', { name: 'Get credentials' }).click();
      await page.getByRole('button', { name: 'Reveal' }).click();
      const [, secret = ''] =
        /SECRET_ACCESS_KEY=(\S+)/.exec((await page.locator('#exports').textContent()) ?? '') ?? [];
      expect(secret).toMatch(/^.{40}$/);
      expect(await use(page)).toMatch(/^allowed as arn:aws:sts::666666666666:assumed-role\/SandboxReadOnly\/lk-/);
      expect(await overflows(page)).toBe(false);

      if (status === 'revoked') await page.getByLabel('Or revoke it as').selectOption('security@example.com');
      await page.getByRole('button', { name: button }).click();
      await step(page, 'end').getByText('Sessions issued before: denied').waitFor();
      expect(await step(page, 'end').textContent()).toMatch(
        /From \d{4}-\S+ \S+ UTC on, none of those sessions can be used\./,
      );
      expect(await step(page, 'use').textContent()).toMatch(
        new RegExp(`${status} at \\S+ UTC \\(was granted from \\S+ UTC until \\S+ UTC\\)`),
      );
      expect(await use(page)).toMatch(
        /^denied the role's policy LatchkeyRevocations denies the sessions of this request\./,
      );
      expect(await answers(page).nth(1).textContent()).toMatch(/^allowed/);
      await expectAccessible(page);
      await page.getByRole('button', { name: 'Use the session' }).focus();
      await page.keyboard.press('Enter');
      await answers(page).nth(2).waitFor();
      await page.keyboard.press('Enter');
      await answers(page).nth(3).waitFor();
      expect(await page.locator('.history li strong').allTextContents()).toEqual([
        'filed',
        'approved',
        'session issued',
        status,
        'live sessions denied',
      ]);
      expect(await overflows(page)).toBe(false);

      expect(await page.locator('#exports').count()).toBe(0);
      expect(await page.content()).not.toContain(secret);
      expect(sent.filter((text) => text.includes(secret))).toEqual([]);
      expect(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])')).toBe(
        '[{},{},""]',
      );
      await page.getByRole('button', { name: 'Start again' }).click();
      expect(await page.getByRole('button', { name: 'Use the session' }).count()).toBe(0);
      expect([errors, elsewhere]).toEqual([[], []]);
      await context.close();
    });

    test('at the end of its grant, by its own policy, though its keys would live on', async () => {
      const { page, context, errors } = await begin(desk);
      await step(page, 'use').getByText('active', { exact: true }).waitFor();
      // less is left of the grant than STS's shortest session
      const left = (await page.locator('[data-left]').getAttribute('data-left'))!;
      await fetch(`${server.url}/local/clock`, {
        method: 'POST',
        body: JSON.stringify({ set: new Date(Date.parse(left) - 5 * 60_000).toISOString() }),
      });
      await page.getByRole('button', { name: 'Get credentials' }).click();
      expect(await use(page)).toMatch(/^allowed/);
      await page.getByRole('button', { name: 'Let the time pass' }).click();
      await page.getByText('This request is over').waitFor();
      expect(await use(page)).toMatch(
        /^denied the grant has ended, and the session policy denies everything after its end\./,
      );
      await page.getByRole('button', { name: '+15 min' }).click();
      expect(await use(page)).toMatch(/^denied the session has expired \(ExpiredToken\)\./);
      await page.getByRole('button', { name: 'Now', exact: true }).click();
      expect(errors).toEqual([]);
      await context.close();
    });
  });

  test('a high-risk role on a phone: the page behind the link says how to sign in, and two approvers decide signed in', async () => {
    const { context, page, errors, elsewhere } = await open({ ...phone, colorScheme: 'dark' });
    await actAs(page, 'trusted-user@example.com', 'cross-account-admin');
    await page.getByLabel('Reason').fill('Move the old account into the organisation');
    await page.getByRole('button', { name: 'File the request' }).click();

    // each mail that arrives draws the step again, and a click on the one before would be lost
    await page.locator('#step-decide .mails button').nth(2).waitFor();
    const first = await openMail(page, context, 'lead@example.com');
    expect(await overflows(first)).toBe(false);
    await first.getByRole('heading', { name: 'Sign in to answer' }).waitFor();
    await first.getByText(/latchkey approve \w{26}/).waitFor();
    expect(await first.getByRole('button').count()).toBe(0);
    await first.close();
    await step(page, 'decide').getByRole('button', { name: 'Approve as Lena Park, signed in' }).click();
    await step(page, 'decide').getByText('Lena Park approved').waitFor();
    await step(page, 'decide').getByRole('button', { name: 'Approve as Priya Nair, signed in' }).click();
    await page.getByRole('button', { name: 'Get credentials' }).click();
    await page.locator('#exports').waitFor();
    expect([errors, elsewhere]).toEqual([[], []]);
    await context.close();
  });

  test('the decision page decides without any script, and a spent link shows who decided', async () => {
    const { context, page } = await open({ ...phone, javaScriptEnabled: false });
    const token = async (email: string) =>
      (
        (await (
          await fetch(`${server.url}/local/token`, { method: 'POST', body: JSON.stringify({ email }) })
        ).json()) as { token: string }
      ).token;
    const headers = { authorization: `Bearer ${await token('sandy@example.com')}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ role: 'trusting-readonly', reason: 'Compare the buckets' });
    const { id } = (await (await fetch(`${server.url}/v1/requests`, { method: 'POST', headers, body })).json()) as {
      id: string;
    };
    const outbox = (await (await fetch(`${server.url}/local/outbox`)).json()) as Array<{ id: string; text: string }>;
    const mail = outbox.find(({ text }) => text.includes(id))!;

    await page.goto(`${server.url}/local/outbox/${mail.id}`);
    await page.getByText('approver@trusting.example').first().waitFor();
    await page.locator('a[href*="/decide/"]').click();
    await page.getByLabel('Comment').fill('Not this week');
    await page.getByRole('button', { name: 'Deny' }).click();
    await page.getByRole('heading', { name: 'Denied' }).waitFor();
    const [link] = /http:\/\/\S+\/decide\/\S+/.exec(mail.text)!;
    const again = await page.goto(link);
    expect(again?.status()).toBe(410);
    await page.getByText('This link has already been used').waitFor();
    await context.close();
  });

  describe('what was done by break-glass', () => {
    let emergency: LocalServer;
    const folder = mkdtempSync(join(tmpdir(), 'break-glass-'));
    beforeAll(async () => {
      const rule =
        '    breakGlass: { requesters: [group:developers], maxDuration: 30m, unsigned: 5, reviewers: [group:security, lead@example.com], reviewWithin: 2d }';
      const role = 'description: Read and write the production application (read-write-prod-app)\n';
      const yaml = readFileSync('access.yml', 'utf8');
      const scoped = 'description: Read objects in asi-production-bucket\n';
      const scope =
        '    scope: { parameters: { folder: { description: a folder of the bucket, values: [exports, logs] } }, says: "objects in {folder}", statements: [{ actions: [s3:GetObject], resources: ["arn:aws:s3:::asi-production-bucket/{folder}/*"] }] }';
      const changed = yaml.replace(role, `${role}${rule}\n`).replace(scoped, `${scoped}${scope}\n`);
      writeFileSync(join(folder, 'access.yml'), changed);
      emergency = await startLocalServer({ catalogueFile: join(folder, 'access.yml') });
    });
    afterAll(async () => {
      await emergency?.close();
      rmSync(folder, { recursive: true });
    });

    const post = async (path: string, body: object, token?: string) => {
      const headers = {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      };
      const answer = await fetch(`${emergency.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      return (await answer.json()) as Record<string, string>;
    };
    /** Taken, used, over, and the reviewers mailed: the mail to one of them. */
    const reviewMail = async (to: string) => {
      const { token } = await post('/local/token', { email: 'asi-dev@example.com' });
      const reason = 'The shop is down since 09:40, INC-4711: <b>all</b> checkouts fail';
      const { id } = await post('/v1/requests', { role: 'production-app-write', breakGlass: true, reason }, token);
      await post(`/v1/requests/${id}/credentials`, {}, token);
      await post('/local/clock', { advance: '31m' });
      await post('/local/sweep', {});
      const outbox = (await (await fetch(`${emergency.url}/local/outbox`)).json()) as Array<{
        id: string;
        to: string | string[];
        subject: string;
        text: string;
      }>;
      return outbox.find(
        (mail) => mail.to.includes(to) && mail.subject.startsWith('Please review') && mail.text.includes(id!),
      )!;
    };

    test('can be taken on the guided page', async () => {
      const { context, page, errors } = await open(phone);
      await page.goto(emergency.url);
      await page.getByLabel('Act as').selectOption('asi-dev@example.com');
      await page.locator('input[value="sandbox-read"]').check();
      expect(await page.getByLabel('Break glass').count()).toBe(0);
      await page.locator('input[value="production-app-write"]').check();
      await page.getByLabel('Break glass').check();
      await page.getByLabel('Reason', { exact: true }).fill('short');
      await page.getByRole('button', { name: 'File the request' }).click();
      await page.locator('#ask-reason[aria-invalid]').waitFor();
      expect(await page.getByLabel('Break glass').isChecked()).toBe(true);
      await page.getByLabel('Reason', { exact: true }).fill('The shop is down since 09:40, INC-4711');
      await page.getByRole('textbox', { name: 'How long' }).fill('30m');
      await page.getByRole('button', { name: 'File the request' }).click();
      await step(page, 'decide').getByText('Taken by break-glass: nobody approved it').waitFor();
      await page.getByRole('button', { name: 'Get credentials' }).waitFor();
      await page.getByRole('button', { name: /^Hand back as/ }).click();
      await page.getByText('This request is over').waitFor();
      expect(await overflows(page)).toBe(false);
      expect(errors).toEqual([]);
      await context.close();
    });

    test('a part of a role and an extension can be requested on the guided page', async () => {
      const { context, page, errors } = await open(phone);
      await page.goto(emergency.url);
      await page.getByLabel('Act as').selectOption('asi-dev@example.com');
      await page.locator('input[value="production-bucket-read"]').check();
      await page.getByRole('button', { name: 'File the request' }).click();
      await page.locator('#ask-scope-folder[aria-invalid]').waitFor();
      await expectAccessible(page);
      expect(await page.evaluate('document.activeElement.id')).toBe('ask-scope-folder');
      await page.getByLabel('Only for this folder').selectOption('logs');
      await page.getByRole('button', { name: 'File the request' }).click();
      await step(page, 'ask').getByText('folder logs').waitFor();

      await page.getByLabel('Act as').selectOption('lead@example.com');
      await page.getByText('1 request waits for the decision of Lena Park').waitFor();
      await page.locator('#step-who .mails button').click();
      await page.getByRole('button', { name: 'Approve as Lena Park' }).click();
      await page.getByText('Ask for more time').click();
      await page.getByRole('button', { name: 'Request an extension' }).click();
      await page.locator('#use-reason[aria-invalid]').waitFor();
      await expectAccessible(page);
      expect(await page.evaluate('document.activeElement.id')).toBe('use-reason');
      await page.getByLabel('Reason for more time').fill('It takes longer than planned');
      await page.getByRole('button', { name: 'Request an extension' }).click();
      await step(page, 'ask').getByText('Continues', { exact: true }).waitFor();
      expect(await step(page, 'ask').textContent()).toContain('It takes longer than planned');
      await step(page, 'decide')
        .getByText(/^Waiting for/)
        .waitFor();
      expect(await overflows(page)).toBe(false);
      expect(errors).toEqual([]);
      await context.close();
    });

    test('is told on the guided page, with who reviews it', async () => {
      const { context, page, errors } = await open(desk);
      const { token } = await post('/local/token', { email: 'second-dev@example.com' });
      await post(
        '/v1/requests',
        { role: 'production-app-write', breakGlass: true, reason: 'The shop is down since 09:40, INC-4711' },
        token,
      );
      await page.goto(emergency.url);
      await page.getByLabel('Act as').selectOption('second-dev@example.com');
      await page.locator('#step-who summary').click();
      await page.locator('#step-who .mails button').first().click();
      await step(page, 'decide').getByText('Taken by break-glass: nobody approved it').waitFor();
      await expectAccessible(page);
      expect(await step(page, 'decide').textContent()).toMatch(
        /Priya Nair.* must review it after the grant, by \d{4}-/,
      );
      expect(errors).toEqual([]);
      await context.close();
    });

    test.each([
      [
        'a phone, in the dark',
        { ...phone, colorScheme: 'dark' as const, javaScriptEnabled: false },
        'security@example.com',
      ],
      ['a desk', desk, 'lead@example.com'],
    ])('is signed off on %s: a comment is required, and the link is spent', async (_name, options, reviewer) => {
      const { context, page, errors } = await open(options);
      const mail = await reviewMail(reviewer);
      await page.goto(`${emergency.url}/local/outbox/${mail.id}`);
      await page.locator('a[href*="/decide/"]').click();
      await page.getByRole('heading', { name: 'Review break-glass' }).waitFor();
      expect(await page.locator('blockquote').first().textContent()).toContain('<b>all</b> checkouts fail');
      expect(await page.getByRole('region', { name: 'Sessions' }).textContent()).toMatch(
        /Sessions issued: 1.*ASIA\w{16}/s,
      );
      expect(await overflows(page)).toBe(false);
      await page.getByRole('button', { name: 'Sign off' }).click();
      expect(await page.getByRole('heading', { name: 'Review break-glass' }).isVisible()).toBe(true);
      await page.getByLabel('What you found').fill('Restarted the shop,\nnothing else was touched.');
      await page.getByRole('button', { name: 'Sign off' }).click();
      await page.getByRole('heading', { name: 'Signed off' }).waitFor();
      await page.getByText('You signed the review').waitFor();
      expect(await overflows(page)).toBe(false);
      const [link] = /http:\/\/\S+\/decide\/\S+/.exec(mail.text)!;
      expect((await page.goto(link))?.status()).toBe(410);
      await page.getByText('This link has already been used').waitFor();
      expect(errors).toEqual([]);
      await context.close();
    });
  });
});
