// The command line against the local server: output, calls and exit statuses.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { allCommands } from '../../cli/program/commands.ts';
import { cliDocument } from '../../cli/program/document.ts';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import type { CredentialsView, RequestView } from '../../lib/http/answers.ts';
import { type LocalServer, startLocalServer } from '../../local/server.ts';
import { cli, type Ran, removeHomes, type TestWorld, testWorld } from '../support/cli.ts';
import { roomyCatalogue } from '../support/roomy-catalogue.ts';

const catalogue = roomyCatalogue();
let server: LocalServer;
beforeAll(async () => {
  server = await startLocalServer({ catalogueFile: catalogue.file });
});
afterAll(async () => {
  await server.close();
  catalogue.remove();
  removeHomes();
});

const tokenOf = async (email: string): Promise<string> => {
  const answer = await fetch(`${server.url}/local/token`, { method: 'POST', body: JSON.stringify({ email }) });
  return ((await answer.json()) as { token: string }).token;
};
const moveClock = (to: object) => fetch(`${server.url}/local/clock`, { method: 'POST', body: JSON.stringify(to) });
const person = async (email: string, given: Partial<TestWorld> = {}): Promise<TestWorld> =>
  testWorld({ ...given, env: { LATCHKEY_URL: server.url, LATCHKEY_TOKEN: await tokenOf(email), ...given.env } });
const keysOf = (ending: string) => {
  const { accessKeyId, secretAccessKey } = server.keys.find(({ arn }) => arn.endsWith(ending))!;
  return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
};
const bodyOf = <Body>({ out }: Ran): Body => JSON.parse(out) as Body;

const role = 'production-bucket-read';
const reason = 'Find the lost invoices';
let dev: TestWorld;
let lead: TestWorld;
beforeEach(async () => {
  dev = await person('asi-dev@example.com');
  lead = await person('lead@example.com');
});
/** Ends all requests, so that nothing is open in the next test. */
beforeEach(async () => {
  for (const { id, status } of bodyOf<{ items: RequestView[] }>(await cli(dev, 'requests', '--json')).items) {
    if (['pending', 'active'].includes(status)) await cli(dev, 'end', id);
  }
});
const file = async (...more: string[]) =>
  bodyOf<RequestView>(await cli(dev, 'request', role, '--reason', reason, '--json', ...more));
const granted = async (...more: string[]) => {
  const { id } = await file(...more);
  return bodyOf<RequestView>(await cli(lead, 'approve', id, '--json'));
};

describe('requesting and deciding', () => {
  test('roles lists the approvers', async () => {
    const { status, out } = await cli(dev, 'roles');
    expect(status).toBe(0);
    expect(out).toMatch(/^ROLE +ACCOUNT +DURATION +APPROVAL +DESCRIPTION\n/);
    expect(out).toMatch(
      /production-bucket-read +Production \(111111111111\) +1 h, at most 8 h +1 of Lena Park, Sam Okafor +Read objects/,
    );
    expect(out).toMatch(/sandbox-read .* automatic /);
  });

  test('whoami', async () =>
    expect((await cli(dev, 'whoami')).out).toMatch(
      /^Amira Diaz\n {2}Email +asi-dev@example.com\n.*\n {2}Groups +developers\n {2}Signed in by +an OIDC token/,
    ));

  test('whoami --debug shows the claims of the token, and why its email address is ignored', async () => {
    expect((await cli(dev, 'whoami', '--debug')).err).toMatch(
      /debug: token claim email: "asi-dev@example.com"\n[\s\S]*debug: the email address is used: "email_verified" is true\n/,
    );
    const claims = { email: 'asi-dev@example.com\u001b[2J', email_verified: false };
    const body = JSON.stringify({ email: 'asi-dev@example.com', claims: { email_verified: false } });
    const answer = await fetch(`${server.url}/local/token`, { method: 'POST', body });
    const { token } = (await answer.json()) as { token?: string };
    const forged = token ?? `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`;
    const unverified = await cli(testWorld({ env: { ...dev.env, LATCHKEY_TOKEN: forged } }), 'whoami', '--debug');
    expect(unverified).toMatchObject({
      status: 3,
      err: expect.stringContaining('debug: the email address is ignored: it requires "email_verified": true\n'),
    });
    expect(unverified.err).not.toContain(forged);
  });

  test('request shows the next steps, and show, requests and approve agree with it', async () => {
    const filed = await cli(dev, 'request', role, '--for', '2h', '--reason', reason, '--ticket', 'OPS-7');
    expect(filed).toMatchObject({
      status: 0,
      err: '',
      out: expect.stringMatching(/^pending {2}production-bucket-read in Production \(111111111111\)\n/),
    });
    expect(filed.out).toMatch(/Duration +2 h\n {2}Reason +Find the lost invoices\n {2}Ticket +OPS-7\n/);
    expect(filed.out).toMatch(/Decide by +in 8 h \(.* UTC\)/);
    const id = /latchkey withdraw ([0-9a-z]{26})/.exec(filed.out)![1]!;

    expect((await cli(lead, 'requests', '--view', 'to-decide')).out).toMatch(
      new RegExp(`${id} +pending +${role} +Amira Diaz \\(asi-dev@example.com\\) +decide in 8 h`),
    );
    const approved = await cli(lead, 'approve', id, '--for', '30m', '--comment', 'July only');
    expect(approved.out).toMatch(/^active .*\n[\s\S]*approved by Lena Park \("July only"\)\n {2}Ends +in 30 min/);
    expect((await cli(dev, 'show', role)).out).toBe((await cli(dev, 'show', id)).out);
    expect((await cli(dev, 'end', role)).out).toMatch(/^withdrawn /);
  });

  test('deny, and showing a denied request', async () => {
    const { id } = await file();
    expect((await cli(lead, 'deny', id, '--comment', 'Use staging')).out).toMatch(
      /denied by Lena Park \("Use staging"\)/,
    );
    expect(await cli(dev, 'credentials', role)).toMatchObject({ status: 8, out: '' });
  });

  test('an automatic role is active at once', async () => {
    const { status, out } = await cli(dev, 'request', 'sandbox-read', '--reason', 'look');
    expect([status, out]).toEqual([
      0,
      expect.stringMatching(/^active {2}sandbox-read[\s\S]*latchkey exec sandbox-read -- /),
    ]);
    await cli(dev, 'end', 'sandbox-read');
  });

  test('explain files nothing, checks a reason only if one is given, and exits with 6 for a refusal', async () => {
    expect(await cli(dev, 'explain', role)).toMatchObject({
      status: 0,
      out: expect.stringMatching(/would be sent to its approvers\.\n {2}1 of Lena Park, Sam Okafor must approve\./),
    });
    expect(await cli(dev, 'explain', role, '--for', '9h', '--reason', 'short')).toMatchObject({
      status: 6,
      out: expect.stringMatching(/would be refused[\s\S]*no {2}duration: [\s\S]*no {2}reason: /),
    });
    expect(bodyOf<{ items: RequestView[] }>(await cli(dev, 'requests', '--status', 'pending', '--json')).items).toEqual(
      [],
    );
  });

  test('a list continues at its cursor', async () => {
    await file();
    await cli(dev, 'end', role);
    await file();
    const first = await cli(dev, 'requests', '--limit', '1');
    const cursor = /add --cursor (\S+)/.exec(first.err)![1]!;
    expect((await cli(dev, 'requests', '--limit', '1', '--cursor', cursor)).out).toMatch(/ withdrawn /);
  });
});

