// The reference machine: the expected behaviour of Latchkey, written again as briefly as possible and without lib/.

const minute = 60_000;
const hour = 60 * minute;

/** The three roles of the model's catalogue: who decides them, stage by stage, and how many it takes. */
export const roles = {
  one: [{ need: 1, people: ['lead', 'second'] }],
  two: [
    { need: 2, people: ['lead', 'second', 'third'] },
    { need: 1, people: ['security'] },
  ],
  auto: [],
} as const satisfies Record<string, Array<{ need: number; people: string[] }>>;
export type RoleName = keyof typeof roles;

export const decideWithin = hour;
export const duration = hour;
/** when an unfinished revocation is recorded as failed; here no function processes the stream for IAM */
const revocationOverdue = 15 * minute;
const checksAfter = [5 * minute, 30 * minute];

export type State =
  | 'nothing'
  | 'pending'
  | 'half approved'
  | 'second stage'
  | 'scheduled'
  | 'granted'
  | 'in use'
  | 'run out'
  | 'ended'
  | 'handed back'
  | 'withdrawn'
  | 'revoked'
  | 'denied'
  | 'overdue'
  | 'lapsed';

type Mail = { key: string; title: string; to: string; isAsk: boolean };
type Model = {
  number: number;
  byBot: boolean;
  stage: number;
  openedBy: number;
  openedAt: number;
  filedAt: number;
  /** its approvers are asked a minute after the filing */
  isAskedLater: boolean;
  overAt?: number;
  checks: number;
  deadline: number;
  seconds: number;
  decisions: Array<{ who: string; what: 'approve' | 'deny'; stage: number }>;
  /** when it was asked to start, and the request that it continues */
  wanted?: number;
  continues?: Model;
  start?: number;
  end?: number;
  vends: number;
  /** until when a session may be out */
  liveUntil: number;
  /** when the revocation of the sessions that were out is given up */
  revokeBy?: number;
  over?: 'denied' | 'withdrawn' | 'ended' | 'handed back' | 'revoked' | 'lapsed';
  events: string[];
};
export type Requests = ReturnType<typeof referenceMachine>;

