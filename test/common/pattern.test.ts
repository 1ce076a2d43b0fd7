import { expect, test } from '@jest/globals';
import { isOfForm } from '../../lib/common/pattern.ts';

test('a text that keeps a pattern busy without end does not match, and the next text is compared as ever', () => {
  // without a limit this backtracks through 2^60 ways
  expect(isOfForm('^(a+)+$', `${'a'.repeat(60)}!`)).toBe(false);
  expect(isOfForm('^(a+)+$', 'aaa')).toBe(true);
  expect(isOfForm('^OPS-[0-9]+$', 'OPS-17')).toBe(true);
});
