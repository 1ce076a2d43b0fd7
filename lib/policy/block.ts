// Blocks: for a while nobody files, approves or gets credentials for a person, a role or an account. What one covers, and how they are kept.
import { type Catalogue, personOf } from '../catalogue/catalogue.ts';
import { entryOf } from '../catalogue/role-template.ts';
import { toInstant } from '../common/time.ts';
import type { Check } from '../model/check.ts';
import { Problem } from '../model/problem.ts';
import type { Block, Blocks, RequestRecord } from '../model/schema.ts';
import type { RoleFiling } from './filing-context.ts';
import type { Caller } from './principal.ts';

/** What a revocation or a block names; all that is given has to fit. */
export type Selector = Pick<Block, 'person' | 'role' | 'account'>;

/** Access as a selector sees it: whose (every identity that is known), to which role, in which account. */
export type Access = {
  people: readonly string[];
  role: { id: string; account: { id: string; key: string } };
};

export const accessOf = ({ requester, role }: Pick<RequestRecord, 'requester' | 'role'>): Access => ({
  people: [requester.person, requester.principal],
  role,
});

/** Every identity of a caller; the account at the issuer is one, whatever address its token has today. */
const identitiesOf = ({ person, principal, subject }: Caller): string[] => [
  person.key,
  ...person.identities,
  principal,
  ...(subject === undefined ? [] : [subject]),
];

/** Whether all that the selector names fits. A role is named by its id or, for all roles of a template, by the template's. */
export const isMeant = (catalogue: Pick<Catalogue, 'people'>, selector: Selector, { people, role }: Access): boolean =>
  (selector.person === undefined || people.some((one) => isSame(catalogue, one, selector.person!))) &&
  (selector.role === undefined || [role.id, entryOf(role.id)].includes(selector.role)) &&
  (selector.account === undefined || [role.account.id, role.account.key].includes(selector.account));

/** The longest of the blocks that cover this access now. */
export const blockOn = (
  catalogue: Pick<Catalogue, 'people'>,
  blocks: readonly Block[],
  access: Access,
  now: number,
): Block | undefined =>
  blocks.filter((block) => block.until > now && isMeant(catalogue, block, access)).sort((a, b) => b.until - a.until)[0];

/** Who does what to a request while which blocks stand. */
type Guarded = { catalogue: Pick<Catalogue, 'people'>; caller: Caller; now: number; blocks: readonly Block[] };

/**
 * Lets nothing through for a request that a block covers, and nothing by a caller for whom the same role is blocked: whoever is blocked
 * gives access to nobody else either.
 * @throws Problem `blocked`
 */
export function refuseIfBlocked({ catalogue, caller, now, blocks }: Guarded, { people, role }: Access): void {
  const block = blockOn(catalogue, blocks, { people: [...people, ...identitiesOf(caller)], role }, now);
  if (block) throw new Problem('blocked', `${blockText(block)} Ask an admin, who can lift the block.`);
}

/** Of a filing. There only where it fails. */
export function blockCheck({ catalogue, blocks, caller, requester, role, now }: RoleFiling): Check[] {
  const people = [requester.key, ...requester.identities, ...(caller.kind === 'bot' ? [] : identitiesOf(caller))];
  const block = blockOn(catalogue, blocks, { people, role }, now);
  if (!block) return [];
  const detail = `${blockText(block)} Ask an admin, who can lift the block.`;
  return [{ check: 'block', passed: false, code: 'blocked', detail }];
}

/** `An admin has blocked access of dev@example.com to the role read until 2026-11-22T12:00:00Z.` Never the comment, which is for admins. */
export function blockText({ person, role, account, until }: Block, timeText = toInstant): string {
  const parts = [
    ...(person === undefined ? [] : [`of ${person}`]),
    ...(role === undefined ? [] : [`to the role ${role}`]),
    ...(account === undefined ? [] : [`to the account ${account}`]),
  ];
  return `An admin has blocked access ${parts.join(' ')} until ${timeText(until)}.`;
}

// -- the list --------------------------------------------------------------------------------------------------------

/** DynamoDB takes 400 KB an item; the least that is left is room for keys and version. */
const MOST_BYTES = 380_000;
const MOST_BLOCKS = 200;

const current = ({ blocks }: Blocks, now: number): Block[] => blocks.filter(({ until }) => until > now);

/**
 * The list with one more block, without those that are over. A block that names the same keeps its id, and the later end of the two counts:
 * a call that is repeated makes no second one, and nobody shortens a block by accident.
 * @throws Problem `refused-by-policy` where there is no room
 */
export function withBlock(list: Blocks, block: Block, now: number): { next: Blocks; block: Block } {
  const others = current(list, now);
  const same = others.find((one) => isSameSelector(one, block));
  const added = same ? { ...block, id: same.id, until: Math.max(same.until, block.until) } : block;
  const blocks = [...others.filter((one) => one !== same), added];
  if (blocks.length > MOST_BLOCKS || Buffer.byteLength(JSON.stringify(blocks)) > MOST_BYTES)
    throw new Problem(
      'refused-by-policy',
      `At most ${MOST_BLOCKS} blocks can stand at once. Nothing was ended. Lift one, block a whole role or account, or revoke without a block.`,
      { errors: [{ pointer: '/block', detail: 'has no room' }] },
    );
  return { next: { version: list.version + 1, blocks }, block: added };
}

/** The list without one block; undefined where that does not stand. */
export function withoutBlock(list: Blocks, id: string, now: number): { next: Blocks; block: Block } | undefined {
  const standing = current(list, now);
  const block = standing.find((one) => one.id === id);
  return block && { next: { version: list.version + 1, blocks: standing.filter((one) => one !== block) }, block };
}

/** Those that stand, the newest first. */
export const standingBlocks = (list: Blocks, now: number): Block[] => current(list, now).sort((a, b) => b.at - a.at);

// --- internal ---

const isSame = (catalogue: Pick<Catalogue, 'people'>, one: string, other: string): boolean =>
  one === other || personOf(catalogue, one).key === personOf(catalogue, other).key;

const isSameSelector = (a: Selector, b: Selector): boolean =>
  a.person === b.person && a.role === b.role && a.account === b.account;