/** The requests of one developer, `dev`, for one role. Each command answers the code that Latchkey should answer with. */
export function referenceMachine(role: RoleName) {
  const stages: ReadonlyArray<{ need: number; people: readonly string[] }> = roles[role];
  const approvers = stages.flatMap(({ people }) => people);
  const all: Model[] = [];
  const keys = new Map<string, { number: number; body: string }>();
  /** what each write tells people, oldest first */
  const written: Mail[][] = [];
  const sent = new Set<string>();
  let now = 0;

  const current = () => all.at(-1);
  const asked = (model: Model) => stages.slice(0, model.stage + 1).flatMap(({ people }) => people);
  const hasDecided = (model: Model, who: string) => model.decisions.some((decision) => decision.who === who);
  const isPending = (model: Model) => !model.over && model.end === undefined && now < model.deadline;
  const isOpen = (model: Model) => !model.over && (model.end ?? model.deadline) > now;
  const isGranted = (model: Model) => !model.over && model.end !== undefined && now < model.end;
  const isActive = (model: Model) => isGranted(model) && now >= model.start!;

  function involvement(model: Model | undefined, who: string): 'ok' | 'request-not-found' {
    if (!model) return 'request-not-found';
    const isInvolved = ['dev', 'admin', 'auditor', ...approvers].includes(who) || (who === 'bot' && model.byBot);
    return isInvolved ? 'ok' : 'request-not-found';
  }
  function write(model: Model, type: string, news: string[], title: string, asks: string[] = []): void {
    model.events.push(type);
    if (model.over) model.overAt ??= now;
    const mail = (to: string, isAsk: boolean, cause: number): Mail => ({
      key: `${model.number} ${isAsk ? 'Decision needed' : title} ${cause} ${to}`,
      title: isAsk ? 'Decision needed' : title,
      to,
      isAsk,
    });
    written.push([
      ...asks.map((to) => mail(to, true, model.openedBy)),
      ...news.map((to) => mail(to, false, model.events.length)),
    ]);
  }
  function open(model: Model, stage: number): string[] {
    Object.assign(model, { stage, openedBy: model.events.length + 1, openedAt: now, checks: 0 });
    return stages[stage]!.people.filter((who) => !hasDecided(model, who));
  }
  /** Withdrawn, denied or ended within a minute of its filing, in the last hour. */
  const wasShortLived = ({ filedAt, overAt }: Model): boolean =>
    overAt !== undefined && filedAt > now - hour && overAt - filedAt < minute;
  function grant(model: Model): void {
    // what is continued and ended early is not waited for
    const wanted = model.continues?.over ? now : (model.wanted ?? now);
    model.start = Math.floor(Math.max(now, wanted) / 1000) * 1000;
    model.end = model.start + model.seconds * 1000;
  }

  function add(byBot: boolean, more: Pick<Model, 'wanted' | 'continues'>): Model {
    const model: Model = {
      number: all.length,
      byBot,
      stage: 0,
      openedBy: 1,
      openedAt: now,
      filedAt: now,
      isAskedLater: all.filter(wasShortLived).length >= 2,
      checks: 0,
      deadline: Math.floor(now / 1000) * 1000 + decideWithin,
      seconds: duration / 1000,
      decisions: [],
      vends: 0,
      liveUntil: 0,
      events: [],
      ...more,
    };
    all.push(model);
    if (role === 'auto') {
      grant(model);
      model.events.push('filed');
      write(model, 'approved', ['dev'], 'Approved');
    } else {
      const asks = open(model, 0);
      write(model, 'filed', byBot ? ['dev'] : [], 'Filed in your name', model.isAskedLater ? [] : asks);
    }
    return model;
  }
  function replay(key: string, body: string): { code: string; number?: number } | undefined {
    const known = keys.get(key);
    if (!known) return undefined;
    return known.body === body ? { code: 'replayed', number: known.number } : { code: 'idempotency-mismatch' };
  }
  /** What the sweep finds to do for a request, and since when. */
  function due(model: Model): { at: number; run(): void } | undefined {
    if (model.revokeBy !== undefined) {
      return {
        at: model.revokeBy,
        run() {
          delete model.revokeBy;
          write(model, 'revocation-failed', [], '');
        },
      };
    }
    if (model.over) return undefined;
    if (model.end !== undefined) {
      return {
        at: model.end,
        run() {
          model.over = 'ended';
          write(model, 'ended', [], '');
        },
      };
    }
    const checks = model.isAskedLater && model.stage === 0 ? [minute, ...checksAfter] : checksAfter;
    const check = model.openedAt + (checks[model.checks] ?? Number.POSITIVE_INFINITY);
    return {
      at: Math.min(check, model.deadline),
      run() {
        if (now >= model.deadline) {
          model.over = 'lapsed';
          write(model, 'lapsed', ['dev', ...asked(model)], 'Lapsed');
          return;
        }
        // a sweep that comes late makes up for all of them at once
        model.checks = checks.filter((after) => now >= model.openedAt + after).length;
        const waiting = stages[model.stage]!.people.filter((who) => !hasDecided(model, who));
        write(model, 'mail-checked', [], '', waiting);
      },
    };
  }

  return {
    all,
    written,
    at: () => now,
    /** Time never goes back. */
    tick(to: number) {
      now = Math.max(now, to);
    },

    state(): State {
      const model = current();
      if (!model) return 'nothing';
      if (model.over) return model.over;
      if (model.end !== undefined)
        return now >= model.end ? 'run out' : now < model.start! ? 'scheduled' : model.vends > 0 ? 'in use' : 'granted';
      if (now >= model.deadline) return 'overdue';
      if (model.stage > 0) return 'second stage';
      return model.decisions.length > 0 ? 'half approved' : 'pending';
    },

    /** The status that the API shows. */
    status(model: Model): string {
      if (model.over) return model.over === 'handed back' ? 'ended' : model.over;
      if (model.end !== undefined) return now < model.start! ? 'scheduled' : now < model.end ? 'active' : 'ended';
      return now < model.deadline ? 'pending' : 'lapsed';
    },

    /** @param wanted when the grant is to start */
    file(key: string, body: string, byBot: boolean, wanted?: number): { code: string; number?: number } {
      const known = replay(`${byBot} ${key}`, body);
      if (known) return known;
      const start = wanted === undefined ? undefined : Math.floor(wanted / 1000) * 1000;
      if (start !== undefined && start < Math.floor(now / 1000) * 1000) return { code: 'refused-by-policy' };
      if (all.some(isOpen)) return { code: 'overlap' };
      const { number } = add(byBot, start === undefined ? {} : { wanted: start });
      keys.set(`${byBot} ${key}`, { number, body });
      return { code: 'filed', number };
    },

    /** Continues the request of a number. */
    extend(who: string, key: string, continued: number): { code: string; number?: number } {
      const model = all[continued];
      if (!model || involvement(model, who) !== 'ok') return { code: 'request-not-found' };
      if (who === 'bot') return { code: 'not-allowed' };
      if (who !== 'dev') return { code: 'not-the-requester' };
      const known = replay(`extend ${continued} ${key}`, '');
      if (known) return known;
      if (!isGranted(model)) return { code: 'not-active' };
      if (all.some((other) => other !== model && isOpen(other))) return { code: 'overlap' };
      const { number } = add(false, { wanted: model.end!, continues: model });
      keys.set(`extend ${continued} ${key}`, { number, body: '' });
      return { code: 'filed', number };
    },

    decide(who: string, what: 'approve' | 'deny', seconds = duration / 1000): string {
      const model = current();
      if (!model || involvement(model, who) !== 'ok') return 'request-not-found';
      if (who === 'bot') return 'not-allowed';
      if (who === 'dev') return 'own-request';
      if (!approvers.includes(who)) return 'not-an-approver';
      if (!isPending(model) || hasDecided(model, who)) return 'already-decided';
      if (!stages[model.stage]!.people.includes(who)) return 'not-an-approver';
      const everybody = ['dev', ...asked(model)].filter((other) => other !== who);
      if (what === 'approve' && seconds > model.seconds) return 'refused-by-policy';
      model.decisions.push({ who, what, stage: model.stage });
      if (what === 'deny') {
        model.over = 'denied';
        write(model, 'denied', everybody, 'Denied');
        return 'ok';
      }
      model.seconds = seconds;
      if (model.decisions.filter(({ stage }) => stage === model.stage).length < stages[model.stage]!.need)
        write(model, 'approved', [], '');
      else if (model.stage + 1 < stages.length) {
        const next = open(model, model.stage + 1);
        write(model, 'approved', [], '', next);
      } else {
        grant(model);
        // the last approver gets an email too, with the link that revokes
        write(model, 'approved', ['dev', ...asked(model)], 'Approved');
      }
      return 'ok';
    },

    /** Whether a mailed link decides nothing any more. */
    isLinkSpent(who: string): boolean {
      const model = current()!;
      const isFilled = !stages.slice(model.stage).some(({ people }) => people.includes(who));
      return hasDecided(model, who) || !isPending(model) || isFilled;
    },
    hasLink: (who: string): boolean =>
      [...sent].some((key) => key.startsWith(`${all.length - 1} Decision needed`) && key.endsWith(` ${who}`)),

    end(who: string, number = all.length - 1): string {
      const model = all[number];
      if (!model || involvement(model, who) !== 'ok') return 'request-not-found';
      if (who === 'bot') return 'not-allowed';
      if (who === 'auditor') return 'not-an-approver';
      if (!isPending(model) && !isGranted(model)) return 'not-active';
      if (model.liveUntil > now) model.revokeBy = now + revocationOverdue;
      const others = ['dev', ...(role === 'auto' ? [] : asked(model))].filter((other) => other !== who);
      if (who !== 'dev') {
        model.over = 'revoked';
        write(model, 'revoked', others, 'Revoked');
        // what continues a revoked grant ends with it
        for (const [i, other] of all.entries())
          if (other.continues === model && (isPending(other) || isGranted(other))) this.end(who, i);
      } else if (model.vends === 0) {
        model.over = 'withdrawn';
        write(model, 'withdrawn', now - model.filedAt < minute ? [] : others, 'Withdrawn');
      } else {
        model.over = 'handed back';
        write(
          model,
          'ended',
          model.decisions.map((decision) => decision.who),
          'Handed back',
        );
      }
      return 'ok';
    },

    /** Until when the session is good, in epoch milliseconds, or why there is none. */
    vend(who: string, number = all.length - 1): string | number {
      const model = all[number];
      if (!model || involvement(model, who) !== 'ok') return 'request-not-found';
      if (who !== 'dev') return 'not-the-requester';
      if (!isActive(model)) return 'not-active';
      model.vends += 1;
      write(model, 'vended', [], '');
      const left = Math.floor((model.end! - now) / 1000);
      model.liveUntil = Math.min(
        model.end!,
        Math.floor(now / 1000) * 1000 + Math.max(900, Math.min(left, 3600)) * 1000,
      );
      return model.liveUntil;
    },

    read: (who: string): string => involvement(current(), who),

    /** One step for each request that has one due, the longest due first. */
    sweep(): void {
      const steps = all.flatMap((model) => due(model) ?? []).filter(({ at }) => at <= now);
      for (const { run } of steps.sort((a, b) => a.at - b.at)) run();
    },

    /** The emails that go out when the n-th write is heard of, for the first time or again: `title to`. */
    hear(n: number, deadline: number): string[] {
      const out = written[n]!.filter(({ key, isAsk }) => !sent.has(key) && !(isAsk && now >= deadline));
      for (const { key } of out) sent.add(key);
      return out.map(({ title, to }) => `${title} ${to}`);
    },
  };
}
