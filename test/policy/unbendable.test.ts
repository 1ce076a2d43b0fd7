// The rules that no catalogue can switch off: for each a catalogue or a call that tries.
import { describe, expect, test } from '@jest/globals';
import { checkCatalogue } from '../../lib/catalogue/check.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { type RouteName, routes } from '../../lib/http/routes.ts';
import { type Answer, type CallName, call, filed, granted, known, playStream, type Wish } from '../support/calls.ts';
import { fakeApp } from '../support/fake-app.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const { read } = smallCatalogueFile.roles;
type Problem = Answer<{ code: string }>;
const fileWith = (role: object, more: object = {}) => ({
  ...smallCatalogueFile,
  roles: { ...smallCatalogueFile.roles, read: { ...read, ...role } },
  ...more,
});
const appWith = (role: object, more: object = {}) => fakeApp({ catalogue: catalogueOf(fileWith(role, more)) });
const errorsWith = (role: object, more: object = {}) =>
  checkCatalogue(fileWith(role, more)).errors.map(({ path, detail }) => `${path.join('.')}: ${detail}`);
const approve = (app: ReturnType<typeof fakeApp>, as: string, id: string): Promise<Problem> =>
  call(app, 'decideRequest', { as, id, body: { decision: 'approve' } });
const file = (app: ReturnType<typeof fakeApp>, body: object = {}, as = dev): Promise<Problem> =>
  call(app, 'createRequest', {
    as,
    body: { role: 'read', reason: 'Look at the failing export', ...body },
    headers: { 'idempotency-key': undefined },
  });

describe('nobody decides their own request', () => {
  test.each([
    ['as one of everyone', { approval: { stages: [{ approvers: ['everyone'] }] } }, {}],
    ['as an approver by name', { approval: { stages: [{ approvers: [dev, 'lead@example.com'] }] } }, {}],
    [
      'as the owner of the account',
      { approval: { stages: [{ approvers: ['owner', 'lead@example.com'] }] } },
      {
        accounts: {
          ...smallCatalogueFile.accounts,
          production: { ...smallCatalogueFile.accounts.production, owner: [dev] },
        },
      },
    ],
    [
      'as a fallback',
      { approval: { stages: [{ approvers: ['group:empty'], fallback: [dev, 'lead@example.com'] }] } },
      { groups: { ...smallCatalogueFile.groups, empty: [] } },
    ],
    ['as an admin', { approval: { stages: [{ approvers: ['everyone'] }] } }, { admins: [dev] }],
  ])('%s', async (_, role, more) => {
    const app = appWith(role, more);
    const { id } = await filed(app);
    for (const as of [dev, 'arn:aws:iam::222222222222:user/dev'])
      expect(await approve(app, as, id)).toMatchObject({ status: 403, body: { code: 'own-request' } });
  });

  test('not even where the requester is the only approver', async () =>
    expect(
      await file(appWith({ approval: { stages: [{ approvers: [dev, 'arn:aws:iam::222222222222:user/dev'] }] } })),
    ).toMatchObject({
      status: 409,
      body: { code: 'no-approver' },
    }));

  test('there is no field for it', () =>
    expect(errorsWith({ selfApproval: true })).toEqual(['roles.read.selfApproval: unknown entry "selfApproval"']));
});