describe('waiting', () => {
  test('shows the approvers, polls less and less often, and ends with the approval', async () => {
    const looks: number[] = [];
    dev.onSleep = async (ms) => {
      looks.push(ms);
      if (looks.length < 4) return undefined;
      const [{ id }] = bodyOf<{ items: [RequestView] }>(
        await cli(lead, 'requests', '--view', 'to-decide', '--json'),
      ).items;
      await cli(lead, 'approve', id);
      return undefined;
    };
    const ran = await cli(dev, 'request', role, '--reason', reason, '--wait');
    expect(ran).toMatchObject({ status: 0, out: expect.stringMatching(/^active /) });
    expect(ran.err).toMatch(
      /^Filed request \w{26}\.\nWaiting for Lena Park, Sam Okafor\. Deadline: in 8 h \(.*\)\.\nCtrl-C stops waiting[\s\S]*\nLena Park approved it\.\n$/,
    );
    expect(looks).toEqual([2000, 2800, 3920, 5488].map((ms) => expect.closeTo(ms, 0)));
  });

  test('exits with 9 for a denial, and shows its comment', async () => {
    dev.onSleep = async () => {
      const [{ id }] = bodyOf<{ items: [RequestView] }>(
        await cli(lead, 'requests', '--view', 'to-decide', '--json'),
      ).items;
      await cli(lead, 'deny', id, '--comment', 'Not today');
      return undefined;
    };
    expect(await cli(dev, 'request', role, '--reason', reason, '--wait')).toMatchObject({
      status: 9,
      out: '',
      err: expect.stringMatching(/not granted: it is denied \("Not today"\)/),
    });
  });

  test('Ctrl-C leaves the request pending and shows how to resume', async () => {
    dev.onSleep = () => 'interrupt';
    const ran = await cli(dev, 'request', role, '--reason', reason, '--wait');
    expect(ran).toMatchObject({
      status: 130,
      err: expect.stringMatching(/is still pending\.\n {2}Continue to wait: latchkey show \w{26} --wait\n/),
    });
    expect((await cli(dev, 'show', role)).out).toMatch(/^pending /);
  });

  test('overwrites one status line on a terminal', async () => {
    dev.onSleep = () => 'interrupt';
    const ran = await cli(Object.assign(dev, { errIsTerminal: true }), 'request', role, '--reason', reason, '--wait');
    expect(ran.err).toContain('\r\u001b[K\u001b[2mWaiting for a decision; 8 h left\u001b[0m');
  });
});

describe('identities', () => {
  test('an admin lists and releases the account of a person', async () => {
    const admin = await person('security@example.com');
    await file();
    const listed = await cli(admin, 'identity', 'list', 'asi-dev@example.com');
    expect(listed).toMatchObject({ status: 0, out: expect.stringMatching(/ACCOUNT[\s\S]*#asi-dev@example\.com/) });
    const { items } = bodyOf<{ items: Array<{ id: string }> }>(
      await cli(admin, 'identity', 'list', 'asi-dev@example.com', '--json'),
    );
    expect(await cli(admin, 'identity', 'release', items[0]!.id)).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^Released/),
    });
    expect(await cli(admin, 'identity', 'release', items[0]!.id)).toMatchObject({ out: 'Nothing was bound.\n' });
    expect(await cli(admin, 'identity', 'list', 'asi-dev@example.com')).toMatchObject({
      out: 'No account is bound to this person.\n',
    });
  });

  test('only admins may, and the error for a moved account says whom to ask', async () => {
    expect(await cli(dev, 'identity', 'list', 'lead@example.com')).toMatchObject({ status: 5 });
    await file();
    const claims = { email: 'asi.new@example.com' };
    const body = JSON.stringify({ email: 'asi-dev@example.com', claims });
    const answer = await fetch(`${server.url}/local/token`, { method: 'POST', body });
    const { token } = (await answer.json()) as { token: string };
    const moved = testWorld({ env: { LATCHKEY_URL: server.url, LATCHKEY_TOKEN: token } });
    expect(await cli(moved, 'request', 'sandbox-read', '--reason', reason)).toMatchObject({
      status: 5,
      err: expect.stringMatching(/Ask an admin/),
    });
  });
});

