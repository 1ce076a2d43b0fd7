// `latchkey catalogue check|explain|who|diff|test`: what a reviewer of access.yml asks.
import { answer, tools } from '../admin-answer.ts';
import { command } from '../command.ts';
import { namedValues } from '../named-values.ts';

const catalogue = { type: 'text', placeholder: 'FILE', summary: 'the catalogue (else access.yml)' } as const;
const shipped = 'access.yml';
const role = {
  type: 'text',
  placeholder: 'ROLE',
  required: true,
  summary: 'the id of a role in the catalogue',
} as const;

export const catalogueCheck = command({
  name: 'catalogue check',
  summary: 'finds faults and doubts in a catalogue, with line and column',
  description: ['Ends with 1 if there are faults; doubts are shown and pass, unless --strict says otherwise.'],
  apart: true,
  positionals: [{ name: 'FILE', summary: 'the catalogue (else access.yml)', optional: true }],
  options: { strict: { type: 'flag', summary: 'fails on doubts too' }, catalogue },
  examples: ['latchkey catalogue check access.yml --strict'],
  async run(world, { positionals: [file], options }) {
    const { check } = await tools();
    return answer(world, () => check(file ?? options.catalogue ?? shipped, options.strict));
  },
});

export const catalogueExplain = command({
  name: 'catalogue explain',
  summary: 'says what the catalogue makes of a request by anybody',
  description: [
    'Every rule of the role, passed or failed, from the very function that enforces it. Ends with 1 if the request would be refused.',
  ],
  apart: true,
  positionals: [],
  options: {
    person: {
      type: 'text',
      placeholder: 'WHO',
      required: true,
      summary: 'mail address, or the ARN of an IAM user or role; of a bot, it is the bot that calls',
    },
    role,
    at: { type: 'text', placeholder: 'TIME', summary: 'when, such as 2026-11-23T09:00:00Z (else now)' },
    mfa: { type: 'flag', summary: 'signed in with a second factor' },
    'signed-in-ago': { type: 'text', placeholder: '5m', summary: 'how long ago the sign-in was' },
    from: { type: 'text', placeholder: 'ADDRESS', summary: 'the source address of the call' },
    group: { type: 'list', placeholder: 'NAME', summary: 'a group of the token' },
    'permission-set': { type: 'text', placeholder: 'ARN', summary: 'the permission set that signs' },
    duration: { type: 'text', placeholder: '1h', summary: "how long (else the role's default)" },
    reason: { type: 'text', placeholder: 'TEXT', summary: 'why (else one that is long enough)' },
    ticket: { type: 'text', placeholder: 'TICKET', summary: 'the ticket' },
    'ticket-is': {
      type: 'text',
      placeholder: 'ANSWER',
      summary: "what the ticket's validator says: nobody asks it here",
      values: ['valid', 'invalid', 'unreachable'],
    },
    'on-behalf-of': { type: 'text', placeholder: 'WHOM', summary: 'for whom a bot files' },
    'starts-at': {
      type: 'text',
      placeholder: 'TIME',
      summary: 'the start that is asked for, such as 2026-11-24T09:00:00Z',
    },
    scope: { type: 'list', placeholder: 'NAME=VALUE', summary: 'a part of the role' },
    'break-glass': { type: 'flag', summary: 'by break-glass' },
    open: { type: 'list', placeholder: 'ROLE', summary: 'a role for which there is an open request already' },
    'filed-lately': { type: 'text', placeholder: 'N', summary: 'how many requests were filed in the last hour' },
    'bot-filed-lately': { type: 'text', placeholder: 'N', summary: 'how many of them the bot filed, for whomever' },
    'open-of-role': {
      type: 'text',
      placeholder: 'N',
      summary: 'how many requests of this role are open, of all people',
    },
    'review-overdue': { type: 'text', placeholder: '2d', summary: 'for how long a review of break-glass is overdue' },
    'reviews-waiting': {
      type: 'text',
      placeholder: 'N',
      summary: 'how many further reviews of break-glass wait to be signed',
    },
    continues: { type: 'text', placeholder: '30m', summary: 'an extension of a grant that ends in so long' },
    json: { type: 'flag', summary: 'prints JSON' },
    catalogue,
  },
  examples: [
    'latchkey catalogue explain --person asi-dev@example.com --role production-bucket-read',
    'latchkey catalogue explain --person dev@example.com --role production-app-write --mfa --at 2026-11-23T09:00:00Z',
  ],
  async run(world, { options }) {
    const scope = namedValues('scope', options.scope);
    const { explain } = await tools();
    return answer(world, () => explain(options.catalogue ?? shipped, { ...options, scope }, world.now()));
  },
});

export const catalogueWho = command({
  name: 'catalogue who',
  summary: 'says who may request a role, who is denied it, and who approves',
  apart: true,
  positionals: [],
  options: { role, catalogue },
  examples: ['latchkey catalogue who --role cross-account-admin'],
  async run(world, { options }) {
    const { who } = await tools();
    return answer(world, () => who(options.catalogue ?? shipped, options.role));
  },
});

export const catalogueDiff = command({
  name: 'catalogue diff',
  summary: 'says who gains and loses what by a change of the catalogue',
  apart: true,
  positionals: [
    { name: 'OLD', summary: 'the catalogue as it was' },
    { name: 'NEW', summary: 'the catalogue as it will be' },
  ],
  options: { json: { type: 'flag', summary: 'prints JSON' } },
  examples: ['latchkey catalogue diff old.yml access.yml'],
  async run(world, { positionals: [old = '', renewed = ''], options }) {
    const { diff } = await tools();
    return answer(world, () => diff(old, renewed, options.json));
  },
});

export const catalogueTest = command({
  name: 'catalogue test',
  summary: 'runs the cases that say what a catalogue must answer',
  description: ['Cases are YAML: a person, a role and a time, and the outcome. Ends with 1 if one does not hold.'],
  apart: true,
  positionals: [{ name: 'DIR', summary: 'where the cases are (else catalogue-tests)', optional: true }],
  options: {
    catalogue: { ...catalogue, summary: 'the catalogue (else the one that a file of cases names, else access.yml)' },
  },
  examples: ['latchkey catalogue test catalogue-tests'],
  async run(world, { positionals: [directory = 'catalogue-tests'], options }) {
    const { runCases } = await tools();
    return answer(world, () => runCases(directory, options.catalogue, world.now()));
  },
});
