// `latchkey completion`
import { command } from '../command.ts';
import { type CompletionShell, completionScript, shells } from '../completion-scripts.ts';
import { Failure } from '../exit.ts';

export const completion = command({
  name: 'completion',
  summary: 'prints completions for a shell',
  positionals: [{ name: 'SHELL', summary: 'bash, zsh or fish', values: shells }],
  options: {},
  examples: ['eval "$(latchkey completion bash)"', 'eval "$(latchkey completion zsh)"', 'latchkey completion fish | source'],
  async run(world, { positionals: [shell = ''] }) {
    if (!isShell(shell)) throw new Failure('usage', `There are completions for ${shells.join(', ')}, not for "${shell}".`);
    const { allCommands } = await import('../commands.ts');
    world.out(completionScript(shell, await allCommands()));
    return 0;
  },
});

const isShell = (text: string): text is CompletionShell => (shells as readonly string[]).includes(text);
