// `latchkey revoke`
import type { RequestView } from '../../lib/schema.ts';
import { type Api, connect, type RequestList } from '../api.ts';
import { command } from '../command.ts';
import { Failure } from '../exit.ts';
import { readSettings } from '../settings.ts';
import { json } from '../terminal-text.ts';

/** Somebody may file while requests are being ended; what still appears after so many looks is left to the next run. */
const MOST_LOOKS = 5;
const open = ['active', 'scheduled', 'pending'] as const satisfies ReadonlyArray<RequestView['status']>;

type Matching = Record<'person' | 'role' | 'account', string | undefined>;

export const revoke = command({
  name: 'revoke',
  group: 'Decide',
  summary: 'Revoke every open request of a person, role or account',
  description: [
    'For admins. Ends every active, scheduled and pending request that matches all of the given options, one after the other, and looks again until nothing is left. A request that cannot be ended holds up no other. It does not keep anybody from filing again: for that, deny the person in the catalogue and deploy it.',
  ],
  positionals: [],
  options: {
    person: { type: 'text', placeholder: 'PERSON', summary: 'of this person: an email address or an ARN' },
    role: { type: 'text', placeholder: 'ROLE', summary: 'for this role' },
    account: { type: 'text', placeholder: 'ACCOUNT', summary: 'in this account: its ID or its name in the catalogue' },
    comment: { type: 'text', placeholder: 'TEXT', summary: 'why; everybody concerned reads it', required: true },
  },
  examples: [
    'latchkey revoke --person dev@example.com --comment "Laptop lost"',
    'latchkey revoke --account 111111111111 --role production-write --comment "Incident 42"',
  ],
  async run(world, { options: { person, role, account, comment, ...options } }) {
    const matching = { person, role, account };
    if (Object.values(matching).every((one) => one === undefined))
      throw new Failure('usage', 'Say what to revoke: --person, --role, --account, or several of them.');
    const api = await connect(world, readSettings(world, options));
    const { ended, failed, isThrough } = await revokeAll(api, matching, comment);
    world.out(options.json ? json({ ended, failed }) : endedText(ended));
    if (failed.length > 0 || !isThrough)
      throw new Failure('try-again', `Not everything was ended. ${faultText(failed)}`, ['Run the same command again.']);
    return 0;
  },
});

// --- internal ---

type Revoked = { ended: string[]; failed: string[]; isThrough: boolean };

async function revokeAll(api: Api, matching: Matching, comment: string): Promise<Revoked> {
  const ended: string[] = [];
  const failed: string[] = [];
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    const fresh = (await openRequests(api, matching)).filter((id) => !ended.includes(id) && !failed.includes(id));
    if (fresh.length === 0) return { ended, failed, isThrough: true };
    for (const id of fresh) ((await isEnded(api, id, comment)) ? ended : failed).push(id);
  }
  return { ended, failed, isThrough: false };
}

/** Ids of all that is open and matches, over all pages. */
async function openRequests(api: Api, matching: Matching): Promise<string[]> {
  const ids: string[] = [];
  for (const status of open) {
    let cursor: string | undefined;
    do {
      const query = { view: 'all', status, limit: '100', ...matching, cursor };
      const page: RequestList = await api.call<RequestList>({ method: 'GET', path: '/requests', query });
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }
  return [...new Set(ids)];
}

/** What is over meanwhile, such as the extension of a grant that was just revoked, counts as ended. */
async function isEnded(api: Api, id: string, comment: string): Promise<boolean> {
  try {
    await api.call({ method: 'POST', path: `/requests/${id}/end`, body: { comment } });
    return true;
  } catch (error) {
    if (error instanceof Failure && error.exit !== 'sign-in') return error.problem?.code === 'not-active';
    throw error;
  }
}

const endedText = (ended: readonly string[]): string =>
  ended.length > 0 ? `${['Ended:', ...ended].join('\n  ')}\n` : 'Nothing was ended.\n';

const faultText = (failed: readonly string[]): string =>
  failed.length > 0 ? `These could not be ended: ${failed.join(', ')}.` : 'New requests keep coming.';
