// Figure 6: for any input, claimed sender and stored data, the answer is within the contract and contains no injected markup.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Context, DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import * as v from 'valibot';
import { stringify } from 'yaml';
import { handler as notifyFunction } from '../../functions/notify.ts';
import { handler as revokeFunction } from '../../functions/revoke-sessions.ts';
import { imageOf } from '../../lib/aws/dynamodb/request-image.ts';
import { dynamoStore } from '../../lib/aws/store.ts';
import { openCatalogue } from '../../lib/catalogue/catalogue.ts';
import { readCatalogue } from '../../lib/catalogue/file.ts';
import { RoleView } from '../../lib/http/answers.ts';
import type { HttpEvent } from '../../lib/http/http.ts';
import { roleView } from '../../lib/http/view.ts';
import { NewEnd } from '../../lib/model/bodies.ts';
import type { RequestRecord } from '../../lib/model/schema.ts';
import { type Answer, type CallName, call, claimsFor, streamRecord, tokenOf, type Wish } from '../support/calls.ts';
import { fakeApp } from '../support/fake-app.ts';
import { parsed } from '../support/markup.ts';
import { sweepOnce } from '../support/passing-time.ts';
import { damagedItem, damagedTable, type Item, itemsOf } from './damaged-table.ts';
import { apiRoutes, fuzzedCatalogueFile, fuzzWorld, goodMails, goodPages, goodWish, type World } from './fuzz-world.ts';
import { brokenForm, brokenJson, changed, damaged, edited, hostileText, hostileValue } from './hostile.ts';
import { judged, mayEnter, type Shapes, shapesOfPages } from './oracle.ts';
import { must, oneOf, prove, size } from './size.ts';

type Random = () => number;
const hour = 3_600_000;
const perWorld = 250;
const dev = 'dev@example.com';

/** What pages and mails are made of where nobody means harm. */
const pages = shapesOfPages();
const mails = shapesOfPages();
beforeAll(async () => {
  for (const page of await goodPages()) pages.learn(page);
  for (const { html } of await goodMails()) mails.learn(html);
});

describe('any input gets an answer within the contract', () => {
  test(
    'in bodies, headers, ids, queries, cursors and keys',
    async () => {
      const measured = { 'not refused': 0, 'codes of refusals': 0 };
      const codes = new Set<string>();
      await prove(
        6,
        'calls of the API',
        size(5, 2_400),
        inWorlds(async (world, random) => {
          const name = oneOf(random, apiRoutes);
          const code = await tried(world, name, spoilt(random, name, world), pages);
          if (code === 'ok') measured['not refused'] += 1;
          else codes.add(code);
          measured['codes of refusals'] = codes.size;
        }),
        measured,
      );
    },
    hour,
  );

  test(
    'in tokens and signatures',
    async () => {
      const measured = { 'let in': 0 };
      await prove(
        6,
        'callers by token and by signature',
        size(3, 600),
        inWorlds(async (world, random) => {
          const name = oneOf(random, [
            'me',
            'me',
            'listRoles',
            'listRequests',
            'readRequest',
            'dryRun',
            'issueCredentials',
            'issueRoleCredentials',
          ] as const);
          const wish = { ...goodWish(random, name, world), as: dev };
          const { event, ...rest } = random() < 0.6 ? withClaims(random, wish) : withSignature(random, wish);
          let sent: HttpEvent | undefined;
          const keep: Wish['event'] = (own) => {
            event?.(own);
            sent = own;
          };
          const code = await tried(world, name, { ...rest, event: keep }, pages);
          if (code === 'unauthenticated') return;
          measured['let in'] += 1;
          must(
            sent !== undefined && mayEnter(sent, world.app.now),
            () => `${name} lets in ${JSON.stringify(sent?.requestContext.authorizer)}`,
          );
        }),
        measured,
      );
    },
    hour,
  );

  test(
    'in links and forms',
    async () => {
      const measured = { 'pages without a refusal': 0 };
      await prove(
        6,
        'links and forms of the decision page',
        size(1, 600),
        inWorlds(async (world, random) => {
          const name = oneOf(random, [
            'showDecision',
            'decideByLink',
            'decideByLink',
            'decideByLink',
            'probeDecision',
            'decisionOptions',
          ] as const);
          const code = await tried(world, name, spoiltForm(random, world), pages);
          if (code === 'page') measured['pages without a refusal'] += 1;
        }),
        measured,
      );
    },
    hour,
  );
});