describe('refusals', () => {
  test.each([
    [
      ['request', 'production-bucket-reed', '--reason', reason],
      4,
      /Role "production-bucket-reed" not found, or you may not request it\.\n {2}Did you mean production-bucket-read\?/,
    ],
    [['credentials', 'sandbox-raed'], 4, /Did you mean sandbox-read\?/],
    [['explain', 'nothing-like-it'], 4, /See the roles that you may request: latchkey roles/],
    [['show', '00000000000000000000000000'], 4, /See your requests: latchkey requests/],
    [['approve', 'x'], 2, /"x" is not the ID of a request/],
    [['show', '../x'], 2, /neither a role nor the ID of a request/],
    [['request', role, '--reason', 'short'], 6, /at least 10 characters/],
    [['request', role, '--reason', reason, '--for', 'soon'], 2, /duration/],
    [['requests', '--view', 'all'], 5, /./],
    [['requests', '--limit', '1000'], 2, /limit/],
    [
      ['whoami', 'extra'],
      2,
      /Unexpected argument "extra"\. Quote values that contain spaces\.\n {2}See: latchkey whoami --help/,
    ],
    [['rquest'], 2, /Unknown command "rquest"\. Did you mean "request"\?\n {2}See: latchkey help/],
    [['request', role], 2, /--reason is required/],
    [['credentials', role, '--request'], 2, /--request requires --reason/],
    [['exec', role], 2, /No command to run/],
    [
      ['exec', role, 'aws', 's3', 'ls', '--recursive', "it's"],
      2,
      /Did you mean: latchkey exec production-bucket-read -- aws s3 ls --recursive 'it'\\''s'\n/,
    ],
    [['console', role, '--service', '../x'], 2, /not a valid service name/],
    [['completion', 'tcsh'], 2, /bash, zsh, fish/],
  ])('%j ends with %d', async (args, status, err) =>
    expect(await cli(dev, ...args)).toMatchObject({ status, out: '', err: expect.stringMatching(err) }),
  );

  test('an error of the API is JSON with --json', async () => {
    const { status, err } = await cli(dev, 'request', role, '--reason', 'short', '--json');
    expect([status, JSON.parse(err)]).toEqual([
      6,
      expect.objectContaining({
        code: 'refused-by-policy',
        errors: [expect.objectContaining({ pointer: '/reason' })],
        next: [`See what the role allows: latchkey roles ${role}`],
      }),
    ]);
  });

  test('deciding your own request, a decided request or an unknown request', async () => {
    const { id } = await file();
    const seeIt = expect.stringContaining(`\n  See the request: latchkey show ${id}\n`);
    expect(await cli(dev, 'approve', id)).toMatchObject({ status: 5, err: seeIt });
    expect(await cli(lead, 'approve', id, '--for', '8h')).toMatchObject({ status: 6, err: seeIt });
    await cli(lead, 'approve', id);
    expect(await cli(lead, 'approve', id)).toMatchObject({ status: 7, err: seeIt });
    expect(
      await file().then(
        () => undefined,
        () => 'refused',
      ),
    ).toBe('refused');
  });

  test('an invalid token', async () =>
    expect(
      await cli(testWorld({ env: { LATCHKEY_URL: server.url, LATCHKEY_TOKEN: 'x.y.z' } }), 'whoami'),
    ).toMatchObject({
      status: 3,
      err: expect.stringMatching(/latchkey login/),
    }));

  test('a token with a line break in it', async () =>
    expect(
      await cli(testWorld({ env: { LATCHKEY_URL: server.url, LATCHKEY_TOKEN: 'x.y.z\nx-more: 1' } }), 'whoami'),
    ).toMatchObject({
      status: 3,
      err: expect.stringContaining('LATCHKEY_TOKEN contains characters that are not allowed in a token'),
    }));

  test('no sign-in', async () =>
    expect(await cli(testWorld({ env: { LATCHKEY_URL: server.url } }), 'whoami')).toMatchObject({
      status: 3,
      err: expect.stringMatching(/A person signs in with: latchkey login\n {2}A machine needs AWS credentials/),
    }));

  test('no URL', async () =>
    expect(await cli(testWorld(), 'roles')).toMatchObject({
      status: 2,
      err: expect.stringMatching(/latchkey setup https:/),
    }));

  test('connection refused', async () =>
    expect(await cli(dev, 'roles', '--url', 'http://localhost:9')).toMatchObject({
      status: 11,
      err: expect.stringMatching(
        /does not answer: connection refused\.\n {2}Try again\. If the problem persists, check/,
      ),
    }));

  test('a server without TLS', async () =>
    expect(await cli(dev, 'roles', '--url', server.url.replace('http:', 'https:'))).toMatchObject({
      status: 11,
      err: expect.stringMatching(/does not answer: it does not use TLS; the URL may have to start with http\.\n/),
    }));

  test('an invalid configuration file', async () =>
    expect(await cli(testWorld({ env: { LATCHKEY_CONFIG: dev.home } }), 'roles')).toMatchObject({
      status: 2,
      err: expect.stringMatching(/cannot be read \(EISDIR\)\.\n {2}Check that it is a file/),
    }));

  test('--debug shows calls and no secret', async () => {
    await granted();
    const { out, err } = await cli(dev, 'credentials', role, '--debug');
    const { SecretAccessKey, SessionToken } = JSON.parse(out) as CredentialsView;
    expect(err).toMatch(
      /^debug: POST http:\/\/localhost:\d+\/v1\/roles\/production-bucket-read\/credentials as token \S+: 200, call [\w-]+, \d+ ms\n$/,
    );
    for (const secret of [SecretAccessKey, SessionToken, dev.env.LATCHKEY_TOKEN!]) expect(err).not.toContain(secret);
  });
});

