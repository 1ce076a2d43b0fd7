// The pure parts of the command line: arguments, the two kinds of files that it edits, signatures, words.
import { Sha256 } from '@aws-crypto/sha256-js';
import { describe, expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { regionOfUrl } from '../../cli/api/aws-signer.ts';
import { signedHeaders } from '../../cli/api/sigv4.ts';
import { pathOfAddress } from '../../cli/aws/console-destination.ts';
import { exitOf, exits, Failure } from '../../cli/machine/exit.ts';
import { sessionPath } from '../../cli/machine/places.ts';
import { command } from '../../cli/options/command.ts';
import { parseConfig, withSettings } from '../../cli/options/config-file.ts';
import { checkedUrl } from '../../cli/options/settings.ts';
import { readArguments } from '../../cli/program/arguments.ts';
import { requestText } from '../../cli/text/request-text.ts';
import { roleText } from '../../cli/text/role-text.ts';
import { painter, plain, roughly, table, timesOf, when } from '../../cli/text/terminal-text.ts';
import { probablyMeant } from '../../lib/common/suggestion.ts';
import { requestView, roleView } from '../../lib/http/view.ts';
import { problemTable } from '../../lib/model/problem-table.ts';
import type { RequestRecord } from '../../lib/model/schema.ts';
import { testWorld } from '../support/cli.ts';
import { record, start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const times = { now: start, offsetAt: () => 0 };
const failure = (exit: string, message: RegExp) =>
  expect.objectContaining({ name: 'Failure', exit, message: expect.stringMatching(message) });
const thrownBy = (work: () => unknown): unknown => {
  try {
    return { returned: work() };
  } catch (error) {
    return error;
  }
};

describe('arguments', () => {
  const sample = command({
    name: 'sample',
    group: 'Use it',
    summary: 'for the test',
    positionals: [{ name: 'ROLE', summary: '' }],
    options: { for: { type: 'text', placeholder: '2h', summary: '' }, wait: { type: 'flag', summary: '' } },
    rest: { name: 'COMMAND', summary: '' },
    examples: [],
    run: async () => 0,
  });
  const read = (...args: string[]) => readArguments(sample, args);

  test('options before, behind and between, with = or without', () => {
    expect(read('--for', '2h', 'role', '--wait')).toMatchObject({
      positionals: ['role'],
      options: { for: '2h', wait: true, json: false },
    });
    expect(read('role', '--for=a=b')).toMatchObject({ options: { for: 'a=b', wait: false } });
  });
  test('arguments after -- are not parsed', () =>
    expect(read('role', '--', 'ls', '--wait')).toMatchObject({ options: { wait: false }, rest: ['ls', '--wait'] }));
  test.each(['--help', '-h'])('help needs nothing else: %s', (flag) =>
    expect(read(flag)).toMatchObject({ options: { help: true } }),
  );
  test.each([
    [[], /ROLE is required/],
    [['a', 'b'], /Put -- before the command to run/],
    [['a', '--weit'], /Unknown flag --weit for "latchkey sample". Did you mean --wait\?/],
    [['a', '-w'], /Unknown flag -w for/],
    [['a', '--for'], /--for requires a value: 2h/],
    [['a', '--for', '--wait'], /--for requires a value/],
    [['a', '--wait=yes'], /--wait does not take a value/],
    [['a', '--auth', 'magic'], /--auth must be one of auto, token, login, aws/],
    [['a', '--__proto__', 'x'], /Unknown flag --__proto__ for/],
  ])('%j is refused', (args, message) => expect(thrownBy(() => read(...args))).toEqual(failure('usage', message)));
});

describe('a suggestion', () => {
  const roles = ['production-bucket-read', 'production-app-write', 'sandbox-read'];
  test.each([
    ['production-bucket-reed', 'production-bucket-read'],
    ['prodcution-app-write', 'production-app-write'],
    ['sandbox', 'sandbox-read'],
    ['production', undefined],
    ['zzz', undefined],
    ['', undefined],
  ])('%s -> %s', (given, meant) => expect(probablyMeant(given, roles)).toBe(meant));
});

describe('the configuration file', () => {
  const text = JSON.stringify({
    url: 'https://a.example.com',
    auth: 'aws',
    scope: "it's",
    region: '',
    loginPorts: [8765],
  });

  test('gives its settings, and nothing for an empty text', () => {
    expect(parseConfig(text, 'f').values).toEqual({
      url: 'https://a.example.com',
      auth: 'aws',
      scope: "it's",
      loginPorts: [8765],
    });
    expect(parseConfig(undefined, 'f').values).toEqual({});
  });
  test.each([
    ['{"url": "secret-canary', /^f is not valid JSON/],
    ['{\n"url": "a"\n"secret-canary": 1}', /^f is not valid JSON \(line 3 column 1\)/],
    ['', /^f is not valid JSON/],
    ['["secret-canary"]', /^f is not a JSON object/],
    ['{"url": 1}', /^f: "url" must be a string/],
    ['{"loginPorts": [0]}', /^f: "loginPorts" must be a list of ports/],
    ['{"loginPorts": "8765"}', /^f: "loginPorts" must be a list of ports/],
    ['{"stepUp": {"acr_values": 1}}', /^f: "stepUp" must be an object of strings/],
    ['{"signInParameters": ["a"]}', /^f: "signInParameters" must be an object of strings/],
  ])('%j is refused, and not quoted', (broken, message) => {
    const thrown = thrownBy(() => parseConfig(broken, 'f'));
    expect(thrown).toEqual(failure('usage', message));
    expect(String(thrown)).not.toContain('canary');
  });
  test('an unknown member is a warning', () => {
    const { values, warnings } = parseConfig('{"urll": "x", "url": "https://a.example.com", "__proto__": 1}', 'f');
    expect(values).toEqual({ url: 'https://a.example.com' });
    expect(warnings).toEqual([
      'f: unknown setting "urll" is ignored. Did you mean "url"?',
      'f: unknown setting "__proto__" is ignored.',
    ]);
  });
  test('a change keeps everything else, and the last of duplicate members', () => {
    const changed = withSettings(parseConfig('{"url": "a", "mine": {"b": 1}, "url": "b"}', 'f'), { url: 'c' });
    expect(JSON.parse(changed)).toEqual({ url: 'c', mine: { b: 1 } });
    expect(changed.match(/"url"/g)).toHaveLength(1);
  });
});

describe('a console URL becomes a path', () => {
  const arn = 'arn:aws:iam::111111111111:role/read';
  test.each([
    ['https://console.aws.amazon.com/s3/home?region=us-east-1#x', arn, '/s3/home?region=us-east-1#x'],
    [
      'https://eu-west-1.console.aws.amazon.com/ec2/home?x=y#Instances:',
      arn,
      '/ec2/home?x=y&region=eu-west-1#Instances:',
    ],
    [
      'https://111111111111-abcd1234.eu-west-1.console.aws.amazon.com/ec2/?region=eu-west-2',
      arn,
      '/ec2/?region=eu-west-2',
    ],
    ['https://s3.console.aws.amazon.com/s3/buckets/a', arn, '/s3/buckets/a'],
    [
      'https://us-gov-west-1.console.amazonaws-us-gov.com/s3',
      arn.replace('aws', 'aws-us-gov'),
      '/s3?region=us-gov-west-1',
    ],
    ['https://console.amazonaws.cn/', arn.replace('aws', 'aws-cn'), '/'],
  ])('%s', (address, of, path) => expect(pathOfAddress(address, of)).toBe(path));

  test.each([
    'http://console.aws.amazon.com/s3',
    'https://console.aws.amazon.com:8443/s3',
    'https://me@console.aws.amazon.com/s3',
    'https://console.aws.amazon.com.evil.example/s3',
    'https://evilconsole.aws.amazon.com/s3',
    'https://evil.console.aws.amazon.com/s3',
    'https://console.amazonaws.cn/s3',
    'https://signin.aws.amazon.com/federation',
    's3/home',
    '',
  ])('%j is not one', (address) =>
    expect(() => pathOfAddress(address, arn)).toThrow('is not a valid AWS console path or URL'),
  );

  test('a URL of another account is refused', () =>
    expect(() => pathOfAddress('https://222222222222-abcd1234.console.aws.amazon.com/', arn)).toThrow(
      'This URL is for account 222222222222, but the role is in account 111111111111.',
    ));
});

describe('signatures', () => {
  const keys = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token/+=' };
  const now = Date.UTC(2026, 10, 23, 7, 0, 1);
  test.each([
    {
      method: 'GET',
      url: 'https://a.execute-api.eu-west-1.amazonaws.com/iam/v1/requests?view=mine&role=a.b@c&limit=10&cursor=a%2Bb%20c%2F%3D',
    },
    { method: 'POST', url: 'http://localhost:3000/base%20path/iam/v1/requests', body: '{"reason":"ünï"}' },
  ])('$method $url is signed as the SDK signs it', async ({ method, url, ...body }) => {
    const { hostname, host, protocol, pathname, searchParams } = new URL(url);
    const signer = new SignatureV4({
      service: 'execute-api',
      region: 'eu-west-1',
      credentials: keys,
      sha256: Sha256,
      applyChecksum: false,
    });
    const signed = await signer.sign(
      {
        method,
        protocol,
        hostname,
        path: pathname,
        query: Object.fromEntries(searchParams),
        headers: { host },
        ...body,
      },
      { signingDate: new Date(now) },
    );
    const { authorization, ...rest } = signedHeaders({ method, url, ...body }, keys, 'eu-west-1', now);
    expect(authorization).toBe(signed.headers.authorization);
    expect(rest).toEqual({ 'x-amz-date': '20261123T070001Z', 'x-amz-security-token': 'token/+=' });
  });
  test('the region of an API', () => {
    expect(regionOfUrl('https://a.execute-api.eu-west-1.amazonaws.com')).toBe('eu-west-1');
    expect(regionOfUrl('https://a.execute-api.eusc-de-east-1.amazonaws.eu')).toBe('eusc-de-east-1');
    expect(regionOfUrl('https://latchkey.example.com')).toBeUndefined();
  });
});

describe('text for a terminal', () => {
  const now = Date.UTC(2026, 10, 23, 10, 0, 0);
  test.each([
    ['2026-11-23T10:42:29Z', 'in 42 min (23 Nov 2026, 10:42 UTC)'],
    ['2026-11-23T10:42:30Z', 'in 43 min (23 Nov 2026, 10:42 UTC)'],
    ['2026-11-23T17:59:59Z', 'in 8 h (23 Nov 2026, 17:59 UTC)'],
    ['2026-11-24T09:59:40Z', 'in 1 d (24 Nov 2026, 09:59 UTC)'],
    ['2026-11-23T08:30:00Z', '1 h 30 min ago (23 Nov 2026, 08:30 UTC)'],
    ['2026-11-25T12:31:00Z', 'in 2 d 3 h (25 Nov 2026, 12:31 UTC)'],
    ['2026-11-23T10:00:30Z', 'in 30 s (23 Nov 2026, 10:00 UTC)'],
  ])('%s is %s', (instant, text) => expect(when(instant, { now, offsetAt: () => 0 })).toBe(text));
  test.each([
    [60, '2026-11-23T10:30:00Z', 'in 30 min (23 Nov 2026, 11:30 +01:00 / 10:30 UTC)'],
    [-300, '2026-11-23T10:30:00Z', 'in 30 min (23 Nov 2026, 05:30 -05:00 / 10:30 UTC)'],
    [330, '2026-11-23T20:00:00Z', 'in 10 h (24 Nov 2026, 01:30 +05:30 / 23 Nov 2026, 20:00 UTC)'],
  ])('in a zone of %d minutes', (offset, instant, text) =>
    expect(when(instant, { now, offsetAt: () => offset })).toBe(text),
  );
  test('the time zone is shown only on a terminal', () => {
    const offsets = [true, false].map((outIsTerminal) =>
      timesOf(testWorld({ outIsTerminal, offsetAt: () => 60 })).offsetAt(now),
    );
    expect(offsets).toEqual([60, 0]);
  });
  test('no time at all', () => expect(roughly(0)).toBe('0 s'));
  test("other people's text cannot control the terminal", () =>
    expect(plain('a\u001b]0;x\u0007\u202e\n  b')).toBe('a]0;x b'));
  test('colours are used only on a terminal, and never with NO_COLOR', () => {
    const painted = (env: Record<string, string>, outIsTerminal: boolean) =>
      painter(testWorld({ env, outIsTerminal }))('red', 'x');
    expect([
      painted({}, true),
      painted({}, false),
      painted({ NO_COLOR: '1' }, true),
      painted({ NO_COLOR: '' }, true),
      painted({ TERM: 'dumb' }, true),
    ]).toEqual(['\u001b[31mx\u001b[0m', 'x', 'x', '\u001b[31mx\u001b[0m', 'x']);
  });
  test('a table becomes paragraphs if it does not fit', () => {
    const shown = (room?: number) =>
      table(
        (_, text) => text,
        ['A', 'LONGER', 'B'],
        [
          ['xyz', '1', ''],
          ['uvw', '', '22'],
        ],
        room,
      );
    expect([shown(), shown(15)]).toEqual(Array(2).fill('A    LONGER  B\nxyz  1\nuvw          22\n'));
    expect(shown(14)).toBe('xyz\n  Longer  1\n\nuvw\n  B       22\n');
  });
});

test('sessions of two roles are never kept in one file, even if file names are case-insensitive', () => {
  const names = [
    'read',
    'Read',
    'READ',
    '_0052ead',
    'read@prod',
    'read@Prod',
    'read_0040prod',
    'ab',
    'a-b',
    'a_b',
    'a.b',
  ];
  const paths = names.map((name) => sessionPath({ env: {}, home: '/home/dev' }, name).toLowerCase());
  expect(new Set(paths).size).toBe(names.length);
});

test('a request shows what its role can do beyond the session, one line each', () => {
  const reaching = record({ role: { ...record().role, reaches: ['ecs', 'states'] } });
  const linesOf = (request: RequestRecord) =>
    requestText((_colour, text) => text, requestView(catalogueOf(), request, start), times)
      .split('\n')
      .filter((line) => line.includes('It can also'));
  expect(linesOf(reaching)).toEqual([
    '  It can also   open shells in ECS containers, with the role of the task (ecs)',
    '  It can also   change what Step Functions state machines do, which act by their own roles (states)',
  ]);
  expect(linesOf(record())).toEqual([]);
});

describe('addresses', () => {
  test.each([
    ['https://a.example.com/', 'https://a.example.com'],
    ['https://a.example.com/base/', 'https://a.example.com/base'],
    ['http://localhost:3000', 'http://localhost:3000'],
  ])('%s', (given, url) => expect(checkedUrl(given)).toBe(url));
  test.each([
    'http://a.example.com',
    'ftp://localhost',
    'a.example.com',
    'https://u:p@a.example.com',
    'https://a.example.com?x',
    'https://a.example.com#x',
  ])('%s would send secrets astray', (given) =>
    expect(thrownBy(() => checkedUrl(given))).toEqual(failure('usage', /must be an https URL/)),
  );
});

describe('exit statuses', () => {
  test('every error of the API has one', () =>
    expect(Object.keys(exitOf).sort()).toEqual(Object.keys(problemTable).sort()));
  test('are unique', () =>
    expect(new Set(Object.values(exits).map(({ status }) => status)).size).toBe(Object.keys(exits).length));
  test('a failure is an error with an end', () =>
    expect(new Failure('usage', 'x')).toMatchObject({ exit: 'usage', next: [], message: 'x' }));
});

describe('a checked ticket', () => {
  const ticketCheck = { validator: 'jira', state: 'valid' as const, at: start };
  const said = {
    seq: 2,
    at: start,
    type: 'ticket-checked' as const,
    actor: 'latchkey',
    via: 'ticket-validator' as const,
    note: 'jira: valid: \u001b[31mopen',
  };
  const lineOf = (text: string) => text.split('\n').find((line) => line.includes('Ticket'));
  test.each([
    ['is not asked about', {}, '  Ticket        OPS-1234'],
    [
      'is unchecked',
      { ticketCheck: { ...ticketCheck, state: 'unchecked' as const } },
      '  Ticket        OPS-1234 (unchecked by jira)',
    ],
    [
      'was asked about',
      { ticketCheck, history: [...record().history, said] },
      '  Ticket        OPS-1234 (jira: valid: [31mopen)',
    ],
  ])('of a request: it %s', (_, changes, line) =>
    expect(
      lineOf(requestText((_colour, text) => text, requestView(catalogueOf(), record(changes), start), times)),
    ).toBe(line),
  );

  test.each([
    [undefined, '^OPS, required, checked by jira'],
    ['allow', '^OPS, required, checked by jira, filed as unchecked if it does not answer'],
  ])('of a role: ifUnreachable %s', (ifUnreachable, rule) => {
    const { roles } = smallCatalogueFile;
    const ticket = { pattern: '^OPS', required: true, validator: 'jira', ...(ifUnreachable && { ifUnreachable }) };
    const catalogue = catalogueOf({
      ...smallCatalogueFile,
      ticketValidators: { jira: { url: 'https://t.example.com' } },
      roles: { ...roles, read: { ...roles.read, ticket } },
    });
    expect(lineOf(roleText((_colour, text) => text, roleView(catalogue, catalogue.roles.get('read')!)))).toBe(
      `  Ticket         ${rule}`,
    );
  });
});