describe('damaged data gets an answer within the contract', () => {
  test(
    'damaged items: a regular answer, or an internal error that reveals nothing',
    async () => {
      const measured = { 'answers that report the damage': 0, 'words of damaged items revealed': 0 };
      await prove(
        6,
        'calls about damaged items',
        size(2, 400),
        async (_, random) => {
          const { app: whole, links } = await fuzzWorld(hostileReason(random));
          const items = itemsOf(whole.store);
          const app = fakeApp({
            catalogue: whole.catalogue,
            now: whole.now,
            store: dynamoStore(damagedTable(items), 'table'),
          });
          for (let n = 0; n < perWorld; n += 1) {
            const [key, item] =
              oneOf(
                random,
                [...items].filter(([pk]) => pk.startsWith('request#') || random() < 0.3),
              ) ?? [];
            if (!key || !item) continue;
            items.set(
              key,
              damagedItem(random, item, () => (random() < 0.3 ? canary : hostileValue(random))),
            );
            const [, request = ''] = key.split('#');
            const name = oneOf<CallName | 'sweep'>(random, [...routesOfItems, ...routesOfItems, 'sweep']);
            if (name === 'sweep') await sweepOnce(app).catch(afterAllOthers);
            else {
              const wish = goodWish(random, name, {
                app,
                ids: [request],
                links: links.filter((link) => link.startsWith(request)).concat(links.slice(0, 1)),
                cursors: [],
              });
              owns(await call(app, name, wish), name, pages, measured);
            }
            must(
              !JSON.stringify(app.lines).includes(canary),
              () => `the log tells what is stored: ${JSON.stringify(app.lines.at(-1))}`,
            );
            app.lines = [];
            app.steps = [];
            items.set(key, item);
          }
          return perWorld;
        },
        measured,
      );
    },
    hour,
  );

  test(
    'stream records: each is processed or reported by its number, and no email has injected markup',
    async () => {
      const measured = { 'reported for a retry': 0, emails: 0 };
      await prove(
        6,
        'stream records',
        size(2, 400),
        async (_, random) => {
          const { app } = await fuzzWorld(hostileReason(random));
          const whole = [...app.store.requests.values()];
          for (let n = 0; n < perWorld; n += 1) {
            const batch = Array.from({ length: 1 + Math.floor(random() * 3) }, (_one, i) =>
              damagedRecord(random, oneOf(random, whole), i),
            );
            const numbers = batch.map(({ dynamodb }) => dynamodb?.SequenceNumber ?? '');
            const { batchItemFailures } = (await oneOf(random, [notifyFunction, notifyFunction, revokeFunction]).with(
              app,
            )({ Records: batch } as never, {} as Context)) as DynamoDBBatchResponse;
            must(
              batchItemFailures.every(({ itemIdentifier }) => numbers.includes(itemIdentifier)),
              'a record is reported that was not sent',
            );
            measured['reported for a retry'] += batchItemFailures.length;
          }
          measured.emails += app.mail.outbox.length;
          for (const { html, subject } of app.mail.outbox.splice(0)) {
            mails.check(parsed(html));
            must(!/[\r\n\0]/.test(subject), 'a subject has two lines');
          }
          return perWorld;
        },
        measured,
      );
    },
    hour,
  );

  test(
    'catalogue files: a catalogue that opens, or errors that name their places',
    async () => {
      const measured = { accepted: 0, errors: 0 };
      const texts = [stringify(fuzzedCatalogueFile), readFileSync('access.yml', 'utf8')];
      await prove(
        6,
        'catalogue files',
        size(25, 10_000),
        (_, random) => {
          const text =
            random() < 0.5
              ? edited(random, texts[random() < 0.9 ? 0 : 1]!)
              : stringify(damaged(random, fuzzedCatalogueFile), { aliasDuplicateObjects: false });
          const { data, errors } = readCatalogue(text);
          must((data === undefined) === errors.length > 0, 'data and errors go together');
          for (const { line, column, detail } of errors)
            must(line > 0 && column > 0 && detail !== '', () => `an error without a place: ${detail}`);
          measured.errors += errors.length;
          if (!data) return 1;
          measured.accepted += 1;
          const catalogue = openCatalogue(JSON.parse(JSON.stringify(data)));
          for (const role of catalogue.roles.values()) v.parse(RoleView, roleView(catalogue, role));
          return 1;
        },
        measured,
      );
    },
    hour,
  );
});