describe('one account at the issuer is one person', () => {
  const lead = 'lead@example.com';
  const everyone = { requesters: ['everyone'], approval: { stages: [{ approvers: ['everyone'], need: 2 }] } };
  /** The token of the same account, as its holder may get it from the issuer. */
  const tokens = {
    'without an address': { email: undefined, email_verified: undefined },
    'with an address that is not verified': { email_verified: false },
    'with another verified address': { email: 'lead.new@example.com' },
  };
  const expected = (token: string) =>
    token === 'with another verified address'
      ? { status: 403, body: { code: 'identity-changed' } }
      : { status: 401, body: { code: 'unauthenticated', detail: expect.stringContaining('email_verified') } };
  /** Everybody has called once as who they are; `lead` has a pending request, a grant and a use of break-glass that is over. */
  async function worldOf(role: object = {}) {
    const breakGlass = {
      requesters: ['everyone'],
      maxDuration: '1h',
      reason: { minLength: 1 },
      reviewers: ['everyone'],
    };
    const app = appWith({ ...everyone, breakGlass, ...role });
    await known(app, lead, dev);
    const as = { as: lead };
    const glass = await filed(app, { role: 'read', breakGlass: true }, as);
    await call(app, 'endRequest', { as: lead, id: glass.id, body: {} });
    const own = await filed(app, {}, as);
    const given = await filed(app, { role: 'play', reason: 'x' }, as);
    const other = await filed(app, {}, { as: 'dev@example.com' });
    await playStream(app);
    return { app, own: own.id, given: given.id, glass: glass.id, other: other.id };
  }
  const acts: Array<[string, CallName, (world: Awaited<ReturnType<typeof worldOf>>) => Wish]> = [
    ['file', 'createRequest', () => ({ body: { role: 'write', reason: 'Look at it again', ticket: 'OPS-1' } })],
    ['decide on their own request', 'decideRequest', ({ own }) => ({ id: own, body: { decision: 'approve' } })],
    ['take a second seat', 'decideRequest', ({ other }) => ({ id: other, body: { decision: 'approve' } })],
    ['sign their own review', 'reviewRequest', ({ glass }) => ({ id: glass, body: { comment: 'All was well' } })],
    ['take a session', 'issueCredentials', ({ given }) => ({ id: given, body: {} })],
    ['take a session by role', 'issueRoleCredentials', () => ({ id: 'play', body: {} })],
    ['take a console session', 'issueConsole', ({ given }) => ({ id: given, body: {} })],
    ['take a console session by role', 'issueRoleConsole', () => ({ id: 'play', body: {} })],
    ['extend', 'extendRequest', ({ given }) => ({ id: given, body: { duration: '1h', reason: 'More' } })],
    ['end', 'endRequest', ({ given }) => ({ id: given, body: {} })],
    ['release an identity', 'releaseIdentity', () => ({})],
    ['revoke and block', 'revokeMany', () => ({ body: { person: dev, comment: 'x', block: '1h' } })],
    ['lift a block', 'liftBlock', () => ({})],
  ];

  test.each(Object.entries(tokens))('%s a token changes nothing', async (token, claims) => {
    const now = await worldOf();
    await approve(now.app, lead, now.other);
    now.app.catalogue = catalogueOf(fileWith(everyone, { admins: ['everyone'] }));
    const before = [...now.app.store.requests.values()].map(({ version }) => version);
    for (const [act, name, wish] of acts) {
      const answer = await call(now.app, name, {
        ...wish(now),
        as: lead,
        claims,
        headers: { 'idempotency-key': undefined },
      });
      expect([act, answer]).toMatchObject([act, expected(token)]);
    }
    expect([...now.app.store.requests.values()].map(({ version }) => version)).toEqual(before);
    expect(now.app.sts.assumed).toEqual([]);
  });

  test('every route that changes something is tried above', () => {
    const changing = (Object.keys(routes) as RouteName[]).filter(
      (name) => routes[name].access === 'caller' && routes[name].method !== 'GET',
    );
    expect([...new Set(acts.map(([, name]) => name))].sort()).toEqual(changing.sort());
  });

  test.each(['me', 'listRoles', 'listRequests', 'readRequest'] as const)(
    'nobody reads by it, either: %s',
    async (name) => {
      for (const claims of [tokens['without an address'], tokens['with an address that is not verified']])
        expect(await call(fakeApp(), name, { as: lead, claims })).toMatchObject({ status: 401 });
    },
  );

  test.each(Object.entries(tokens))('a deny by address holds %s', async (token, claims) => {
    const app = appWith({ requesters: ['everyone'], deny: [lead] });
    await known(app, lead);
    expect(await call(app, 'createRequest', { as: lead, claims, body: { role: 'read', reason: 'x' } })).toMatchObject(
      expected(token),
    );
  });

  const admin = 'admin@example.com';
  test.each(Object.entries(tokens))('a block by address holds %s', async (token, claims) => {
    const { app, given, other } = await worldOf();
    await call(app, 'revokeMany', { as: admin, body: { person: lead, comment: 'x', block: '1h' } });
    const wishes: Array<[CallName, Wish]> = [
      ['createRequest', { body: { role: 'play', reason: 'x' } }],
      ['decideRequest', { id: other, body: { decision: 'approve' } }],
      ['issueCredentials', { id: given, body: {} }],
      ['issueRoleConsole', { id: 'play', body: {} }],
    ];
    for (const [name, wish] of wishes)
      expect([name, await call(app, name, { ...wish, as: lead, claims })]).toMatchObject([name, expected(token)]);
    expect(app.sts.assumed).toEqual([]);
  });

  test('a block holds for every identity of the person, and for an account at the issuer whatever its address', async () => {
    const app = appWith(everyone);
    const subject = `https://issuer.example.com#sub-${lead}`;
    await call(app, 'revokeMany', { as: admin, body: { person: subject, comment: 'x', block: '1h' } });
    for (const claims of [{}, { email: 'lead.new@example.com' }]) {
      // as if an admin had released the account in good faith
      app.store.identities.clear();
      expect(await call(app, 'createRequest', { as: lead, claims, body: { role: 'play', reason: 'x' } })).toMatchObject(
        { status: 403, body: { code: 'blocked' } },
      );
    }
    await call(app, 'revokeMany', { as: admin, body: { person: dev, comment: 'x', block: '1h' } });
    expect(await file(app, {}, 'arn:aws:iam::222222222222:user/dev')).toMatchObject({ body: { code: 'blocked' } });
  });

  test('nor by the link in their own mailbox, nor as their IAM user', async () => {
    const { app, own, other, glass } = await worldOf();
    const user = 'arn:aws:iam::222222222222:user/lead';
    expect(await approve(app, user, own)).toMatchObject({ body: { code: 'own-request' } });
    expect(await call(app, 'reviewRequest', { as: user, id: glass, body: { comment: 'Fine' } })).toMatchObject({
      body: { code: 'own-request' },
    });
    expect(await approve(app, lead, other)).toMatchObject({ status: 200 });
    expect(await approve(app, user, other)).toMatchObject({ body: { code: 'already-decided' } });
    expect(
      app.mail.outbox.filter(({ to, text }) => to === lead && text.includes(own) && text.includes('/decide/')),
    ).toEqual([]);
  });

  test('an account that the catalogue names is its person, whatever address its token carries', async () => {
    const account = `https://issuer.example.com#sub-${lead}`;
    const people = [{ email: lead, name: 'Lead', principals: [account, 'arn:aws:iam::222222222222:user/lead'] }];
    const app = appWith(everyone, { people });
    const { id } = await filed(app, {}, { as: lead });
    for (const claims of [{}, ...Object.values(tokens)])
      expect(await call(app, 'decideRequest', { as: lead, claims, id, body: { decision: 'approve' } })).toMatchObject({
        status: 403,
        body: { code: 'own-request' },
      });
  });

  test('a token for machines and one for people of the same account are not two persons', async () => {
    const machine = 'arn:aws:iam::222222222222:role/builder';
    const app = fakeApp({ catalogue: catalogueOf(fileWith(everyone)) });
    app.identity = { ...app.identity, principalClaim: 'aws_principal' };
    const { id } = await filed(app, {}, { as: dev, claims: { aws_principal: machine, email: undefined } });
    expect(await approve(app, dev, id)).toMatchObject({ status: 403, body: { code: 'identity-changed' } });
  });
});

