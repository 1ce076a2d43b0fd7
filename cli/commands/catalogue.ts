// `latchkey catalogue check|explain|who|diff|test`, for authors and reviewers of access.yml
import { answer, tools } from '../admin/answer.ts';
import { command } from '../options/command.ts';
import { namedValues } from '../options/named-values.ts';

const catalogue = { type: 'text', placeholder: 'FILE', summary: 'catalogue file (default: access.yml)' } as const;
const shipped = 'access.yml';
const role = {
  type: 'text',
  placeholder: 'ROLE',
  required: true,
  summary: 'ID of a role in the catalogue',
} as const;

export const catalogueCheck = command({
  name: 'catalogue check',
  group: 'Administer',
  summary: 'Check a catalogue for errors and warnings',
  description: [
    'Shows each with its line and column. Exits with 1 if there are errors. Warnings are shown and do not fail the check, unless --strict is given.',
  ],
  apart: true,
  positionals: [{ name: 'FILE', summary: 'catalogue file (default: access.yml)', optional: true }],
  options: { strict: { type: 'flag', summary: 'fail on warnings too' }, catalogue },
  examples: ['latchkey catalogue check access.yml --strict'],
  async run(world, { positionals: [file], options }) {
    const { check } = await tools();
    return answer(world, () => check(file ?? options.catalogue ?? shipped, options.strict));
  },
});

export const catalogueExplain = command({
  name: 'catalogue explain',
  group: 'Administer',
  summary: 'Explain how the catalogue would answer a request',
  description: [
    'Shows every rule of the role, passed or failed, from the function that enforces it. Exits with 1 if the request would be refused.',
  ],
  apart: true,
  positionals: [],
  options: {
    person: {
      type: 'text',
      placeholder: 'WHO',
      required: true,
      summary: 'email address, or ARN of an IAM user or role; for a bot, the ARN of the bot',
    },
    role,
    at: {
      type: 'text',
      placeholder: 'TIME',
      summary: 'time of the request, such as 2026-11-23T09:00:00Z (default: now)',
    },
    mfa: { type: 'flag', summary: 'signed in with a second factor' },
    'signed-in-ago': { type: 'text', placeholder: '5m', summary: 'how long ago the sign-in was' },
    from: { type: 'text', placeholder: 'ADDRESS', summary: 'source address of the call' },
    group: { type: 'list', placeholder: 'NAME', summary: 'group in the token' },
    'permission-set': { type: 'text', placeholder: 'ARN', summary: 'permission set that signs the call' },
    duration: { type: 'text', placeholder: '1h', summary: "how long (default: the role's default)" },
    reason: { type: 'text', placeholder: 'TEXT', summary: 'why (default: a reason that is long enough)' },
    ticket: { type: 'text', placeholder: 'TICKET', summary: 'ticket' },
    'ticket-is': {
      type: 'text',
      placeholder: 'ANSWER',
      summary: 'what the ticket validator answers; the validator is not called',
      values: ['valid', 'invalid', 'unreachable'],
    },
    'on-behalf-of': { type: 'text', placeholder: 'WHOM', summary: 'person for whom the bot files' },
    'starts-at': {
      type: 'text',
      placeholder: 'TIME',
      summary: 'requested start, such as 2026-11-24T09:00:00Z',
    },
    scope: { type: 'list', placeholder: 'NAME=VALUE', summary: 'part of the role' },
    'break-glass': { type: 'flag', summary: 'request by break-glass' },
    open: { type: 'list', placeholder: 'ROLE', summary: 'role for which the person has an open request already' },
    'filed-lately': { type: 'text', placeholder: 'N', summary: 'how many requests the person filed in the last hour' },
    'bot-filed-lately': {
      type: 'text',
      placeholder: 'N',
      summary: 'how many requests the bot filed in the last hour, for anyone',
    },
    'open-of-role': {
      type: 'text',
      placeholder: 'N',
      summary: 'how many requests for this role are open, over all people',
    },
    'review-overdue': { type: 'text', placeholder: '2d', summary: 'how long a break-glass review has been overdue' },
    'reviews-waiting': {
      type: 'text',
      placeholder: 'N',
      summary: 'how many other break-glass reviews are not signed',
    },
    continues: { type: 'text', placeholder: '30m', summary: 'extension of a grant that ends after this time' },
    json: { type: 'flag', summary: 'print JSON' },
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
  group: 'Administer',
  summary: 'List who may request a role, and who approves',
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
  group: 'Administer',
  summary: 'List who gains and loses what when the catalogue changes',
  apart: true,
  positionals: [
    { name: 'OLD', summary: 'old catalogue file' },
    { name: 'NEW', summary: 'new catalogue file' },
  ],
  options: { json: { type: 'flag', summary: 'print JSON' } },
  examples: ['latchkey catalogue diff old.yml access.yml'],
  async run(world, { positionals: [old = '', renewed = ''], options }) {
    const { diff } = await tools();
    return answer(world, () => diff(old, renewed, options.json));
  },
});

export const catalogueTest = command({
  name: 'catalogue test',
  group: 'Administer',
  summary: 'Run test cases against a catalogue',
  description: ['Cases are YAML: a person, a role, a time and the expected outcome. Exits with 1 if a case fails.'],
  apart: true,
  positionals: [{ name: 'DIR', summary: 'directory of the cases (default: catalogue-tests)', optional: true }],
  options: {
    catalogue: { ...catalogue, summary: 'catalogue file (default: the one that the case file names, then access.yml)' },
  },
  examples: ['latchkey catalogue test catalogue-tests'],
  async run(world, { positionals: [directory = 'catalogue-tests'], options }) {
    const { runCases } = await tools();
    return answer(world, () => runCases(directory, options.catalogue, world.now()));
  },
});
