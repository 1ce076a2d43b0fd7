// `latchkey target`
import { answer, tools } from '../admin-answer.ts';
import { command } from '../command.ts';

const formats = ['cloudformation', 'terraform', 'json'] as const;

export const target = command({
  name: 'target',
  summary: 'prints what an account installs so that Latchkey can let people in',
  description: [
    "The catalogue's roles of the account, the boundary that they all have, and the revoker. The same question and catalogue print the same text.",
    'For several accounts it prints one CloudFormation template, which a StackSet brings to each of them.',
  ],
  apart: true,
  positionals: [],
  options: {
    account: {
      type: 'text',
      placeholder: 'KEY',
      summary: "the account's name in the catalogue, such as production; also a list or pattern: a,b or client-*",
    },
    hub: {
      type: 'text',
      placeholder: 'ACCOUNT',
      summary:
        'the 12 digits of the account in which Latchkey runs; left out, the template asks for them when it is deployed',
    },
    stage: { type: 'text', placeholder: 'STAGE', summary: 'the stage of that deployment (else prod)' },
    organization: {
      type: 'text',
      placeholder: 'ID',
      summary: 'lets in the hub only while it is in this AWS organisation; leave it out where the hub is in none',
    },
    format: {
      type: 'text',
      placeholder: 'FORMAT',
      summary: 'cloudformation (YAML, as without it), terraform (JSON syntax) or json (every document by itself)',
      values: formats,
    },
    catalogue: { type: 'text', placeholder: 'FILE', summary: 'the catalogue (else access.yml)' },
    since: {
      type: 'text',
      placeholder: 'FILE',
      summary: 'the catalogue as it was: prints what accounts install otherwise since then (all, without --account)',
    },
    'new-external-id': {
      type: 'flag',
      summary: 'prints an external id of 128 random bits instead, to be kept in the catalogue under its account',
    },
  },
  examples: [
    'latchkey target --account production > production.yml',
    'latchkey target --account production --hub 999999999999 --format terraform',
    "latchkey target --account 'client-*' --hub 999999999999 > clients.yml",
    'latchkey target --since access-before.yml',
    'latchkey target --new-external-id',
  ],
  async run(world, { options }) {
    const { newExternalId, targetNotes, targetText } = await tools();
    const { stage = 'prod', format = 'cloudformation', catalogue = 'access.yml' } = options;
    const question = { ...options, stage, format: format as (typeof formats)[number], catalogue };
    return answer(world, () => {
      const text = options['new-external-id'] ? newExternalId() : targetText(question).trimEnd();
      for (const note of targetNotes(text)) world.err(`${note}\n`);
      return { lines: [text], exitCode: 0 };
    });
  },
});
