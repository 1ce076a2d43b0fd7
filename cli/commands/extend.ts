// `latchkey extend`
import type { RequestView } from '../../lib/http/answers.ts';
import { connect } from '../api/api.ts';
import { idempotent } from '../grants/file-request.ts';
import { besideOpen, filedOptions, showFiled } from '../grants/filed.ts';
import { findGrantToExtend } from '../grants/grant.ts';
import { command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';

export const extend = command({
  name: 'extend',
  group: 'Get access',
  summary: 'Request more time for a grant',
  description: [
    'Files a request that starts when the grant ends, with the same role, scope and ticket. It needs the same approval as the first request. Until then, and if it is denied, the grant stays as it is.',
  ],
  positionals: [{ name: 'ID|ROLE', summary: 'ID of a request, or a role for your own grant' }],
  options: {
    for: { type: 'text', placeholder: '1h', required: true, summary: 'how much longer' },
    reason: { type: 'text', placeholder: 'TEXT', required: true, summary: 'why you need it; the approvers read it' },
    ...filedOptions,
  },
  examples: ['latchkey extend production-bucket-read --for 1h --reason "The export is larger than thought" --wait'],
  async run(world, { positionals: [target = ''], options }) {
    const { for: duration, reason, 'idempotency-key': key } = options;
    const api = await connect(world, readSettings(world, options));
    const id = await findGrantToExtend(world, api, target);
    const headers = idempotent(key);
    const call = { method: 'POST', path: `/requests/${id}/extension`, body: { duration, reason }, headers } as const;
    const filed = await besideOpen(api, target, () => api.call<RequestView>(call));
    await showFiled(world, api, filed, options);
    return 0;
  },
});