describe('a busy server', () => {
  let busy: Server;
  const answers: Array<[number, Record<string, string>, string]> = [];
  const keys: unknown[] = [];
  beforeAll(async () => {
    busy = createServer((request, response) => {
      const [status, headers, body] = answers.shift() ?? [500, {}, ''];
      keys.push(request.headers['idempotency-key']);
      if (status === 0) return void request.on('end', () => request.socket.destroy()).resume();
      response.writeHead(status, headers).end(body);
    });
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => busy.close(resolve)));
  let command = ['roles'];
  beforeEach(() => {
    command = ['roles'];
  });
  const run = (...next: typeof answers) => {
    answers.splice(0, answers.length, ...next);
    keys.length = 0;
    const world = testWorld({
      env: { LATCHKEY_URL: `http://127.0.0.1:${(busy.address() as AddressInfo).port}`, LATCHKEY_TOKEN: 'a.b.c' },
    });
    return cli(world, ...command).then((ran) => ({ ...ran, slept: world.slept }));
  };
  const busyAnswer: (typeof answers)[number] = [
    503,
    { 'retry-after': '3' },
    JSON.stringify({ code: 'try-again', detail: 'Busy.', status: 503 }),
  ];

  test('is called again after its Retry-After', async () =>
    expect(await run(busyAnswer, [200, {}, '{"items":[]}'])).toMatchObject({ status: 0, slept: [3000] }));
  test('three times at most', async () =>
    expect(await run(busyAnswer, busyAnswer, busyAnswer)).toMatchObject({
      status: 11,
      slept: [3000, 3000],
      err: 'latchkey: Busy.\n  Try again in 3 s.\n',
    }));
  test('is not called again if the Retry-After is long', async () =>
    expect(await run([503, { 'retry-after': '60' }, ''])).toMatchObject({
      status: 11,
      slept: [],
      err: expect.stringMatching(/Try again in 60 s/),
    }));
  describe('that hangs up after it has completed the call', () => {
    const cut: (typeof answers)[number] = [0, {}, ''];
    const request = ['request', 'read', '--reason', 'Find the lost invoices', '--json'];
    test.each([
      ['a read', ['roles'], [200, {}, '{"items":[]}']],
      ['a filing', request, [201, {}, '{"id":"x","status":"pending"}']],
      ['a dry run', ['explain', 'read', '--json'], [200, {}, '{"outcome":"automatic"}']],
    ] as Array<[string, string[], (typeof answers)[number]]>)(
      '%s is asked again, as the same',
      async (_, args, answer) => {
        command = args;
        expect(await run(cut, answer)).toMatchObject({ status: 0, slept: [1000] });
        expect(keys).toHaveLength(2);
        expect(keys[0]).toBe(keys[1]);
        expect(keys[0] !== undefined).toBe(args === request);
      },
    );
    test('a decision is not retried', async () => {
      command = ['approve', '0'.repeat(26)];
      expect(await run(cut, cut)).toMatchObject({
        status: 11,
        slept: [],
        err: expect.stringMatching(/the connection broke/),
      });
    });
    test('three times at most', async () =>
      expect(await run(cut, cut, cut)).toMatchObject({ status: 11, slept: [1000, 2000] }));
  });
  test('is polled after its Retry-After while waiting for a decision, with one message', async () => {
    const pending = {
      id: '0'.repeat(26),
      status: 'pending',
      role: { id: 'read' },
      decideBy: '2099-01-01T00:00:00Z',
      approval: { stages: [] },
    };
    const waited = (...next: typeof answers) => run(...next).then(({ status, err, slept }) => ({ status, err, slept }));
    const down = [500, {}, ''] as (typeof answers)[number];
    command = ['show', pending.id, '--wait'];
    const looks = [
      [200, {}, JSON.stringify(pending)],
      [503, { 'retry-after': '60' }, ''],
      [429, { 'retry-after': '45' }, ''],
      down,
    ] as typeof answers;
    const ended = [200, {}, JSON.stringify({ ...pending, status: 'lapsed' })] as (typeof answers)[number];
    const { status, err, slept } = await waited(...looks, ended);
    expect([status, slept]).toEqual([9, [2000, 60_000, 45_000, 30_000]]);
    expect(err.match(/cannot answer now .* Still waiting\./g)).toHaveLength(1);
    // a server that never recovers is given up
    const lost = await waited(looks[0]!, ...Array.from({ length: 60 }, () => down));
    expect(lost).toMatchObject({
      status: 11,
      err: expect.stringMatching(/cannot answer now \(status 500\)\.\n {2}Try again in a moment\.\n$/),
    });
    expect(lost.slept).toHaveLength(40);
    // a permanent error is reported immediately
    expect(await waited(looks[0]!, [403, {}, '{"message":"Forbidden"}'])).toMatchObject({ status: 3, slept: [2000] });
  });
  test("the gateway's own answers", async () =>
    expect(await run([403, {}, '{"message":"Forbidden"}'])).toMatchObject({
      status: 3,
      err: expect.stringMatching(/did not accept this sign-in/),
    }));
  test('text of other people cannot control the terminal', async () => {
    const detail = 'The validator says "\u001b]0;x\u0007\u202eno".';
    const refused = await run([
      422,
      {},
      JSON.stringify({ code: 'refused-by-policy', title: 'x', detail, status: 422 }),
    ]);
    expect(refused).toMatchObject({ status: 6, err: 'latchkey: The validator says "]0;xno".\n' });
  });
  test('another server', async () => {
    const refused = await run([200, {}, 'hello']);
    expect(refused).toMatchObject({
      status: 2,
      err: expect.stringMatching(/did not answer like a Latchkey deployment \(status 200\)\.\n {2}Check the address/),
    });
    expect((await run([200, { 'content-type': 'text/html; charset=utf-8' }, '<html>'])).err).toMatch(
      /\n {2}The answer is a web page, perhaps from a proxy/,
    );
  });
});