describe('a grant is bounded', () => {
  test.each([
    [
      'a longest duration of more than 30 days',
      { duration: { default: '1h', max: '31d' } },
      'roles.read.duration.max: must be at most 2592000 s',
    ],
    ['no longest duration', { duration: { default: '1h' } }, 'roles.read.duration: "max" is missing'],
    [
      'a default above it',
      { duration: { default: '3h', max: '2h' } },
      'roles.read.duration.default: the default is longer than max',
    ],
    ['a session of more than 12 hours', { session: { max: '13h' } }, 'roles.read.session.max: must be at most 43200 s'],
    [
      'waiting for more than 14 days',
      { approval: { ...read.approval, decideWithin: '15d' } },
      'roles.read.approval.decideWithin: must be at most 1209600 s',
    ],
    [
      'a duration that is not finite',
      { duration: { default: '1h', max: 'Infinity' } },
      'roles.read.duration.max: must be a duration such as 45m, 2h or PT1H30M',
    ],
    ['a sign-in for ever', { signIn: { within: '31d' } }, 'roles.read.signIn.within: must be at most 2592000 s'],
  ])('%s', (_, role, error) => expect(errorsWith(role)).toContain(error));

  test('automatic approval gives no more than the maximum', async () =>
    expect(await file(appWith({ approval: { automatic: true } }), { duration: '9h' })).toMatchObject({ status: 422 }));

  test('no session outlives its grant', async () => {
    const app = appWith({
      duration: { default: '20m', max: '20m' },
      session: { max: '12h' },
      maxSessionDuration: '12h',
    });
    const { id } = await granted(app);
    const { body } = await call<{ Expiration: string; GrantEndsAt: string }>(app, 'issueCredentials', { as: dev, id });
    expect(body.Expiration <= body.GrantEndsAt).toBe(true);
    expect(app.sts.assumed[0]?.Policy).toContain('aws:CurrentTime');
  });
});

