// `latchkey revoke`
import type { RequestView } from '../../lib/schema.ts';
import { type Api, connect, type RequestList } from '../api.ts';
import { command } from '../command.ts';
import { endRequest } from '../ending.ts';
import { Failure } from '../exit.ts';
import { checkRequestId } from '../grant.ts';
import { readSettings } from '../settings.ts';
import { json } from '../terminal-text.ts';

/** Somebody may file while requests are being ended; what still appears after so many looks is left to the next run. */
const MOST_LOOKS = 5;
const open = ['active', 'scheduled', 'pending'] as const satisfies ReadonlyArray<RequestView['status']>;

type Matching = Record<'person' | 'role' | 'account', string | undefined>;

export const revoke = command({
  name: 'revoke',
  group: 'Decide',
  summary: 'Revoke one grant, or all of a person, role or account',
  description: [
    'With an ID it ends that request of somebody else, for its approvers, its reviewers and admins.',
    'With --person, --role or --account it is for admins. It ends every active, scheduled and pending request that matches all of the given options, one after the other, and looks again until nothing is left. A request that cannot be ended holds up no other. It does not keep anybody from filing again: for that, deny the person in the catalogue and deploy it.',
  ],
  positionals: [{ name: 'ID', summary: 'ID of a request', optional: true }],
  options: {
    person: { type: 'text', placeholder: 'PERSON', summary: 'requests of this person: an email address or an ARN' },
    role: { type: 'text', placeholder: 'ROLE', summary: 'requests for this role' },
    account: {
      type: 'text',
      placeholder: 'ACCOUNT',
      summary: 'requests for this account: its ID or its name in the catalogue',
    },
    comment: { type: 'text', placeholder: 'TEXT', summary: 'why; everyone involved reads it', required: true },
  },
  examples: [
    'latchkey revoke 01hzy3v9k2m4n6p8q0r2s4t6v8 --comment "Wrong account"',
    'latchkey revoke --person dev@example.com --comment "Laptop lost"',
    'latchkey revoke --account 111111111111 --role production-write --comment "Incident 42"',
  ],
  async run(world, { positionals: [id], options: { person, role, account, comment, ...options } }) {
    const matching = { person, role, account };
    const isOfMany = Object.values(matching).some((one) => one !== undefined);
    if (isOfMany === (id !== undefined))
      throw new Failure('usage', 'Give either the ID of a request, or --person, --role and --account (one or more).');
    const api = await connect(world, readSettings(world, options));
    if (id !== undefined) {
      await endRequest(world, api, 'revoke', checkRequestId(id), { comment, json: options.json });
      return 0;
    }
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