test('the oracle detects invalid answers', () => {
  const shapes = shapesOfPages();
  const page = (said: string) => `<!doctype html><html lang="en"><body><p class="hint">${said}</p></body></html>`;
  shapes.learn(page('fine'));
  expect(() => shapes.check(parsed(page('&lt;b&gt;')))).not.toThrow();
  for (const said of ['<b>bold</b>', '<p class="hint" onclick="x">', '<!-- -->', '</p><p class="hint">'])
    expect([said, canThrow(() => shapes.check(parsed(page(said))))]).toEqual([said, said !== '</p><p class="hint">']);
  const answer = {
    status: 200,
    headers: { 'cache-control': 'no-store', 'x-request-id': 'x', 'content-type': 'application/json' },
    text: '{}',
    body: { status: 'ok', version: '1', more: 1 },
  };
  expect(() => judged('health', answer, shapes)).toThrow('more than its shape');
  expect(() => judged('health', { ...answer, status: 500 }, shapes)).toThrow('answers 500');
});
const canThrow = (run: () => void): boolean => {
  try {
    run();
    return false;
  } catch {
    return true;
  }
};

/** Runs one trial after another in a world that lives on between them. */
const inWorlds =
  (trial: (world: World, random: Random) => Promise<void>) =>
  async (_: number, random: Random): Promise<number> => {
    const world = await fuzzWorld(hostileReason(random));
    for (let n = 0; n < perWorld; n += 1) await trial(world, random);
    return perWorld;
  };

/** What filing takes as it is. */
const hostileReason = (random: Random): string => {
  const text = hostileText(random).slice(0, 900).toWellFormed();
  return v.is(NewEnd, { comment: text }) ? text : '<script>alert(1)</script>';
};

/** One call. A refusal changes nothing. */
async function tried({ app }: World, name: CallName, wish: Wish, shapes: Shapes): Promise<string> {
  const before = app.store.changes.length;
  const answer = await call(app, name, wish);
  must(answer.status !== 500, () => `${name} answers 500: ${JSON.stringify(app.lines.at(-1))}`);
  const code = judged(name, answer, shapes);
  must(
    code === 'ok' || code === 'page' || app.store.changes.length === before,
    () => `${name} refuses with ${code} and has changed something`,
  );
  return code;
}

