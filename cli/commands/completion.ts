// `latchkey completion`
import type { BlockListView } from '../../lib/http/answers.ts';
import type { RequestList, RoleList } from '../api/api.ts';
import type { Candidate, Known } from '../completion/candidates.ts';
import { type CompletionShell, completionScripts, shells } from '../completion/scripts.ts';
import { isRequestId, isRoleId } from '../grants/grant.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { type CommonValues, command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';
import { blockedText } from '../text/block-text.ts';
import { requesterText } from '../text/request-text.ts';
import { plain } from '../text/terminal-text.ts';

export const completion = command({
  name: 'completion',
  group: 'Set up',
  summary: 'Print the completion script of a shell',
  description: [
    'The script runs `latchkey completion words -- WORD...`, which prints the candidates for the last word, one on each line, with a description after a tab. Roles and requests are offered while you are signed in.',
  ],
  positionals: [{ name: 'SHELL', summary: 'bash, zsh or fish', values: shells }],
  options: {},
  rest: {
    name: 'WORD',
    summary: 'for the scripts: the words after `latchkey`, up to the one that is being typed',
    optional: true,
  },
  examples: [
    'eval "$(latchkey completion bash)"',
    'eval "$(latchkey completion zsh)"',
    'latchkey completion fish | source',
  ],
  async run(world, { positionals: [shell = ''], options, rest }, commands) {
    if (shell === 'words') {
      const { candidatesFor } = await import('../completion/candidates.ts');
      const all = await Promise.all(Object.values(commands).map((load) => load()));
      const found = await candidatesFor(all, rest, knownTo(world, options));
      world.out(found.map(({ word, summary }) => `${word}${summary === '' ? '' : `\t${plain(summary)}`}\n`).join(''));
      return 0;
    }
    if (!isShell(shell))
      throw new Failure('usage', `"${shell}" is not a supported shell. Supported: ${shells.join(', ')}.`);
    world.out(completionScripts[shell]);
    return 0;
  },
});

// -- internal --------------------------------------------------------------------------------------------------------

const isShell = (text: string): text is CompletionShell => (shells as readonly string[]).includes(text);

/** How long a completion may take after Tab is pressed. */
const patience = 5000;

/** Candidates are inserted into the command line unquoted, so only valid role names and request IDs are offered. */
function knownTo(world: World, options: CommonValues): Known {
  const ask = async (path: string, query: Record<string, string>): Promise<unknown> => {
    const { connect } = await import('../api/api.ts');
    return (await connect(world, readSettings(world, options))).call({ method: 'GET', path, query });
  };
  /** Errors are dropped on purpose: a message in the middle of typing would break the prompt. */
  const orNone = async (listed: Promise<Candidate[]>): Promise<Candidate[]> => {
    const none = listed.catch((error: unknown) => {
      if (error instanceof Failure) return [];
      throw error;
    });
    return (await Promise.race([none, world.sleep(patience)])) ?? [];
  };
  return {
    roles: () =>
      orNone(
        ask('/roles', {}).then((list) =>
          (list as RoleList).items
            .filter(({ id }) => isRoleId(id))
            .map(({ id, description }) => ({ word: id, summary: description })),
        ),
      ),
    toDecide: () =>
      orNone(
        ask('/requests', { view: 'to-decide' }).then((list) =>
          (list as RequestList).items
            .filter(({ id }) => isRequestId(id))
            .map(({ id, requester, role, reason }) => ({
              word: id,
              summary: `${requesterText(requester)}, ${role.id}: ${reason}`,
            })),
        ),
      ),
    blocks: () =>
      orNone(
        ask('/blocks', {}).then((list) =>
          (list as BlockListView).items
            .filter(({ id }) => isRequestId(id))
            .map((block) => ({ word: block.id, summary: blockedText(block) })),
        ),
      ),
  };
}