describe('credentials', () => {
  test('prints only the document, with one call', async () => {
    const { id } = await granted();
    const ran = await cli(dev, 'credentials', role);
    expect(ran).toMatchObject({ status: 0, err: '' });
    expect(JSON.parse(ran.out)).toMatchObject({
      Version: 1,
      AccessKeyId: expect.stringMatching(/^ASIA/),
      RequestId: id,
      LimitedBy: expect.any(String),
    });
    expect((await cli(dev, 'credentials', role, '--debug')).err.match(/^debug: /gm)).toHaveLength(1);
    expect((await cli(dev, 'credentials', id, '--debug')).err.match(/^debug: /gm)).toHaveLength(1);
  });

  test('by role are those of the active grant', async () => {
    await granted();
    await cli(dev, 'credentials', role);
    await cli(await person('asi-dev@example.com'), 'end', role);
    expect(await cli(dev, 'credentials', role)).toMatchObject({ status: 8, out: '' });
    const { id } = await granted();
    expect(JSON.parse((await cli(dev, 'credentials', role)).out)).toMatchObject({ RequestId: id });
  });

  test('a pending, missing or ended request exits with 8, with the next step on stderr', async () => {
    expect(await cli(dev, 'credentials', role)).toMatchObject({
      status: 8,
      out: '',
      err: expect.stringMatching(/no active grant for production-bucket-read\.\n {2}Request one: latchkey request/),
    });
    await file();
    expect(await cli(dev, 'credentials', role)).toMatchObject({
      status: 8,
      out: '',
      err: expect.stringMatching(
        /still pending\. Waiting for Lena Park, Sam Okafor\. Deadline: in [\s\S]*Wait for it: latchkey show \w{26} --wait/,
      ),
    });
  });

  test('--request files and waits', async () => {
    dev.onSleep = async () => {
      const [{ id }] = bodyOf<{ items: [RequestView] }>(
        await cli(lead, 'requests', '--view', 'to-decide', '--json'),
      ).items;
      await cli(lead, 'approve', id);
      return undefined;
    };
    const ran = await cli(dev, 'credentials', role, '--request', '--reason', reason, '--for', '1h');
    expect(ran.status).toBe(0);
    expect(JSON.parse(ran.out)).toMatchObject({ Version: 1 });
  });

  test('--request waits for a request that is already pending', async () => {
    const { id } = await file();
    dev.onSleep = async () => void (await cli(lead, 'approve', id));
    const ran = await cli(dev, 'credentials', role, '--request', '--reason', reason);
    expect(ran).toMatchObject({
      status: 0,
      err: expect.stringContaining(`Your request ${id} for ${role} is already pending.`),
    });
    expect(JSON.parse(ran.out)).toMatchObject({ RequestId: id });
  });

  test('before the grant starts, exits with 8 and shows the start', async () => {
    await granted('--at', '+2h');
    for (const command of ['credentials', 'console'])
      expect(await cli(dev, command, role)).toMatchObject({
        status: 8,
        out: '',
        err: expect.stringMatching(/Your grant for production-bucket-read starts in (?:1 h 59 min|2 h)/),
      });
    await cli(dev, 'end', role);
  });

  test('are not shown on a terminal without --print', async () => {
    await granted();
    const terminal = Object.assign(dev, { outIsTerminal: true });
    expect(await cli(terminal, 'credentials', role)).toMatchObject({
      status: 2,
      out: '',
      err: expect.stringMatching(/stay in the scrollback/),
    });
    expect(await cli(terminal, 'env', role)).toMatchObject({ status: 2, out: '' });
    expect(await cli(terminal, 'credentials', role, '--print')).toMatchObject({ status: 0 });
  });

  test('--cache keeps a session in a file only for its owner, until shortly before it expires, and end removes it', async () => {
    await granted('--for', '2h');
    const first = await cli(dev, 'credentials', role, '--cache');
    const kept = join(dev.home, '.cache/latchkey/sessions', `${role}.json`);
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    expect((await cli(dev, 'credentials', role, '--cache', '--debug')).err).toBe('');
    expect((await cli(dev, 'credentials', role, '--cache')).out).toBe(first.out);

    const later = testWorld({ ...dev, now: () => Date.now() + 56 * MINUTE });
    expect((await cli(later, 'credentials', role, '--cache')).out).not.toBe(first.out);
    const somebodyElse = await person('second-dev@example.com', { home: dev.home });
    expect(await cli(somebodyElse, 'credentials', role, '--cache')).toMatchObject({ status: 8 });
    await cli(dev, 'end', role);
    expect(readdirSync(join(dev.home, '.cache/latchkey/sessions'))).toEqual([]);
  });

  test('a session kept for another role, or by a version that did not record the role, is ignored', async () => {
    await granted();
    const first = JSON.parse((await cli(dev, 'credentials', role, '--cache')).out) as CredentialsView;
    const path = join(dev.home, '.cache/latchkey/sessions', `${role}.json`);
    for (const target of ['production-bucket-Read', undefined]) {
      const kept = JSON.parse(readFileSync(path, 'utf8')) as object;
      writeFileSync(path, JSON.stringify({ ...kept, target, credentials: { ...first, AccessKeyId: 'ASIAOTHERROLE' } }));
      const { out } = await cli(dev, 'credentials', role, '--cache');
      expect((JSON.parse(out) as CredentialsView).AccessKeyId).not.toBe('ASIAOTHERROLE');
    }
  });

  test('a damaged kept session is ignored with a warning', async () => {
    await granted();
    await cli(dev, 'credentials', role, '--cache');
    const path = join(dev.home, '.cache/latchkey/sessions/production-bucket-read.json');
    writeFileSync(path, '{"half');
    const ran = await cli(dev, 'credentials', role, '--cache');
    expect(ran).toMatchObject({ status: 0, err: expect.stringContaining(`${path} is damaged and is ignored`) });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(expect.any(Object));
    expect((await cli(dev, 'credentials', role, '--cache')).err).toBe('');
  });
});

describe('a machine', () => {
  const machine = (env: Record<string, string>, given: Partial<TestWorld> = {}) =>
    testWorld({ ...given, env: { LATCHKEY_URL: server.url, ...env } });
  const isServer = expect.objectContaining({ principal: 'arn:aws:iam::222222222222:role/asi-dev-server', via: 'iam' });
  const who = async (world: TestWorld) => bodyOf(await cli(world, 'whoami', '--json'));

  test('signs with the environment', async () =>
    expect(await who(machine(keysOf('role/asi-dev-server')))).toEqual(isServer));
  test('an invalid secret', async () =>
    expect(
      await cli(machine({ ...keysOf('role/asi-dev-server'), AWS_SECRET_ACCESS_KEY: 'wrong' }), 'whoami'),
    ).toMatchObject({
      status: 3,
      err: expect.stringMatching(/aws sts get-caller-identity/),
    }));
  test('files, is approved and gets its session, with a signed query', async () => {
    const box = machine(keysOf('role/asi-dev-server'));
    const { id } = bodyOf<RequestView>(await cli(box, 'request', role, '--reason', reason, '--json'));
    await cli(lead, 'approve', id);
    expect(JSON.parse((await cli(box, 'credentials', role)).out)).toMatchObject({ Version: 1, RequestId: id });
    expect((await cli(box, 'end', role)).status).toBe(0);
  });
});