describe('ARN, external id and maximum come from the catalogue alone', () => {
  test.each([
    { arn: 'arn:aws:iam::999999999999:role/Admin' },
    { roleArn: 'x' },
    { externalId: 'mine' },
    { account: 'sandbox' },
    { stages: [] },
    { automatic: true },
    { approvers: [dev] },
    { durationSeconds: 1 },
    { status: 'active' },
  ])('a caller who sends %j is refused', async (more) =>
    expect(await file(fakeApp(), more)).toMatchObject({ status: 400, body: { code: 'invalid-request' } }),
  );

  test.each([
    'read@production',
    'latchkey/read',
    'arn:aws:iam::111111111111:role/latchkey/read',
    '../read',
    'Read',
    'read ',
  ])('a role by any other name: %j', async (role) =>
    expect([400, 404]).toContain((await file(fakeApp(), { role })).status),
  );

  test.each([
    ['an external id is missing', { accounts: { production: { id: '111111111111', name: 'P' } } }],
    ['an account is no account', { accounts: { production: { id: '*', name: 'P', externalId: 'lk-1' } } }],
  ])('%s', (_, more) => expect(errorsWith({}, more)).not.toEqual([]));

  test.each(['//Admin', '/Admin', 'latchkey/*', 'a b', ''])('the name of a role is a name: %j', (roleName) =>
    expect(errorsWith({ roleName })).not.toEqual([]),
  );

  test('STS is asked for what the catalogue says', async () => {
    const app = fakeApp();
    await call(app, 'issueCredentials', { as: dev, id: (await granted(app)).id });
    expect(app.sts.assumed[0]).toMatchObject({
      RoleArn: 'arn:aws:iam::111111111111:role/latchkey/read',
      ExternalId: smallCatalogueFile.accounts.production.externalId,
    });
  });
});

describe('deny beats allow', () => {
  test.each([
    ['by name against everyone', { requesters: ['everyone'], deny: [dev] }],
    ['by name against name', { requesters: [dev], deny: [dev] }],
    ['by group against name', { requesters: [dev], deny: ['group:developers'] }],
    ['by another identity of the same person', { requesters: [dev], deny: ['arn:aws:iam::222222222222:user/dev'] }],
    ['by everyone', { requesters: [dev, 'everyone'], deny: ['everyone'] }],
    ['for a role that approves by itself', { requesters: ['everyone'], deny: [dev], approval: { automatic: true } }],
  ])('%s', async (_, role) =>
    expect(await file(appWith(role))).toMatchObject({ status: 404, body: { code: 'role-not-found' } }),
  );

  describe('of a group that tokens fill, wherever the token cannot be asked', () => {
    const bot = 'arn:aws:sts::999999999999:assumed-role/chatops-bot/chatops';
    const rule = { requesters: ['everyone'], deny: ['group:suspended'] };
    const more = { tokenGroups: { suspended: ['idp-suspended'] } };
    const wanted = { role: 'read', reason: 'Look at the failing export' };
    const ask = (wish: Wish, app = appWith(rule, more)): Promise<Problem> =>
      call(app, 'createRequest', { as: dev, body: wanted, headers: { 'idempotency-key': undefined }, ...wish });

    test.each<[string, Wish]>([
      ['the token names the group', { claims: { groups: ['idp-suspended'] } }],
      ['the token points elsewhere for its groups', { claims: { _claim_names: { groups: 'src1' } } }],
      ['the token says that it has groups', { claims: { hasgroups: 'true' } }],
      ['the groups are of a form that is none', { claims: { groups: { 0: 'idp-suspended' } } }],
      ['a signature has no token', { as: 'arn:aws:iam::222222222222:user/dev' }],
      ['an assumed role has none', { as: 'arn:aws:sts::222222222222:assumed-role/builder/i-0abc' }],
      ['a bot files', { as: bot, body: { ...wanted, onBehalfOf: dev } }],
    ])('%s', async (_name, wish) =>
      expect(await ask(wish)).toMatchObject({ status: 404, body: { code: 'role-not-found' } }),
    );

    test.each<[string, Wish]>([
      ['the token has other groups', { claims: { groups: ['suspended', 'x idp-suspended'] } }],
      ['the token has no group', { claims: { groups: [] } }],
      ['the token has no groups claim', {}],
    ])('and not where %s', async (_name, wish) => expect(await ask(wish)).toMatchObject({ status: 201 }));

    test('but where the issuer always sends the claim, a token without it is not believed', async () => {
      const app = appWith(rule, more);
      app.identity = { ...app.identity, hasGroupsAlways: true };
      expect(await ask({}, app)).toMatchObject({ status: 404 });
      expect(await ask({ claims: { groups: [] } }, app)).toMatchObject({ status: 201 });
    });

    test('also for a session of a grant that a token got', async () => {
      const app = appWith(rule, more);
      const { id } = await granted(app);
      expect(await call(app, 'issueCredentials', { as: 'arn:aws:iam::222222222222:user/dev', id })).toMatchObject({
        status: 422,
      });
      expect(await call(app, 'issueCredentials', { as: dev, id })).toMatchObject({ status: 200 });
    });
  });

  test('also once something is granted', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    app.catalogue = catalogueOf(fileWith({ deny: [dev] }));
    expect(await call(app, 'issueCredentials', { as: dev, id })).toMatchObject({ status: 422 });
  });
});

