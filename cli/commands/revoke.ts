// `latchkey revoke`
import type { RevocationView } from '../../lib/http/answers.ts';
import { connect } from '../api/api.ts';
import { endRequest } from '../grants/ending.ts';
import { checkRequestId } from '../grants/grant.ts';
import { checkAllEnded, confirmRevocation, revocationText } from '../grants/revocation.ts';
import { Failure } from '../machine/exit.ts';
import { command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';
import { json, timesOf } from '../text/terminal-text.ts';

export const revoke = command({
  name: 'revoke',
  group: 'Decide',
  summary: 'Revoke one grant, or all of a person, role or account',
  description: [
    'With an ID it ends that request of somebody else. Its approvers, its reviewers and admins may do that.',
    'With --person, --role or --account, for admins, it ends every active, scheduled and pending request that matches all of the given options. It shows what would be ended, and asks for confirmation.',
    'With --block, nobody can file, approve or get credentials for them until the time is over or `latchkey unblock` lifts the block. A blocked person also cannot approve for others.',
    'Exits with 11 if something could not be ended; run the same command again then.',
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
    comment: { type: 'text', placeholder: 'TEXT', summary: 'why; the requesters read it', required: true },
    block: {
      type: 'text',
      placeholder: '2h',
      summary: 'also block them for this time, from 1m to 30d (default: no block)',
    },
    yes: { type: 'flag', summary: 'revoke without confirmation' },
  },
  examples: [
    'latchkey revoke 01hzy3v9k2m4n6p8q0r2s4t6v8 --comment "Wrong account"',
    'latchkey revoke --person dev@example.com --block 2h --comment "Laptop stolen"',
    'latchkey revoke --account 111111111111 --role production-write --comment "Incident 42"',
  ],
  async run(world, { positionals: [id], options: { person, role, account, comment, block, yes, ...options } }) {
    const isOfMany = [person, role, account].some((one) => one !== undefined);
    if (isOfMany === (id !== undefined))
      throw new Failure('usage', 'Give either the ID of a request, or --person, --role and --account (one or more).');
    if (id !== undefined && block !== undefined)
      throw new Failure('usage', '--block goes with --person, --role or --account, not with the ID of a request.');
    const api = await connect(world, readSettings(world, options));
    if (id !== undefined) {
      await endRequest(world, api, 'revoke', checkRequestId(id), { comment, json: options.json });
      return 0;
    }
    if (!yes) await confirmRevocation(world, api, { person, role, account, block });
    // JSON leaves out what is undefined
    const body = { person, role, account, comment, block };
    const revoked = await api.call<RevocationView>({ method: 'POST', path: '/revocations', body });
    world.out(options.json ? json(revoked) : revocationText(revoked, timesOf(world)));
    checkAllEnded(revoked);
    return 0;
  },
});
