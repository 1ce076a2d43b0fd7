// `latchkey target`
import { answer, tools } from '../admin/answer.ts';
import { command } from '../options/command.ts';

const formats = ['cloudformation', 'terraform', 'json'] as const;

export const target = command({
  name: 'target',
  group: 'Administer',
  summary: 'Print the template that a target account installs',
  description: [
    "It has the catalogue's roles of the account, their permissions boundary, and the revoker. The same options and catalogue always print the same text.",
    'For several accounts it prints one CloudFormation template for a StackSet.',
  ],
  apart: true,
  positionals: [],
  options: {
    account: {
      type: 'text',
      placeholder: 'KEY',
      summary: "the account's name in the catalogue, such as production, or several: a,b or client-*",
    },
    hub: {
      type: 'text',
      placeholder: 'ACCOUNT',
      summary:
        '12-digit ID of the account in which Latchkey runs (default: the template asks for it when it is deployed)',
    },
    stage: { type: 'text', placeholder: 'STAGE', summary: 'stage of that deployment (default: prod)' },
    organization: {
      type: 'text',
      placeholder: 'ID',
      summary: 'trust the hub only while it is in this AWS organisation; leave it out if the hub is in none',
    },
    format: {
      type: 'text',
      placeholder: 'FORMAT',
      summary:
        'cloudformation (YAML), terraform (JSON syntax) or json (every document separately) (default: cloudformation)',
      values: formats,
    },
    catalogue: { type: 'text', placeholder: 'FILE', summary: 'catalogue file (default: access.yml)' },
    since: {
      type: 'text',
      placeholder: 'FILE',
      summary: 'older catalogue file: print what changed since then (default: of all accounts)',
    },
    'new-external-id': {
      type: 'flag',
      summary: 'print a new external ID of 128 random bits instead, to put into the catalogue',
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