/** A good call with one or two things about it changed. */
function spoilt(random: Random, name: CallName, world: World): Wish {
  const wish = goodWish(random, name, world);
  const ways: Array<() => void> = [
    () => {
      wish.body = changed(random, (wish.body ?? {}) as Record<string, unknown>);
    },
    () => {
      wish.body = brokenJson(random, wish.body ?? {});
    },
    () => {
      wish.query = Object.fromEntries([
        ...Object.entries(wish.query ?? {}),
        [
          oneOf(random, ['view', 'status', 'role', 'limit', 'cursor', 'dryRun', hostileText(random)]),
          hostileText(random),
        ],
      ]);
    },
    () => {
      wish.query = { ...wish.query, cursor: edited(random, oneOf(random, world.cursors)) };
    },
    () => {
      wish.id = random() < 0.5 ? hostileText(random) : edited(random, wish.id ?? '');
    },
    () => {
      wish.headers = {
        ...wish.headers,
        'idempotency-key': random() < 0.3 ? oneOf(random, ['a', 'b']) : hostileText(random),
      };
    },
    () => {
      const header = oneOf(random, [
        'content-type',
        'authorization',
        'host',
        'origin',
        'x-forwarded-for',
        'content-length',
        'cookie',
        'accept',
        hostileText(random),
      ]);
      wish.headers = { ...wish.headers, [header]: random() < 0.2 ? undefined : hostileText(random) };
    },
    () => {
      wish.event = (event) => {
        const at = oneOf(random, [
          'rawPath',
          'method',
          'sourceIp',
          'body',
          'pathParameters',
          'queryStringParameters',
        ] as const);
        if (at === 'rawPath')
          event.rawPath = event.rawPath.slice(0, event.rawPath.startsWith('/iam/v1/') ? 8 : 4) + hostileText(random);
        else if (at === 'method' || at === 'sourceIp')
          event.requestContext.http[at] = oneOf(random, [
            '',
            '::1',
            '::ffff:198.51.100.7',
            '2001:db8::1',
            'GET',
            'TRACE',
          ]);
        else delete event[at];
      };
    },
  ];
  for (let times = random() < 0.7 ? 1 : 2; times > 0; times -= 1) oneOf(random, ways)();
  return wish;
}

const claimNames = [
  'iss',
  'sub',
  'aud',
  'client_id',
  'scope',
  'scp',
  'exp',
  'nbf',
  'iat',
  'email',
  'email_verified',
  'groups',
  'amr',
  'acr',
  'auth_time',
  'name',
  'principal',
  'token_use',
  'nonce',
  'at_hash',
  '__proto__',
];

/** A token whose claims are none, lists, or of any other type; the gateway has verified it, and hands its claims on as text. */
function withClaims(random: Random, wish: Wish): Wish {
  const claims: Record<string, unknown> = claimsFor(dev, { name: 'Dev', groups: ['leads'] });
  for (let times = 1 + Math.floor(random() * 3); times > 0; times -= 1) {
    const name = oneOf(random, claimNames);
    if (random() < 0.2) delete claims[name];
    else
      Object.defineProperty(claims, name, {
        value: random() < 0.2 ? [claims[name], hostileValue(random)] : hostileValue(random),
        enumerable: true,
        configurable: true,
        writable: true,
      });
  }
  const token =
    random() < 0.85
      ? tokenOf(claims)
      : oneOf(random, [
          edited(random, tokenOf(claims)),
          tokenOf([claims] as never),
          `${tokenOf(claims)}.x`,
          hostileText(random),
        ]);
  const verified = Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [
      name,
      Array.isArray(value)
        ? `[${value.map((one) => JSON.stringify(one)).join(' ')}]`
        : typeof value === 'string'
          ? value
          : JSON.stringify(value),
    ]),
  );
  return {
    ...wish,
    event: (event) => {
      event.requestContext.authorizer = random() < 0.95 ? { jwt: { claims: random() < 0.9 ? verified : {} } } : {};
      event.headers.authorization = `${random() < 0.95 ? 'Bearer ' : hostileText(random)}${token}`;
    },
  };
}

