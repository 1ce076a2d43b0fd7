import { describe, expect, test } from '@jest/globals';
import { renderMail } from '../../lib/actions/mail-channel.ts';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import { askedOf, messagesFor, type News } from '../../lib/mail/messages.ts';
import type { Decision, EventType, HistoryEvent, Outcome, RequestRecord } from '../../lib/model/schema.ts';
import { record, start } from '../support/records.ts';

const asi = { key: 'asi-dev@example.com', name: 'Amira Diaz' };
const lea = { key: 'lead@example.com', name: 'Lea Brandt' };
const bob = { key: 'second-lead@example.com', name: 'Bob Ellis' };
const sec = { key: 'security@example.com', name: 'Priya Nair' };
const machine = { key: 'arn:aws:iam::222222222222:role/approver', name: 'approver' };
const links = { link: 'https://latchkey.example.com/decide/token', home: 'https://latchkey.example.com', at: start };

const enderOf = (by: { key: string; name: string }, via: HistoryEvent['via']): Outcome['by'] => {
  if (via === 'catalogue') return { kind: 'catalogue' };
  return via === 'sweep' ? { kind: 'clock' } : { kind: 'person', ...by };
};

/** One more event, by whom, with what else it changes. */
function after(
  before: RequestRecord,
  type: EventType,
  by: { key: string; name: string },
  changes: Partial<RequestRecord> = {},
  via: HistoryEvent['via'] = 'oidc',
): RequestRecord {
  const seq = before.version + 1;
  const event: HistoryEvent = {
    seq,
    at: start + seq * MINUTE,
    type,
    actor: by.key,
    via,
    ...(via !== 'sweep' && { note: `why ${by.name} did it` }),
  };
  const outcomes = ['denied', 'withdrawn', 'ended', 'revoked', 'lapsed'] as const;
  const status = outcomes.find((outcome) => outcome === type);
  return {
    ...before,
    version: seq,
    history: [...before.history, event],
    ...(status && { outcome: { status, at: event.at, by: enderOf(by, via), ...(event.note && { why: event.note }) } }),
    ...changes,
  };
}

const decision = (by: { key: string; name: string }, answer: Decision['decision']): Decision => ({
  person: by.key,
  principal: `principal of ${by.key}`,
  name: by.name,
  decision: answer,
  comment: `${by.name} says ${answer}`,
  via: 'link',
  at: start + MINUTE,
});
const filed = (changes: Partial<RequestRecord> = {}): RequestRecord =>
  record({ version: 1, history: [{ seq: 1, at: start, type: 'filed', actor: asi.key, via: 'oidc' }], ...changes });
const stage = (
  people: Array<{ key: string; name: string }>,
  changes: Partial<RequestRecord['stages'][number]> = {},
): RequestRecord['stages'][number] => ({
  need: 1,
  approvers: people.map(({ key }) => key),
  people,
  decisions: [],
  ...changes,
});
const grant = { grant: { startsAt: start + MINUTE, endsAt: start + MINUTE + HOUR } };
const twoStages = filed({ stages: [stage([lea, bob, machine, asi], { openedAt: start }), stage([sec, lea])] });
const firstApproved = after(twoStages, 'approved', lea, {
  stages: [
    { ...twoStages.stages[0]!, decisions: [decision(lea, 'approve')] },
    { ...twoStages.stages[1]!, openedAt: start },
  ],
});
const granted = after(firstApproved, 'approved', sec, {
  ...grant,
  stages: [firstApproved.stages[0]!, { ...firstApproved.stages[1]!, decisions: [decision(sec, 'approve')] }],
});
const told = (news: News[]): string[] =>
  news.flatMap(({ kind, to }) => (to.email === null ? [] : [`${kind} ${to.email}`])).sort();

