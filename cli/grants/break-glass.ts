// Before the glass is broken: says what will happen and who is told of it, and has somebody at a terminal say yes to that.
import { durationText } from '../../lib/common/time.ts';
import type { Api, RoleList } from '../api/api.ts';
import { confirmed } from '../machine/confirmation.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { accountText } from '../text/request-text.ts';
import { painter, plain } from '../text/terminal-text.ts';

/**
 * @param yes the question was answered with --yes
 * @throws Failure `refused` for a role without break-glass, `usage` where nobody can be asked, `interrupted` without a yes
 */
export async function confirmBreakGlass(
  world: World,
  api: Api,
  role: string,
  duration: string | undefined,
  yes: boolean,
): Promise<void> {
  const { items } = await api.call<RoleList>({ method: 'GET', path: '/roles' });
  const found = items.find(({ id }) => id === role);
  // a role that is not there is refused, with the one that was meant, by the filing itself
  if (!found) return;
  const { breakGlass, approval } = found;
  if (!breakGlass)
    throw new Failure('refused', `The catalogue has no break-glass for ${role}.`, [
      `Ask in the ordinary way: latchkey request ${role} --reason "..."`,
    ]);
  const bold = (text: string) => painter(world, world.errIsTerminal)('red', text);
  const approvers = [...new Set(approval.stages.flatMap((stage) => stage.approvers))];
  world.err(
    [
      `${bold('BREAK-GLASS')}: ${role} in ${accountText(found)}, at once and without approval, for ${duration ?? durationText(Math.min(found.duration.defaultSeconds, breakGlass.maxSeconds))}.`,
      `Told at once by mail: its approvers (${namesText(approvers)}), its reviewers (${namesText(breakGlass.reviewers)}) and every admin of Latchkey. Each of them can revoke it.`,
      `Somebody else has to review what you did, within ${durationText(breakGlass.reviewWithinSeconds)} of the end. All of it stays on record.`,
      '',
    ].join('\n'),
  );
  if (yes) return;
  const isYes = await confirmed(world, 'Break the glass? Type yes: ');
  if (isYes === undefined)
    throw new Failure('usage', '--break-glass asks before it files, and here nobody can be asked. Nothing was filed.', [
      'If it is meant, add --yes.',
    ]);
  if (!isYes) throw new Failure('interrupted', 'Nothing was filed.');
}

// -- internal --------------------------------------------------------------------------------------------------------

const namesText = (names: readonly string[]): string => names.map(plain).join(', ') || 'nobody by name';
