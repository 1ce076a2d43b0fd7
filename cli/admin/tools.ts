// The tools of the admin commands as one file: the build puts it next to the program, which loads it only for an admin command.
import { type Answer, CannotAnswer } from '../../admin/answer.ts';

export { runCases } from '../../admin/catalogue/cases.ts';
export { check } from '../../admin/catalogue/check.ts';
export { diff } from '../../admin/catalogue/diff.ts';
export { explain } from '../../admin/catalogue/explain.ts';
export { who } from '../../admin/catalogue/who.ts';
export { newExternalId, targetNotes, targetText } from '../../admin/target.ts';
export const audit = (): Promise<typeof import('../../doctor/audit.ts')> => import('../../doctor/audit.ts');
export const tokenDoctor = (): Promise<typeof import('../../doctor/token.ts')> => import('../../doctor/token.ts');
export const doctor = (): Promise<typeof import('../../doctor/doctor.ts')> => import('../../doctor/doctor.ts');

/** Returns a CannotAnswer as a value: this bundle and the program each have their own copy of the error classes. */
export function settled(ask: () => Answer): Answer | { error: string; exitCode: 1 | 2 } {
  try {
    return ask();
  } catch (error) {
    if (error instanceof CannotAnswer) return { error: error.message, exitCode: error.exitCode };
    throw error;
  }
}
