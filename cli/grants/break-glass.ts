// Confirmation before break-glass: shows what will happen and who is notified, and asks for a yes at the terminal.
import { durationText } from '../../lib/common/time.ts';
import type { Api, RoleList } from '../api/api.ts';
import { confirmed } from '../machine/confirmation.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { accountText } from '../text/request-text.ts';
import { painter, plain } from '../text/terminal-text.ts';

/**
 * @param yes whether --yes was given
 * @throws Failure `refused` for a role without break-glass, `usage` without a terminal, `interrupted` without a yes
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
  // filing refuses an unknown role and suggests similar names
  if (!found) return;
  const { breakGlass, approval } = found;
  if (!breakGlass)
    throw new Failure('refused', `The catalogue does not allow break-glass for ${role}.`, [
      `Request it with approval: latchkey request ${role} --reason "..."`,
    ]);
  const bold = (text: string) => painter(world, world.errIsTerminal)('red', text);
  const approvers = [...new Set(approval.stages.flatMap((stage) => stage.approvers))];
  world.err(
    [
      `${bold('BREAK-GLASS')}: ${role} in ${accountText(found)}, at once and without approval, for ${duration ?? durationText(Math.min(found.duration.defaultSeconds, breakGlass.maxSeconds))}.`,
      `Notified immediately by email: its approvers (${namesText(approvers)}), its reviewers (${namesText(breakGlass.reviewers)}) and every admin of Latchkey. Each of them can revoke it.`,
      `Someone else must review the grant within ${durationText(breakGlass.reviewWithinSeconds)} after its end. Every step is recorded.`,
      '',
    ].join('\n'),
  );
  if (yes) return;
  const isYes = await confirmed(world, 'Break the glass? Type yes: ');
  if (isYes === undefined)
    throw new Failure(
      'usage',
      '--break-glass requires confirmation, and there is no terminal to ask on. Nothing was filed.',
      ['To file without confirmation, add --yes.'],
    );
  if (!isYes) throw new Failure('interrupted', 'Nothing was filed.');
}

// -- internal --------------------------------------------------------------------------------------------------------

const namesText = (names: readonly string[]): string => names.map(plain).join(', ') || 'none named';
