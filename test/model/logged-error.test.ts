// What is logged about an error: names and frames, and never a message.
import { expect, test } from '@jest/globals';
import { loggedError } from '../../lib/model/logged-error.ts';
import { Problem } from '../../lib/model/problem.ts';

const place = /^[\w.-]+:\d+:\d+( [\w.-]+:\d+:\d+)*$/;
const ofAws = (name: string, status: number) =>
  Object.assign(new Error('User: arn:aws:iam::111111111111:user/canary'), {
    name,
    $fault: 'client',
    $metadata: { httpStatusCode: status },
  });

test('an error is logged as its name and at most five frames, innermost first', () => {
  const deep = (left: number): Error => (left === 0 ? new RangeError('canary') : deep(left - 1));
  const { frames, ...names } = loggedError(deep(8));
  expect(names).toEqual({ error: 'RangeError' });
  expect(frames).toMatch(place);
  expect(frames.split(' ')).toHaveLength(5);
  expect(frames).toMatch(/^logged-error\.test\.ts:/);
});

test('a message is never logged, even if it looks like a frame', () => {
  for (const message of ['canary', 'a\n    at canary (/var/task/canary.js:1:2)', '$& canary', ''])
    expect(JSON.stringify(loggedError(new Error(message)))).not.toContain('canary');
});

test('a name that is not an identifier is replaced, and other values are logged by type', () => {
  const named = (name: string) => loggedError(Object.assign(new Error('x'), { name })).error;
  expect(['TimeoutError', 'a sentence of words', ''].map(named)).toEqual(['TimeoutError', 'Error', 'Error']);
  expect([loggedError('canary'), loggedError(undefined)]).toEqual([
    { error: 'string', frames: '' },
    { error: 'undefined', frames: '' },
  ]);
  expect(loggedError(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })).error).toBe('ECONNREFUSED');
});

test('an AWS error is logged with its code, also when a Problem replaced it', () => {
  expect(loggedError(ofAws('AccessDeniedException', 400))).toMatchObject({
    error: 'AccessDeniedException',
    aws: 'AccessDenied',
  });
  const standing = new Problem('try-again', 'Later.', { cause: { error: 'ThrottlingException', aws: 'Throttling' } });
  expect(loggedError(standing)).toMatchObject({
    error: 'Problem',
    problem: 'try-again',
    cause: 'ThrottlingException',
    aws: 'Throttling',
  });
});
