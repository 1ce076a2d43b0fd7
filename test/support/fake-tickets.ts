// A ticket validator as far as Latchkey can see it: it remembers what it was asked, answers as it is told, and refuses a question that is none.
import type { Tickets } from '../../lib/app.ts';
import type { TicketAnswer, TicketQuestion } from '../../lib/policy/ticket.ts';

export type FakeTickets = Tickets & {
  /** what was asked, oldest first, with the name of the validator */
  asked: Array<TicketQuestion & { validator: string }>;
  /** by ticket; every other one is valid */
  answers: Map<string, TicketAnswer>;
};

export function fakeTickets(): FakeTickets {
  const asked: FakeTickets['asked'] = [];
  const answers: FakeTickets['answers'] = new Map();
  return {
    asked,
    answers,
    async check({ name, url }, question) {
      const isWhole =
        Object.values(question).every((value) => value !== '' && value !== undefined) &&
        Object.keys(question).length === 6;
      if (!isWhole || !url.startsWith('https://') || !/^\d{12}$/.test(question.account))
        throw new Error('no validator would understand this question');
      asked.push({ validator: name, ...question });
      return answers.get(question.ticket) ?? { outcome: 'valid' };
    },
  };
}

export const noAnswer: TicketAnswer = { outcome: 'unreachable', cause: 'no answer in time' };