describe('env, exec, console', () => {
  test.each([
    [
      'bash',
      /^(?:unset \w+\n)+export AWS_ACCESS_KEY_ID='ASIA\w+'\nexport AWS_SECRET_ACCESS_KEY='[^']+'\nexport AWS_SESSION_TOKEN='[^']+'\nexport AWS_CREDENTIAL_EXPIRATION='[^']+'\nexport AWS_ACCOUNT_ID='111111111111'\n$/,
    ],
    ['zsh', /\nexport AWS_ACCESS_KEY_ID='ASIA\w+'\n/],
    ['sh', /\nexport AWS_ACCESS_KEY_ID='ASIA\w+'\n/],
    ['fish', /^(?:set -e \w+\n)+set -gx AWS_ACCESS_KEY_ID 'ASIA\w+'\n/],
    ['powershell', /^(?:\$Env:\w+ = \$null\n)+\$Env:AWS_ACCESS_KEY_ID = 'ASIA\w+'\n/],
  ])('env for %s, without the variables that would come before them', async (shell, lines) => {
    await granted();
    const ran = await cli(dev, 'env', role, '--shell', shell);
    expect(ran).toMatchObject({
      status: 0,
      out: expect.stringMatching(lines),
      err: expect.stringMatching(/they expire in /),
    });
    for (const name of ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE', 'AWS_SECURITY_TOKEN'])
      expect(ran.out).toMatch(new RegExp(`(unset |set -e |Env:)${name}( = .null)?\n`));
  });

  test('env as JSON', async () => {
    await granted();
    expect(bodyOf<CredentialsView>(await cli(dev, 'env', role, '--json'))).toMatchObject({
      Version: 1,
      SessionToken: expect.any(String),
    });
  });

  test('detects the shell', async () => {
    await granted();
    expect((await cli(testWorld({ ...dev, env: { ...dev.env, SHELL: '/usr/bin/fish' } }), 'env', role)).out).toMatch(
      /^set -e /,
    );
    expect((await cli(testWorld({ ...dev, platform: 'win32' }), 'env', role)).out).toMatch(/^\$Env:/);
  });

  /** The child reports through its exit status, because its streams are the terminal's. */
  const seen = (world: TestWorld, script: string, ...more: string[]) =>
    cli(world, 'exec', role, ...more, '--', process.execPath, '-e', script);

  test('exec: plain variables when the grant ends with the session, and no other credentials', async () => {
    await granted('--for', '30m');
    const world = testWorld({ ...dev, env: { ...dev.env, AWS_PROFILE: 'mine', AWS_SECURITY_TOKEN: 'x' } });
    const script = `const e = process.env; process.exit(e.AWS_ACCESS_KEY_ID.startsWith('ASIA') && e.AWS_SESSION_TOKEN && !e.AWS_PROFILE && !e.AWS_SECURITY_TOKEN && !e.LATCHKEY_TOKEN ? 42 : 1)`;
    expect((await seen(world, script)).status).toBe(42);
  });

  test.each([['--static'], []])(
    'exec: no other place of credentials, and the account of the grant (%s)',
    async (...options) => {
      await granted('--for', '2h');
      const foreign = {
        AWS_ACCOUNT_ID: '999999999999',
        BOTO_CONFIG: '/home/x/.boto',
        BOTO_PATH: '/home/x/.boto',
        AWS_CREDENTIAL_FILE: '/home/x/keys',
        AWS_SECRET_KEY: 'x',
        AWS_BEARER_TOKEN_BEDROCK: 'x',
      };
      const world = testWorld({ ...dev, env: { ...dev.env, ...foreign } });
      const script = `const { AWS_ACCOUNT_ID, BOTO_CONFIG, BOTO_PATH, AWS_CREDENTIAL_FILE, AWS_SECRET_KEY, AWS_BEARER_TOKEN_BEDROCK } = process.env;
      process.exit(AWS_ACCOUNT_ID === '111111111111' && BOTO_CONFIG === '/dev/null' && !BOTO_PATH && !AWS_CREDENTIAL_FILE && !AWS_SECRET_KEY && !AWS_BEARER_TOKEN_BEDROCK ? 42 : 1)`;
      expect((await seen(world, script, ...options)).status).toBe(42);
    },
  );

  test('exec: an endpoint that requires its token if the grant is longer than the session, and no default profile that takes precedence', async () => {
    await granted('--for', '2h');
    mkdirSync(join(dev.home, '.aws'));
    writeFileSync(
      join(dev.home, '.aws/config'),
      '[default]\nregion = eu-west-1\nrole_arn = a\n[profile b]\nrole_arn = c\n',
    );
    const script = `
      const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url, AWS_CONTAINER_AUTHORIZATION_TOKEN: token, AWS_CONFIG_FILE: file, AWS_ACCESS_KEY_ID: key } = process.env;
      const config = require('node:fs').readFileSync(file, 'utf8');
      const without = await fetch(url);
      const elsewhere = await fetch(url.replace('credentials', 'x'), { headers: { authorization: token } });
      const { AccessKeyId, Token, Expiration, AccountId } = await (await fetch(url, { headers: { authorization: token } })).json();
      process.exit(without.status === 403 && elsewhere.status === 404 && AccessKeyId.startsWith('ASIA') && Token && Expiration && AccountId === '111111111111' && key === undefined &&
        config === '[default]\\nregion = eu-west-1\\n[profile b]\\nrole_arn = c\\n' ? 42 : 1);`;
    expect((await seen(dev, `(async () => {${script}})()`)).status).toBe(42);
    expect((await seen(dev, 'process.exit(process.env.AWS_ACCESS_KEY_ID ? 42 : 1)', '--static')).status).toBe(42);
  });

  test('exec: exits with the status of the child', async () => {
    await granted();
    expect((await seen(dev, 'process.exit(0)')).status).toBe(0);
    expect((await seen(dev, "process.kill(process.pid, 'SIGTERM')")).status).toBe(143);
  });

  test('console: opened, or printed', async () => {
    await granted();
    const printed = await cli(dev, 'console', role, '--service', 's3', '--print');
    expect(new URL(printed.out.trim()).searchParams.get('Destination')).toBe('https://console.aws.amazon.com/s3/home');
    expect(bodyOf(await cli(dev, 'console', role, '--path', '/ec2/home', '--json'))).toMatchObject({
      url: expect.any(String),
      sessionExpiresAt: expect.any(String),
    });
    const destinationOf = async (path: string) => {
      const ran = await cli(dev, 'console', role, '--path', path, '--print');
      return ran.status === 0 ? new URL(ran.out.trim()).searchParams.get('Destination') : ran;
    };
    expect(await destinationOf('/s3/a b/\u00fc\\%20?x=y z#k')).toBe(
      'https://console.aws.amazon.com/s3/a%20b/%C3%BC%5C%20?x=y%20z#k',
    );
    expect(await destinationOf('https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters')).toBe(
      'https://console.aws.amazon.com/ecs/v2/clusters?region=eu-west-1',
    );
    expect(await destinationOf('https://console.amazonaws-us-gov.com/s3/home')).toMatchObject({
      status: 2,
      err: expect.stringContaining('The console of this role is at https://console.aws.amazon.com.'),
    });
    const opened = await cli(testWorld({ ...dev, env: { ...dev.env, BROWSER: 'true' } }), 'console', role);
    expect(opened).toMatchObject({ status: 0, out: '' });
  });
  test.each([
    ['prints the URL at a yes', 'yes', 0, /^https:\/\/signin\.aws\.amazon\.com\/federation\?.*\n$/, /session ends/],
    ['prints nothing at a no', '', 130, /^$/, /^latchkey: Nothing was opened or printed\.\n.*--print\n$/],
    [
      'names --print where nobody can be asked',
      undefined,
      1,
      /^$/,
      /^latchkey: No browser could be opened here\.\n.*--print\n$/,
    ],
  ])('without a browser it %s', async (_, answer, status, out, err) => {
    await granted();
    const world = testWorld({ ...dev, env: { ...dev.env, BROWSER: 'false' }, ask: async () => answer });
    expect(await cli(world, 'console', role)).toEqual({
      status,
      out: expect.stringMatching(out),
      err: expect.stringMatching(err),
    });
  });
});

