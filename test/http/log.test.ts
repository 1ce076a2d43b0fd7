import { expect, test } from '@jest/globals';
import type { LogFields } from '../../lib/app.ts';
import { jsonLog } from '../../lib/log.ts';

test('one line of JSON, whose time and code no field can replace', () => {
  const lines: string[] = [];
  const log = jsonLog(
    (line) => lines.push(line),
    () => Date.UTC(2026, 10, 22, 10),
  );
  log('message-sent', { request: '01jd', note: 'a\nb', none: undefined });
  // @ts-expect-error code and time are the line's own
  log('call-failed', { code: 'message-sent' });
  log('call-failed', { time: 'never', code: 'message-sent' } as unknown as LogFields);
  log('sweep-done');
  expect(lines).toEqual([
    '{"time":"2026-11-22T10:00:00.000Z","code":"message-sent","request":"01jd","note":"a\\nb"}',
    '{"time":"2026-11-22T10:00:00.000Z","code":"call-failed"}',
    '{"time":"2026-11-22T10:00:00.000Z","code":"call-failed"}',
    '{"time":"2026-11-22T10:00:00.000Z","code":"sweep-done"}',
  ]);
});