describe('an empty approver set refuses', () => {
  test.each([
    ['no stages', { approval: {} }],
    ['no stages and automatic: false', { approval: { automatic: false, stages: [] } }],
    ['stages and automatic: true', { approval: { automatic: true, stages: [{ approvers: ['group:leads'] }] } }],
    ['conditions without stages', { approval: { automatic: { when: { maxDuration: '1h' } } } }],
    ['no conditions', { approval: { automatic: { when: {} }, stages: [{ approvers: ['group:leads'] }] } }],
    ['a group that is not there', { approval: { stages: [{ approvers: ['group:nowhere'] }] } }],
    ['a stage that needs nobody', { approval: { stages: [{ approvers: ['group:leads'], need: 0 }] } }],
    ['a stage that needs less than nobody', { approval: { stages: [{ approvers: ['group:leads'], need: -1 }] } }],
    ['a stage that needs half a person', { approval: { stages: [{ approvers: ['group:leads'], need: 0.5 }] } }],
  ])('the catalogue is wrong: %s', (_, role) => expect(errorsWith(role)).not.toEqual([]));

  test.each([
    ['nobody', []],
    ['an empty group', ['group:empty']],
    ['an owner that is nobody', ['owner']],
  ])('filing is refused: %s', async (_, approvers) => {
    const accounts = {
      ...smallCatalogueFile.accounts,
      production: { ...smallCatalogueFile.accounts.production, owner: [] },
    };
    const app = appWith(
      { approval: { stages: [{ approvers }] } },
      { accounts, groups: { ...smallCatalogueFile.groups, empty: [] } },
    );
    expect(await file(app)).toMatchObject({ status: 409, body: { code: 'no-approver' } });
  });
});

describe('a bot decides, vends and ends for nobody', () => {
  const bot = 'arn:aws:sts::999999999999:assumed-role/chatops-bot/chatops';

  test('not even where everyone approves', async () => {
    const app = appWith({ requesters: ['everyone'], approval: { stages: [{ approvers: ['everyone'] }] } });
    const { id } = (
      await call<RequestView>(app, 'createRequest', {
        as: bot,
        body: { role: 'read', reason: 'x', onBehalfOf: dev },
        headers: { 'idempotency-key': undefined },
      })
    ).body;
    expect(await approve(app, bot, id)).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
    expect(await call(app, 'endRequest', { as: bot, id, body: {} })).toMatchObject({ status: 403 });
    expect(await call(app, 'issueCredentials', { as: bot, id })).toMatchObject({
      status: 403,
      body: { code: 'not-the-requester' },
    });
  });

  test.each([
    ['an approver', { approval: { stages: [{ approvers: ['arn:aws:iam::999999999999:role/chatops-bot'] }] } }, {}],
    [
      'a fallback',
      {
        approval: {
          stages: [{ approvers: ['group:leads'], fallback: ['arn:aws:iam::999999999999:role/path/chatops-bot'] }],
        },
      },
      {},
    ],
    ['a requester', { requesters: ['arn:aws:iam::999999999999:role/chatops-bot'] }, {}],
    ['an admin', {}, { admins: ['arn:aws:iam::999999999999:role/chatops-bot'] }],
    [
      'a member of a group',
      {},
      { groups: { ...smallCatalogueFile.groups, leads: ['arn:aws:iam::999999999999:role/chatops-bot'] } },
    ],
    [
      'an owner',
      {},
      {
        accounts: {
          ...smallCatalogueFile.accounts,
          sandbox: { ...smallCatalogueFile.accounts.sandbox, owner: ['arn:aws:iam::999999999999:role/chatops-bot'] },
        },
      },
    ],
    [
      'a person',
      {},
      {
        people: [
          ...smallCatalogueFile.people,
          { email: 'b@example.com', name: 'B', principals: ['arn:aws:iam::999999999999:role/chatops-bot'] },
        ],
      },
    ],
  ])('a catalogue cannot make it %s', (_, role, more) =>
    expect(errorsWith(role, more)).toContain(
      'bots.chatops.principal: a bot must not be a person, a group member, a requester, an approver, an admin or an auditor',
    ),
  );
});