describe('configure', () => {
  const path = () => join(dev.home, '.aws/config');
  const text = () => readFileSync(path(), 'utf8');

  test('writes a profile, shows the change, and does nothing the second time', async () => {
    const ran = await cli(dev, 'configure', role, '--region', 'eu-west-1', '--cache');
    expect(ran.out).toBe(
      `--- ${path()}\n+++ ${path()}\n+[profile ${role}]\n+credential_process = latchkey credentials ${role} --cache\n+region = eu-west-1\n`,
    );
    expect(text()).toBe(
      `[profile ${role}]\ncredential_process = latchkey credentials ${role} --cache\nregion = eu-west-1\n`,
    );
    expect((await cli(dev, 'configure', role, '--region', 'eu-west-1', '--cache')).out).toBe(
      `${path()} already has this profile. Nothing to change.\n`,
    );
  });

  test('--absolute writes paths that need no PATH', async () => {
    const self = (isAbsolute = false) => (isAbsolute ? ['/opt/node', '/opt/latchkey.js'] : ['latchkey']);
    const ran = await cli(testWorld({ ...dev, self }), 'configure', role, '--absolute', '--dry-run');
    expect(ran.out).toContain(`+credential_process = /opt/node /opt/latchkey.js credentials ${role}\n`);
  });

  test('keeps mode, link and everything else; leaves no draft or lock behind', async () => {
    mkdirSync(join(dev.home, '.aws'));
    mkdirSync(join(dev.home, 'dotfiles'));
    const real = join(dev.home, 'dotfiles/aws');
    const before = '# mine\r\n[default]\r\nregion = x\r\n';
    writeFileSync(real, before);
    chmodSync(real, 0o640);
    symlinkSync(real, path());
    await cli(dev, 'configure', role, '--profile', 'bucket');
    expect(readFileSync(real, 'utf8')).toBe(
      `${before}\r\n[profile bucket]\r\ncredential_process = latchkey credentials ${role}\r\n`,
    );
    expect([statSync(real).mode & 0o777, lstatSync(path()).isSymbolicLink()]).toEqual([0o640, true]);
    expect([readdirSync(join(dev.home, '.aws')), readdirSync(join(dev.home, 'dotfiles'))]).toEqual([
      ['config'],
      ['aws'],
    ]);
  });

  test('two at the same time both write their profile', async () => {
    const world = () => testWorld({ ...dev, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) });
    await Promise.all(['a', 'b', 'c', 'd'].map((profile) => cli(world(), 'configure', role, '--profile', profile)));
    expect(text().match(/^\[profile [abcd]\]$/gm)).toHaveLength(4);
  });

  test('--dry-run only shows the change, and requires no write permission', async () => {
    expect((await cli(dev, 'configure', role, '--dry-run')).out).toContain('+[profile');
    expect(existsSync(path())).toBe(false);
    // a lock of another process prevents writing
    mkdirSync(join(dev.home, '.aws'));
    writeFileSync(`${path()}.latchkey-lock`, `${process.pid} ${hostname()}`);
    expect((await cli(dev, 'configure', role, '--dry-run')).out).toContain('+[profile');
  });

  test.each([
    [
      'config',
      `[profile x]\nregion = a\nRegion = b\n`,
      /^latchkey: Line 3 of \S+config sets "region" again .*Nothing was changed\.$/m,
    ],
    [
      'config',
      Buffer.from('[profile x]\ncli_pager = \u00e4\n', 'latin1'),
      /^latchkey: Line 2 of \S+config is not UTF-8\./m,
    ],
    [
      'credentials',
      'aws_access_key_id = a\n',
      /^latchkey: Line 1 of \S+credentials comes before the first section heading/m,
    ],
  ])('refuses a damaged ~/.aws/%s, and says what to write by hand', async (file, content, why) => {
    mkdirSync(join(dev.home, '.aws'));
    writeFileSync(join(dev.home, '.aws', file), content);
    const { status, err } = await cli(dev, 'configure', role, '--region', 'eu-west-1');
    expect([status, err]).toEqual([2, expect.stringMatching(why)]);
    expect(err).toContain(
      `  Or write these lines by hand:\n  [profile ${role}]\n  credential_process = latchkey credentials ${role}\n  region = eu-west-1\n`,
    );
    expect(readFileSync(join(dev.home, '.aws', file))).toEqual(Buffer.from(content));
  });

  test('says which line of ~/.aws/credentials the AWS tools would use instead', async () => {
    mkdirSync(join(dev.home, '.aws'));
    writeFileSync(join(dev.home, '.aws/credentials'), `[${role}]\naws_access_key_id = AKIASTATIC\n`);
    expect(await cli(dev, 'configure', role)).toMatchObject({
      status: 2,
      err: expect.stringMatching(/in \S+\/\.aws\/credentials already .*\(aws_access_key_id on line 2\)/),
    });
    expect(existsSync(path())).toBe(false);
  });

  test('does not change a profile with its own credentials', async () => {
    mkdirSync(join(dev.home, '.aws'));
    writeFileSync(path(), `[profile ${role}]\nsso_session = x\n`);
    expect(await cli(dev, 'configure', role)).toMatchObject({
      status: 2,
      err: expect.stringMatching(/\(sso_session on line 2\)[\s\S]*Nothing was changed\.\n {2}Choose another name/),
    });
    expect(text()).toBe(`[profile ${role}]\nsso_session = x\n`);
  });

  test('an unknown role makes no profile, unless Latchkey cannot be called', async () => {
    expect(await cli(dev, 'configure', 'sandbx-read')).toMatchObject({
      status: 4,
      out: '',
      err: expect.stringMatching(/Did you mean sandbox-read\?/),
    });
    expect(existsSync(path())).toBe(false);
    for (const env of [
      { LATCHKEY_URL: 'http://localhost:9' },
      { LATCHKEY_TOKEN: 'x.y.z' },
      { LATCHKEY_URL: undefined },
    ]) {
      const world = testWorld({ ...dev, env: { ...dev.env, ...env } });
      expect(await cli(world, 'configure', 'sandbx-read', '--dry-run')).toMatchObject({
        status: 0,
        out: expect.stringMatching(/\+\[profile sandbx-read\]/),
      });
    }
  });

  test('reports that it cannot write', async () => {
    writeFileSync(join(dev.home, '.aws'), 'a file');
    expect(await cli(dev, 'configure', role)).toMatchObject({
      status: 2,
      err: expect.stringMatching(
        /cannot be written .*\n {2}Check the permissions.*\n {2}Or write these lines by hand:\n {2}\[profile/,
      ),
    });
  });
});