describe('whom to tell what', () => {
  test('filing asks the first stage: nobody without an email address, never the requester', () => {
    expect(told(messagesFor(undefined, twoStages))).toEqual([`decide ${lea.key}`, `decide ${bob.key}`]);
    expect(messagesFor(undefined, twoStages)[0]).toMatchObject({
      requestId: twoStages.id,
      link: 'decide',
      to: { ...lea, email: lea.key },
    });
  });

  test('the next stage is asked when its turn comes, without those who have decided already', () => {
    expect(told(messagesFor(twoStages, firstApproved))).toEqual([`decide ${sec.key}`]);
  });

  test('an approval that opens no stage and grants nothing sends no email', () => {
    const two = filed({ stages: [stage([lea, bob], { need: 2, openedAt: start })] });
    expect(
      messagesFor(
        two,
        after(two, 'approved', lea, { stages: [{ ...two.stages[0]!, decisions: [decision(lea, 'approve')] }] }),
      ),
    ).toEqual([]);
  });

  test.each<[string, RequestRecord, RequestRecord, string[]]>([
    ['the last approval', firstApproved, granted, [asi, bob, lea, sec].map(({ key }) => `approved ${key}`)],
    ['a denial', twoStages, after(twoStages, 'denied', bob), [`denied ${asi.key}`, `denied ${lea.key}`]],
    ['a withdrawal', twoStages, after(twoStages, 'withdrawn', asi), [`withdrawn ${bob.key}`, `withdrawn ${lea.key}`]],
    [
      'a revocation by an admin',
      granted,
      after(granted, 'revoked', { key: 'admin@example.com', name: 'Ad Min' }),
      [asi, bob, lea, sec].map(({ key }) => `revoked ${key}`),
    ],
    [
      'a revocation by an approver',
      granted,
      after(granted, 'revoked', sec),
      [asi, bob, lea].map(({ key }) => `revoked ${key}`),
    ],
    [
      'a lapse',
      twoStages,
      after(twoStages, 'lapsed', { key: 'latchkey', name: 'nobody' }, {}, 'sweep'),
      [asi, bob, lea].map(({ key }) => `lapsed ${key}`),
    ],
    ['a hand-back', granted, after(granted, 'ended', asi), [`ended ${lea.key}`, `ended ${sec.key}`]],
    [
      'a natural end',
      granted,
      after(granted, 'ended', { key: 'latchkey', name: 'the end of the grant' }, {}, 'sweep'),
      [],
    ],
    ['a session', granted, after(granted, 'vended', asi), []],
    ['a URL that never came to be', granted, after(granted, 'undelivered', asi), []],
    [
      'a check of the mail',
      twoStages,
      after(twoStages, 'mail-checked', { key: 'latchkey', name: '' }, {}, 'sweep'),
      [bob, lea].map(({ key }) => `decide ${key}`),
    ],
  ])('%s', (_name, before, now, expected) => {
    expect(told(messagesFor(before, now))).toEqual([...expected].sort());
  });

  test('a bot: the person is told what was filed in their name', () => {
    const bot = 'arn:aws:iam::999999999999:role/chatops-bot';
    const byBot = filed({
      filedBy: { principal: bot },
      history: [{ seq: 1, at: start, type: 'filed', actor: bot, via: 'iam' }],
    });
    expect(told(messagesFor(undefined, byBot))).toEqual([`decide ${lea.key}`, `filed ${asi.key}`]);
  });

  test('an auto-approved role: one email, to the requester alone, also when a bot filed', () => {
    for (const filedBy of [undefined, { principal: 'arn:aws:iam::999999999999:role/chatops-bot' }]) {
      const both = after(
        filed({ automatic: true, stages: [], ...(filedBy && { filedBy }) }),
        'approved',
        { key: 'latchkey', name: 'latchkey' },
        grant,
        'catalogue',
      );
      expect(told(messagesFor(undefined, both))).toEqual([`approved ${asi.key}`]);
    }
  });

  test('a requester without an email address gets none', () => {
    const requester = { person: machine.key, principal: machine.key, email: null, name: machine.name };
    const byMachine = filed({ requester, stages: [stage([lea, bob], { openedAt: start })] });
    expect(told(messagesFor(byMachine, after(byMachine, 'denied', lea)))).toEqual([`denied ${bob.key}`]);
  });
});

