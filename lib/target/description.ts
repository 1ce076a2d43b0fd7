// Descriptions of IAM resources, the same in every template.
import { commonBoundary } from './boundary.ts';
import type { TargetRole } from './target.ts';

export const boundaryDescription = (name: string): string =>
  name === commonBoundary
    ? 'What roles of Latchkey cannot do, whatever their permissions'
    : `What ${name.slice(`${commonBoundary}-`.length)} cannot do, whatever its permissions`;

/** At most 1000 characters (botocore iam). The reach beyond the session comes first, because the list of ids may be long. */
export const roleDescription = ({ ids, reach }: Pick<TargetRole, 'ids' | 'reach'>): string =>
  [...(reach.length > 0 ? [`Beyond its session it can ${reach.join('; ')}.`] : []), `Latchkey: ${ids.join(', ')}`]
    .join(' ')
    .slice(0, 1000);