describe('setup', () => {
  test('reads the deployment, and every command uses its URL from then on', async () => {
    const world = testWorld({ env: { LATCHKEY_TOKEN: dev.env.LATCHKEY_TOKEN! } });
    expect(await cli(world, 'setup', `${server.url}/`)).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^Saved http:\/\/localhost:\d+ to \S+\.\nSign in: latchkey login\n/),
    });
    const path = join(world.home, '.config/latchkey/config.json');
    const settings = {
      url: server.url,
      issuer: `${server.url}/local/oidc`,
      scope: 'latchkey',
      stepUp: { acr_values: 'mfa' },
      clientId: 'latchkey-cli',
    };
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(settings);
    expect((await cli(world, 'whoami')).status).toBe(0);
    expect((await cli(world, 'setup', server.url, '--client-id', 'mine', '--json')).out).toContain(
      '"clientId": "mine"',
    );
  });
  test('a configuration in another encoding is an error with line and column', async () => {
    const path = join(dev.home, '.config/latchkey/config.json');
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, Buffer.from('{}', 'utf16le'));
    for (const args of [['whoami'], ['setup', server.url]])
      expect(await cli(dev, ...args)).toMatchObject({
        status: 2,
        err: expect.stringContaining(`${path}:1:1 is UTF-16, not UTF-8`),
      });
  });
  test('saves no URL that is not a Latchkey deployment', async () => {
    const world = testWorld();
    expect(await cli(world, 'setup', `${server.url}/local`)).toMatchObject({
      status: 2,
      err: expect.stringMatching(/did not answer like a Latchkey deployment/),
    });
    expect(await cli(world, 'setup', 'http://localhost:9')).toMatchObject({
      status: 11,
      err: expect.stringMatching(/connection refused/),
    });
    for (const [address, next] of [
      ['http://example.com', 'Example: https://latchkey.example.com'],
      ['example.com/latchkey', 'Did you mean https://example.com/latchkey?'],
      ['localhost:3000', 'Did you mean http://localhost:3000?'],
    ])
      expect(await cli(world, 'setup', address!)).toMatchObject({
        status: 2,
        err: expect.stringContaining(`\n  ${next}\n`),
      });
    expect(existsSync(join(world.home, '.config'))).toBe(false);
  });
});

describe('help', () => {
  test('lists every command', async () => {
    const { status, out } = await cli(testWorld(), 'help');
    expect(status).toBe(0);
    for (const { name } of await allCommands()) expect(out).toContain(`\n  ${name} `);
  });
  test('of each command, in both ways', async () => {
    for (const { name } of await allCommands()) {
      const { status, out } = await cli(testWorld(), name, '--help');
      expect([status, out]).toEqual([0, (await cli(testWorld(), 'help', name)).out]);
      expect(out).toMatch(new RegExp(`^[^\n]+[.]\n[^]*\nUsage: latchkey ${name}`));
    }
  });
  test('no command is a usage error', async () =>
    expect(await cli(testWorld())).toMatchObject({ status: 2, out: expect.stringMatching(/^Temporary access/) }));
  test.each(['version', '--version', '-V', '-v'])('%s', async (asked) =>
    expect(await cli(testWorld(), asked)).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^latchkey \d+\.\d+\.\d+\n$/),
    }),
  );
  test('docs/cli.md matches the commands', async () =>
    expect(readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8')).toBe(
      cliDocument(await allCommands()),
    ));
});

test('a wrong clock is reported once per command', async () => {
  const late = testWorld({ ...dev, now: () => Date.now() - 3 * HOUR });
  const { status, err } = await cli(late, 'configure', role, '--dry-run');
  expect([status, err]).toEqual([
    0,
    'latchkey: the clock of this machine is 3 h behind; times shown are off by as much.\n',
  ]);
  expect((await cli(testWorld({ ...dev, now: () => Date.now() + MINUTE }), 'whoami')).err).toBe('');
});

test('credentials are refused after the end of the grant', async () => {
  await granted('--for', '1h');
  try {
    await moveClock({ advance: '61m' });
    expect(await cli(testWorld({ ...dev, now: () => Date.now() + HOUR + MINUTE }), 'credentials', role)).toMatchObject({
      status: 8,
      out: '',
    });
  } finally {
    await moveClock({ reset: true });
  }
});
