// Describes a block as text.
import type { BlockListView } from '../../lib/http/answers.ts';
import { plain } from './terminal-text.ts';

type BlockView = BlockListView['items'][number];

/** The subject of a block; all named fields must match: `dev@example.com, role read`. */
export const blockedText = ({ person, role, account }: BlockView): string =>
  [person, role && `role ${role}`, account && `account ${account}`]
    .filter((part): part is string => part !== undefined)
    .map(plain)
    .join(', ');