/** Identities as the gateway passes them after a signature: of every kind in AWS, and malformed ones. */
function withSignature(random: Random, wish: Wish): Wish {
  const arn = oneOf(random, [
    'arn:aws:iam::222222222222:user/dev',
    'arn:aws:sts::222222222222:assumed-role/server/i-0abc',
    'arn:aws:iam::222222222222:root',
    'arn:aws:sts::222222222222:federated-user/dev',
    'arn:aws-us-gov:sts::222222222222:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/dev@example.com',
    'arn:aws:sts::999999999999:assumed-role/chatops-bot/chatops',
  ]);
  const part = (good: string): string =>
    random() < 0.5
      ? good
      : random() < 0.5
        ? edited(random, good)
        : (oneOf(random, [null, undefined, '', 0, hostileText(random)]) as string);
  return {
    ...wish,
    as: arn,
    event: (event) => {
      event.requestContext.authorizer = {
        iam: {
          userArn: part(arn),
          callerId: part(`AROAEXAMPLE000000000:${arn.split('/').at(-1)}`),
          accountId: part(arn.split(':')[4]!),
        },
      };
    },
  };
}

function spoiltForm(random: Random, { links }: World): Wish {
  const link = oneOf(random, links);
  const form = {
    decision: oneOf(random, ['approve', 'deny', 'withdraw', 'sign']),
    comment: random() < 0.5 ? hostileText(random) : 'fine',
  };
  return {
    id: random() < 0.7 ? link : random() < 0.5 ? edited(random, link) : hostileText(random),
    body: random() < 0.05 ? null : brokenForm(random, form),
    headers:
      random() < 0.9 ? {} : { [oneOf(random, ['content-type', 'origin', 'referer', 'cookie'])]: hostileText(random) },
  };
}

// -- what is stored and streamed -------------------------------------------------------------------------------------

const canary = 'canary-of-a-damaged-item';
const routesOfItems: readonly CallName[] = [
  'readRequest',
  'listRequests',
  'decideRequest',
  'reviewRequest',
  'endRequest',
  'extendRequest',
  'issueCredentials',
  'issueConsole',
  'issueRoleCredentials',
  'issueRoleConsole',
  'createRequest',
  'showDecision',
  'decideByLink',
];

/** The sweep processes what it can, and then reports failures. */
function afterAllOthers(error: unknown): void {
  must(
    error instanceof AggregateError && error.message.includes('due requests'),
    () => `the sweep ends with ${String(error)}`,
  );
}

/** As usual, or an internal error without details. */
function owns(answer: Answer, name: CallName, shapes: Shapes, measured: Record<string, number>): void {
  if (answer.status !== 500) {
    judged(name, answer, shapes);
    return;
  }
  measured['answers that report the damage']! += 1;
  must(!answer.text.includes(canary), () => `an error reveals stored data: ${answer.text}`);
  if (answer.headers['content-type'] === 'application/problem+json')
    must((answer.body as { code: string }).code === 'internal', 'an internal error has another code');
  else shapes.check(parsed(answer.text));
}

/** A stream record of a request with one invalid place: in the document, the image or the record around them. */
function damagedRecord(random: Random, request: RequestRecord, index: number): DynamoDBRecord {
  const before =
    random() < 0.5 ? { ...request, version: request.version - 1, history: request.history.slice(0, -1) } : undefined;
  const record = streamRecord({ ...(before && { before }), after: request }, index);
  const image = damagedItem(random, imageOf(request) as Item, () => hostileValue(random));
  const way = random();
  if (way < 0.6) return { ...record, dynamodb: { ...record.dynamodb, NewImage: image as never } };
  if (way < 0.75) return { ...record, dynamodb: { ...record.dynamodb, OldImage: image as never } };
  if (way < 0.85)
    return {
      ...record,
      eventName: oneOf(random, ['REMOVE', 'INSERT', 'MODIFY', 'x' as never]),
      dynamodb: {
        ...record.dynamodb,
        Keys: {
          pk: {
            S: oneOf(random, [
              'revocations#arn:aws:iam::111111111111:role/latchkey/read',
              'message#x',
              hostileText(random),
            ]),
          },
        },
      },
    };
  const rest = { ...record.dynamodb };
  delete rest[oneOf(random, ['Keys', 'OldImage', 'NewImage', 'SequenceNumber', 'SizeBytes'] as const)];
  return random() < 0.9 ? { ...record, dynamodb: rest } : { eventID: 'x' };
}
