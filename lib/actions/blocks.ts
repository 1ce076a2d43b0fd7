// Blocking and lifting, by admins. Each change of the blocks is written under their version and logged.
import type { App } from '../app.ts';
import { names } from '../catalogue/catalogue.ts';
import { SECOND } from '../common/time.ts';
import { Problem } from '../model/problem.ts';
import type { Block, Blocks } from '../model/schema.ts';
import { standingBlocks, withBlock, withoutBlock } from '../policy/block.ts';
import type { Caller } from '../policy/principal.ts';
import { isSamePerson } from '../policy/relation.ts';
import { whoIs } from '../policy/who.ts';
import { byCaller } from '../request/history.ts';
import { blockEventOf } from '../request/security-event.ts';
import { confirmIdentity } from './identity.ts';

type Part = Pick<App, 'store' | 'clock' | 'catalogue' | 'log' | 'pause' | 'random'>;

/** Each filing holds the blocks for some milliseconds; a block is written between them. */
const ATTEMPTS = 20;
/** Milliseconds */
const PAUSE_MOST = 200;

type Reader = Pick<App, 'store' | 'clock'>;
/** A read of the blocks beside others must not make a call fail that would have got through. */
const READS = 3;
/** For how long a busy table is asked again. */
const PATIENCE = 2 * SECOND;

/** What is blocked, for certain. @throws Problem `try-again` */
export const blocksNow = (app: Reader): Promise<Blocks> => patiently(app, () => app.store.blocks());

/** What was blocked a moment ago: where something later makes sure. @throws Problem `try-again` */
export const blocksLately = (app: Reader): Promise<Blocks> => patiently(app, () => app.store.recentBlocks());

/** @throws Problem `not-allowed` */
export async function listBlocks({ store, clock, catalogue }: Part, caller: Caller): Promise<Block[]> {
  const { admins, auditors } = catalogue;
  if (caller.kind === 'bot' || !names([...admins, ...auditors], whoIs(caller)))
    throw new Problem('not-allowed', 'Only admins and auditors can list blocks.');
  return standingBlocks(await store.blocks(), clock());
}

/**
 * Lifts a block before its end. False: there was none.
 * @throws Problem `not-allowed`, also to an admin whom the block names; `identity-changed`, `try-again`
 */
export async function liftBlock(app: Part, caller: Caller, id: string): Promise<boolean> {
  onlyAdmins(app, caller);
  await confirmIdentity(app, caller);
  const lifted = await changeBlocks(app, (list, now) => {
    const found = withoutBlock(list, id, now);
    if (found) refuseOwn(app, caller, found.block);
    return found;
  });
  if (lifted) app.log('security-event', blockEventOf('unblocked', lifted, byCaller(caller)));
  return lifted !== undefined;
}

/** @returns the block as it stands, which may be an older one of the same that lasts longer. @throws Problem `refused-by-policy`, `try-again` */
export async function setBlock(app: Part, caller: Caller, block: Block): Promise<Block> {
  const set = await changeBlocks(app, (list, now) => withBlock(list, block, now));
  if (!set) throw new Error('a block that is set is written');
  app.log('security-event', blockEventOf('blocked', set, byCaller(caller)));
  return set;
}

/** @throws Problem `not-allowed` */
export function onlyAdmins({ catalogue }: Pick<App, 'catalogue'>, caller: Caller): void {
  if (caller.kind === 'bot' || !names(catalogue.admins, whoIs(caller)))
    throw new Problem(
      'not-allowed',
      'Only admins revoke and block for others. An approver can revoke a single request.',
    );
}

// --- internal ---

/** The account of a blocked admin may be compromised too. */
function refuseOwn({ catalogue }: Part, caller: Caller, { person }: Block): void {
  if (person !== undefined && isSamePerson(catalogue, { person, principal: person }, caller))
    throw new Problem('not-allowed', 'This block is about you. Another admin can lift it.');
}

type ChangeOf = (list: Blocks, now: number) => { next: Blocks; block: Block } | undefined;

/** Written only while nobody was faster, else judged by what stands then. @throws Problem `try-again` */
async function changeBlocks(app: Part, change: ChangeOf): Promise<Block | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const changed = change(await app.store.blocks(), app.clock());
    if (!changed) return undefined;
    const isWritten = await app.store.replaceBlocks(changed.next).catch((error: unknown) => {
      // a transaction of a filing holds the item
      if (attempt < ATTEMPTS && error instanceof Problem && error.code === 'try-again') return false;
      throw error;
    });
    if (isWritten) return changed.block;
    if (attempt >= ATTEMPTS)
      throw new Problem(
        'try-again',
        'The blocks are being changed by other calls. Nothing was blocked or lifted. Try again.',
        { retryAfterSeconds: 1 },
      );
    await app.pause(Math.min(PAUSE_MOST, 5 * 2 ** attempt) * (app.random(1)[0]! / 256));
  }
}

async function patiently({ clock }: Reader, read: () => Promise<Blocks>): Promise<Blocks> {
  const begun = clock();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await read();
    } catch (error) {
      const isBusy = error instanceof Problem && error.code === 'try-again';
      if (!isBusy || attempt >= READS || clock() - begun >= PATIENCE) throw error;
    }
  }
}
