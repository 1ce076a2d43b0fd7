// Blocks: for a limited time nobody can file, approve or get credentials for a person, a role or an account. Matches blocks and updates the list.
import { type Catalogue, personOf } from '../catalogue/catalogue.ts';
import { entryOf } from '../catalogue/role-template.ts';
import { toInstant } from '../common/time.ts';
import type { Check } from '../model/check.ts';
import { Problem } from '../model/problem.ts';
import type { Block, Blocks, RequestRecord } from '../model/schema.ts';
import type { RoleFiling } from './filing-context.ts';
import type { Caller } from './principal.ts';

/** Selects the access that a revocation or a block covers; all fields that are set must match. */
export type Selector = Pick<Block, 'person' | 'role' | 'account'>;

/** The access that a selector is compared with: all known identities of the person, the role and its account. */
export type Access = {
  people: readonly string[];
  role: { id: string; account: { id: string; key: string } };
};

export const accessOf = ({ requester, role }: Pick<RequestRecord, 'requester' | 'role'>): Access => ({
  people: [requester.person, requester.principal],
  role,
});

/** Every identity of a caller, including the account at the issuer, whatever address its token has today. */
const identitiesOf = ({ person, principal, subject }: Caller): string[] => [
  person.key,
  ...person.identities,
  principal,
  ...(subject === undefined ? [] : [subject]),
];

/** Whether all fields of the selector match. A role matches by its ID or by the ID of its template. */
export const isMeant = (catalogue: Pick<Catalogue, 'people'>, selector: Selector, { people, role }: Access): boolean =>
  (selector.person === undefined || people.some((one) => isSame(catalogue, one, selector.person!))) &&
  (selector.role === undefined || [role.id, entryOf(role.id)].includes(selector.role)) &&
  (selector.account === undefined || [role.account.id, role.account.key].includes(selector.account));

/** Of the blocks that cover this access now, the one that lasts longest. */
export const blockOn = (
  catalogue: Pick<Catalogue, 'people'>,
  blocks: readonly Block[],
  access: Access,
  now: number,
): Block | undefined =>
  blocks.filter((block) => block.until > now && isMeant(catalogue, block, access)).sort((a, b) => b.until - a.until)[0];

/** A caller and the blocks in force. */
type Guarded = { catalogue: Pick<Catalogue, 'people'>; caller: Caller; now: number; blocks: readonly Block[] };

/**
 * Refuses everything for a request that a block covers, and everything by a caller for whom the same role is blocked: a blocked person
 * cannot give access to others either.
 * @throws Problem `blocked`
 */
export function refuseIfBlocked({ catalogue, caller, now, blocks }: Guarded, { people, role }: Access): void {
  const block = blockOn(catalogue, blocks, { people: [...people, ...identitiesOf(caller)], role }, now);
  if (block) throw new Problem('blocked', `${blockText(block)} Ask an admin, who can lift the block.`);
}

/** The check of a filing. Only listed if it fails. */
export function blockCheck({ catalogue, blocks, caller, requester, role, now }: RoleFiling): Check[] {
  const people = [requester.key, ...requester.identities, ...(caller.kind === 'bot' ? [] : identitiesOf(caller))];
  const block = blockOn(catalogue, blocks, { people, role }, now);
  if (!block) return [];
  const detail = `${blockText(block)} Ask an admin, who can lift the block.`;
  return [{ check: 'block', passed: false, code: 'blocked', detail }];
}

/** `An admin has blocked access of dev@example.com to the role read until 2026-11-22T12:00:00Z.` Never includes the comment, which is for admins. */
export function blockText({ person, role, account, until }: Block, timeText = toInstant): string {
  const parts = [
    ...(person === undefined ? [] : [`of ${person}`]),
    ...(role === undefined ? [] : [`to the role ${role}`]),
    ...(account === undefined ? [] : [`to the account ${account}`]),
  ];
  return `An admin has blocked access ${parts.join(' ')} until ${timeText(until)}.`;
}

// -- the list --------------------------------------------------------------------------------------------------------

/** DynamoDB items have at most 400 KB. The rest is for keys and version. */
const MOST_BYTES = 380_000;
const MOST_BLOCKS = 200;

const current = ({ blocks }: Blocks, now: number): Block[] => blocks.filter(({ until }) => until > now);

/**
 * The list with one more block, without expired ones. A block with the same selector keeps its ID and gets the later end of the two, so
 * that a repeated call adds no second block and no block is shortened by accident.
 * @throws Problem `refused-by-policy` if the list is full
 */
export function withBlock(list: Blocks, block: Block, now: number): { next: Blocks; block: Block } {
  const others = current(list, now);
  const same = others.find((one) => isSameSelector(one, block));
  const added = same ? { ...block, id: same.id, until: Math.max(same.until, block.until) } : block;
  const blocks = [...others.filter((one) => one !== same), added];
  if (blocks.length > MOST_BLOCKS || Buffer.byteLength(JSON.stringify(blocks)) > MOST_BYTES)
    throw new Problem(
      'refused-by-policy',
      `At most ${MOST_BLOCKS} blocks can be in force at once. Nothing was ended. Lift a block, block a whole role or account, or revoke without a block.`,
      { errors: [{ pointer: '/block', detail: 'exceeds the number of blocks' }] },
    );
  return { next: { version: list.version + 1, blocks }, block: added };
}

/** The list without one block; undefined if the block is not in force. */
export function withoutBlock(list: Blocks, id: string, now: number): { next: Blocks; block: Block } | undefined {
  const standing = current(list, now);
  const block = standing.find((one) => one.id === id);
  return block && { next: { version: list.version + 1, blocks: standing.filter((one) => one !== block) }, block };
}

/** The blocks in force, newest first. */
export const standingBlocks = (list: Blocks, now: number): Block[] => current(list, now).sort((a, b) => b.at - a.at);

// --- internal ---

const isSame = (catalogue: Pick<Catalogue, 'people'>, one: string, other: string): boolean =>
  one === other || personOf(catalogue, one).key === personOf(catalogue, other).key;

const isSameSelector = (a: Selector, b: Selector): boolean =>
  a.person === b.person && a.role === b.role && a.account === b.account;
