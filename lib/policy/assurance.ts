// What approvers and reviewers must prove. An emailed link proves access to a mailbox, but no sign-in, second factor or network.
import type { Role } from '../catalogue/catalogue.ts';
import { conditionChecks, conditionsIn } from '../model/condition.ts';
import { howToDecide } from '../model/how-to-decide.ts';
import { Problem } from '../model/problem.ts';
import type { RequestRecord } from '../model/schema.ts';
import { openStage } from '../model/status.ts';
import type { Act } from './who.ts';

type Approval = Role['approval'];

/** Whether decisions at a stage, or of the role's reviewers without a stage, require a sign-in. */
export function takesSignIn(
  { risk, approval }: Pick<Role, 'risk' | 'approval'>,
  stage?: Approval['stages'][number],
): boolean {
  const { mfa, signIn, networks } = approval;
  const usual = risk === 'high' ? 'signed-in' : 'link';
  return (stage?.by ?? usual) === 'signed-in' || mfa || signIn !== undefined || networks !== undefined;
}

/** Whether the open stage of a request requires a sign-in, at filing or by today\'s catalogue: the stricter counts. */
export function stageTakesSignIn(request: RequestRecord, role: Role | undefined): boolean {
  const open = openStage(request);
  if (!open) return false;
  const isInPlace = role?.approval.stages.length === request.stages.length;
  return (
    open.stage.by === 'signed-in' ||
    (role !== undefined && takesSignIn(role, isInPlace ? role.approval.stages[open.index] : undefined))
  );
}

/** The same for the review of break-glass. */
export const reviewTakesSignIn = ({ review }: RequestRecord, role: Role | undefined): boolean =>
  review?.by === 'signed-in' || (role !== undefined && reviewersSignIn(role));

/** Reviewers of a role must prove as much as its strictest approvers. */
export const reviewersSignIn = (role: Pick<Role, 'risk' | 'approval'>): boolean =>
  role.approval.stages.length === 0
    ? takesSignIn(role)
    : role.approval.stages.some((stage) => takesSignIn(role, stage));

/**
 * Allows a decision or review only if the caller proves what the catalogue requires.
 * @throws Problem `needs-sign-in`, `needs-mfa`, `refused-by-policy`
 */
export function checkAssurance(bySignIn: boolean, role: Role | undefined, request: RequestRecord, act: Act): void {
  const { caller, now } = act;
  if (caller.via === 'link' && bySignIn) throw new Problem('needs-sign-in', howToDecide(request));
  if (!role) return;
  if (role.approval.mfa && !caller.mfa)
    throw new Problem('needs-mfa', 'Approvers of this role must sign in with MFA. Sign in again with a second factor.');
  const failed = conditionChecks(conditionsIn(role.approval), caller, now).filter(({ passed }) => !passed);
  const [first] = failed;
  if (!first) return;
  const { code } = failed.find((check) => check.code === 'needs-sign-in') ?? first;
  const same = failed.filter((check) => check.code === code);
  const errors = same.map(({ pointer = '', detail }) => ({ pointer, detail }));
  throw new Problem(code, same.map(({ detail }) => detail).join(' '), {
    ...(code === 'refused-by-policy' && { errors }),
  });
}
