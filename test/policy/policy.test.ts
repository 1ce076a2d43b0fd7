// The rules of asking and deciding, from cases that a reviewer can read and add to without reading code: test/cases/policy.json.
import { describe, expect, test } from '@jest/globals';
import { type Catalogue, personOf } from '../../lib/catalogue/catalogue.ts';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import { explanationView } from '../../lib/http/view.ts';
import { Problem } from '../../lib/model/problem.ts';
import { statusAt } from '../../lib/model/status.ts';
import { judgeFiling, refusalOf, requesterOf } from '../../lib/policy/judge.ts';
import { type Caller, callerFromIam, callerFromToken } from '../../lib/policy/principal.ts';
import { decide, file } from '../../lib/request/life.ts';
import cases from '../cases/policy.json' with { type: 'json' };
import { claimsFor } from '../support/calls.ts';
import { fakeApp } from '../support/fake-app.ts';
import { filingOf } from '../support/filing.ts';
import { requestId, start } from '../support/records.ts';
import { catalogueOf } from '../support/small-catalogue.ts';

type Who = string | { email: string; groups?: string[]; mfa?: boolean };
type Change = { catalogue?: object; reader?: object };
type Filing = Change & {
  name: string;
  by: Who;
  wants?: object;
  open?: Array<[string, number]>;
  outcome: string;
  failed?: string[];
  code?: string;
};
type Deciding = Change & {
  name: string;
  filedBy: Who;
  by: Who;
  today?: { groups?: object };
  todayReader?: object;
  outcome: string;
};

const filing = cases.filing as unknown as Filing[];
const deciding = cases.deciding as unknown as Deciding[];

function catalogueFor({ catalogue = {}, reader = {} }: Change): Catalogue {
  const { roles } = cases.catalogue;
  return catalogueOf({ ...cases.catalogue, roles: { ...roles, reader: { ...roles.reader, ...reader } }, ...catalogue });
}

function callerOf(catalogue: Catalogue, who: Who): Caller {
  if (typeof who === 'string' && who.startsWith('arn:')) {
    return callerFromIam(catalogue, {
      userArn: who,
      callerId: who.includes(':assumed-role/') ? `AROAX:${who.split('/').at(-1)}` : 'AIDAX',
    });
  }
  const { email, groups = [], mfa = false } = typeof who === 'string' ? { email: who } : who;
  return callerFromToken(
    catalogue,
    fakeApp().identity,
    claimsFor(email, { groups, ...(mfa && { amr: ['mfa'] }) }),
    start,
  );
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

test('there are enough cases, and no two of one name', () => {
  expect(filing.length + deciding.length).toBeGreaterThanOrEqual(60);
  for (const list of [filing, deciding]) expect(new Set(list.map(({ name }) => name)).size).toBe(list.length);
});

describe('filing', () => {
  test.each(filing.map((one) => [one.name, one] as const))(
    '%s',
    (_name, { by, wants = {}, open = [], outcome, failed = [], code, ...change }) => {
      const catalogue = catalogueFor(change);
      const body = { role: 'reader', reason: 'A good reason', ...wants };
      const own = open.map(([role, minutes], i) => ({
        id: requestId(i),
        role,
        createdAt: start - 2 * HOUR,
        until: start + minutes * MINUTE,
      }));
      const judge = () => judgeFiling(filingOf(catalogue, callerOf(catalogue, by), body, { own }));
      const refused = codeOf(judge);
      if (refused !== undefined) {
        expect([refused, failed]).toEqual([outcome, []]);
        return;
      }
      const judgement = judge();
      const explanation = explanationView(catalogue, judgement);
      expect([
        explanation.outcome,
        explanation.checks.flatMap(({ check, passed }) => (passed ? [] : [check])),
        refusalOf(judgement)?.code,
      ]).toEqual([outcome, failed, code]);
      for (const { detail } of explanation.checks) expect(detail).toMatch(/^[A-Z0-9].*\.$/s);
    },
  );
});

describe('deciding', () => {
  test.each(deciding.map((one) => [one.name, one] as const))(
    '%s',
    (_name, { filedBy, by, today = {}, todayReader = {}, outcome, ...change }) => {
      const then = catalogueFor(change);
      const requester = callerOf(then, filedBy);
      const body = { role: 'reader', reason: 'A good reason' };
      const filing = filingOf(then, requester, body);
      const judgement = judgeFiling(filing);
      expect(refusalOf(judgement)).toBeUndefined();
      const request = file(judgement, filing, { id: requestId(1) });

      const groups = { ...cases.catalogue.groups, ...today.groups };
      const now = catalogueFor({
        reader: { ...change.reader, ...todayReader },
        catalogue: { ...change.catalogue, ...today, groups },
      });
      const act = () =>
        decide(
          request,
          { catalogue: now, caller: callerOf(now, by), now: start + MINUTE, blocks: [] },
          { decision: 'approve' },
        );
      const code = codeOf(act);
      const become = code === undefined ? statusAt(act(), start + MINUTE) : undefined;
      expect(code ?? (become === 'active' ? 'approved' : `approved, and ${become}`)).toBe(outcome);
    },
  );
});

test('a bot files as itself for the person, and never as the person', () => {
  const catalogue = catalogueFor({});
  const bot = callerOf(catalogue, 'arn:aws:sts::999999999999:assumed-role/chatops-bot/s');
  expect(bot).toMatchObject({ kind: 'bot', bot: 'chatops' });
  expect(requesterOf(catalogue, bot, { role: 'reader', reason: 'x', onBehalfOf: 'dev@other.example' })).toBe(
    personOf(catalogue, 'dev@example.com'),
  );
});