describe('the id of a message', () => {
  test('is the same when the sweeper works it out again, and differs by kind, cause and recipient', () => {
    expect(askedOf(twoStages)).toEqual(messagesFor(undefined, twoStages));
    expect(askedOf(firstApproved)).toEqual(messagesFor(twoStages, firstApproved));
    expect(askedOf(granted)).toEqual([]);
    const all = [
      ...messagesFor(undefined, twoStages),
      ...messagesFor(twoStages, firstApproved),
      ...messagesFor(firstApproved, granted),
      ...messagesFor(granted, after(granted, 'revoked', sec)),
    ];
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    for (const { id } of all) expect(id).toMatch(/^[\w-]{22}$/);
  });

  test('the sweeper asks nobody again who has decided in the stage', () => {
    const two = filed({
      stages: [stage([lea, bob], { need: 2, openedAt: start, decisions: [decision(lea, 'approve')] })],
    });
    expect(told(askedOf(two))).toEqual([`decide ${bob.key}`]);
  });
});

describe('the email', () => {
  const flat = (text: string) => text.replace(/\s+/g, ' ');
  const mailTo = (email: string, before: RequestRecord | undefined, now: RequestRecord) => {
    const news = messagesFor(before, now).find(({ to }) => to.email === email);
    if (!news) throw new Error(`no mail to ${email}`);
    return renderMail(news, now, links);
  };

  test('that asks says where the risk is high, and nothing where it is low', () => {
    const text = (risk: 'low' | 'high') =>
      mailTo(
        lea.key,
        undefined,
        filed({ role: { ...filed().role, risk }, stages: [stage([lea, bob], { openedAt: start })] }),
      ).text;
    expect([text('high'), text('low')].map((words) => words.includes('Risk: high'))).toEqual([true, false]);
    expect([text('high'), text('low')].map((words) => words.startsWith('DECISION NEEDED [HIGH RISK]\n'))).toEqual([
      true,
      false,
    ]);
    const high = filed({ role: { ...filed().role, risk: 'high' }, stages: [stage([lea], { openedAt: start })] });
    expect(mailTo(lea.key, undefined, high).subject).toMatch(/^\[High risk\] \u2068Amira Diaz\u2069 requests /);
  });

  test('that asks says who, where, what, why, how long, what an approval does, until when and how to deny', () => {
    const request = filed({
      filedBy: { principal: 'arn:aws:iam::999999999999:role/chatops-bot' },
      stages: [stage([lea, bob], { openedAt: start })],
    });
    const { subject, text, html } = mailTo(lea.key, undefined, request);
    expect(subject).toBe(
      '\u2068Amira Diaz\u2069 requests production-bucket-read (Production), 1 h · asi-dev@example.com',
    );
    for (const words of [
      'Asked by: Amira Diaz (asi-dev@example.com), signed in as arn:aws:iam::222222222222:user/asi-dev',
      'Filed by: the bot arn:aws:iam::999999999999:role/chatops-bot, on behalf of Amira Diaz (asi-dev@example.com)',
      'Account: Production, 111111111111',
      'Role: production-bucket-read Read objects in asi-production-bucket',
      'Reason: > Look at the failing nightly export',
      'Ticket: OPS-1234',
      'How long: 1 h, starting at the approval',
      'Approvals needed: 1: Lea Brandt (lead@example.com) or Bob Ellis (second-lead@example.com)',
      'Decide until: 22 Nov 2026, 18:00 UTC',
      'If you approve: Amira Diaz (asi-dev@example.com) can use production-bucket-read in Production (111111111111) for 1 h, starting when you approve. Access then ends automatically.',
      'Opening the page decides nothing. If nobody decides within 8 h, by 22 Nov 2026, 18:00 UTC, the request lapses.',
      'Approve or deny: https://latchkey.example.com/decide/token ',
    ]) {
      expect(flat(text)).toContain(words);
    }
    expect(html.match(/href=/g)).toHaveLength(1);
    expect(html).toContain('href="https://latchkey.example.com/decide/token"');
    expect(html).toContain('background-color:#b91c1c;color:#ffffff');
    expect(html).not.toMatch(/<(?:img|script|link|style|iframe)|url\(|@import/i);
  });

  test('says when an approval alone does not give access', () => {
    const two = filed({ stages: [stage([lea, bob], { need: 2, openedAt: start })] });
    expect(flat(mailTo(lea.key, undefined, two).text)).toContain(
      'One more approver has to approve before Amira Diaz (asi-dev@example.com) gets access',
    );
    expect(flat(mailTo(bob.key, undefined, twoStages).text)).toContain(
      'goes on to the next approvers (Priya Nair (security@example.com) or Lea Brandt (lead@example.com))',
    );
    expect(flat(mailTo(sec.key, twoStages, firstApproved).text)).toMatch(
      /Approvals needed: 1 \(stage 2 of 2\).*Approved by: Lea Brandt \(lead@example\.com\).*> Lea Brandt says approve/,
    );
  });

  test('of an approval names the approvers with their comments, the window, and the calls that come next', () => {
    const { subject, text } = mailTo(asi.key, firstApproved, granted);
    expect(subject).toBe('Approved: production-bucket-read (Production)');
    expect(flat(text)).toContain('Access: from 22 Nov 2026, 10:01 UTC until 22 Nov 2026, 11:01 UTC');
    expect(text).toMatch(/Approved by: Lea Brandt \(lead@example\.com\), .*\n> Lea Brandt says approve/);
    expect(text).toContain('\n  latchkey exec production-bucket-read -- aws sts get-caller-identity\n');
    expect(text).toContain('\n  latchkey console production-bucket-read\n');
    expect(text).not.toContain('POST ');
    expect(flat(mailTo(bob.key, firstApproved, granted).text)).toContain('If this was a mistake, revoke the grant.');
  });

  test.each<[string, string, RequestRecord, EventType, { key: string; name: string }, RegExp[]]>([
    ['a denial', asi.key, twoStages, 'denied', bob, [/was denied/, /talk to the person who denied it/]],
    [
      'a withdrawal',
      lea.key,
      twoStages,
      'withdrawn',
      asi,
      [/Withdrawn by: Amira Diaz \(asi-dev@example\.com\), .* > why Amira Diaz did it/, /nothing left to decide/],
    ],
    [
      'a revocation',
      asi.key,
      granted,
      'revoked',
      sec,
      [
        /Revoked by: Priya Nair \(security@example\.com\), .* > why Priya Nair did it/,
        /No new sessions are issued\. If/,
      ],
    ],
    [
      'a lapse',
      asi.key,
      twoStages,
      'lapsed',
      { key: 'latchkey', name: 'nobody' },
      [/was not decided by 22 Nov 2026, 18:00 UTC/, /file the request again/],
    ],
    ['a hand-back', lea.key, granted, 'ended', asi, [/Handed back by: Amira Diaz/]],
  ])('of %s says what happened, who, and what to do next', (_name, to, before, type, by, expected) => {
    for (const words of expected) expect(flat(mailTo(to, before, after(before, type, by)).text)).toMatch(words);
  });

  test('of a revocation says until when sessions that are out still work', () => {
    const at = start + 5 * MINUTE;
    const session = {
      kind: 'keys',
      accessKeyId: 'ASIAQWERTYUIOPASDFGH',
      sessionName: 'lk-x',
      issuedAt: at,
      expiresAt: at + HOUR,
    } as const;
    const { text } = mailTo(asi.key, granted, after({ ...granted, sessions: [session] }, 'revoked', sec));
    expect(flat(text)).toContain(
      'No new sessions are issued. From 22 Nov 2026, 11:05 UTC on, none of the existing sessions can be used.',
    );
  });

  test('of a filing by a bot says so and how to undo it', () => {
    const byBot = filed({ filedBy: { principal: 'arn:aws:iam::999999999999:role/chatops-bot' } });
    const { text } = renderMail(
      { id: 'x', requestId: byBot.id, kind: 'filed', to: { ...asi, email: asi.key } },
      byBot,
      { home: links.home, at: start },
    );
    expect(flat(text)).toContain('Something was filed in your name');
    expect(flat(text)).toContain('the bot arn:aws:iam::999999999999:role/chatops-bot');
    expect(flat(text)).toContain('withdraw it');
  });

  test('that asks cannot be made without its link', () => {
    expect(() => renderMail(messagesFor(undefined, twoStages)[0]!, twoStages, { home: links.home, at: start })).toThrow(
      TypeError,
    );
  });

  test('has lines of at most 72 characters, addresses and other texts of one piece apart', () => {
    const { text } = mailTo(lea.key, undefined, filed());
    const long = text
      .split('\n')
      .filter((line) => line.length > 72 && !line.startsWith('http') && !line.startsWith('Asked by:'));
    expect(long).toEqual([]);
  });
});
