// A block in words.
import type { BlockListView } from '../../lib/http/answers.ts';
import { plain } from './terminal-text.ts';

type BlockView = BlockListView['items'][number];

/** What it is on; all that is named has to fit: `dev@example.com, role read`. */
export const blockedText = ({ person, role, account }: BlockView): string =>
  [person, role && `role ${role}`, account && `account ${account}`]
    .filter((part): part is string => part !== undefined)
    .map(plain)
    .join(', ');
