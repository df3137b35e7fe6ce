import { beforeEach, describe, expect, test } from 'vitest';
import { init, open } from '../../src/index.ts';
import type { Dreamos } from '../../src/library/dreamos.ts';
import { openLibrary } from '../contract/open-library.ts';

let mail: Dreamos;
beforeEach(async () => {
  mail = await openLibrary();
});

// As JavaScript calls it.
type Call = (...given: unknown[]) => unknown;
type Group = 'agent' | 'alerts' | 'archive' | 'audit' | 'dlq' | 'schedule' | 'tasks' | 'topics';
type Loose = Record<string, Call> & Record<Group, Record<string, Call>>;

async function outcome(begin: () => unknown): Promise<unknown> {
  try {
    const begun = begin();
    if (begun && typeof begun === 'object' && Symbol.asyncIterator in begun)
      for await (const _ of begun as AsyncIterable<unknown>) break;
    return await begun;
  } catch (error) {
    return error;
  }
}

describe('an option that there is not is refused, and the nearest one named', () => {
  test.for<[string, (mail: Loose) => unknown, string]>([
    ['wait', (m) => m['read']?.('reviewer', { wait: 5 }), 'Did you mean `waitMs`?'],
    ['lease', (m) => m['consume']?.('reviewer', { lease: 5, waitMs: 1 }), 'Did you mean `leaseMs`?'],
    ['state', (m) => m['list']?.('reviewer', { state: ['dead'] }), 'Did you mean `states`?'],
    ['priorty', (m) => m['peek']?.('reviewer', { filter: { priorty: 'high' } }), 'Did you mean `priority`?'],
    ['delay', (m) => m['nack']?.('x', { delay: 1 }), 'Did you mean `delayMs`?'],
    [
      'acked',
      (m) => m['reply']?.('x', { body: 'x' }, { acked: true }),
      'One of: waitMs, signal, ack, again, score, note.',
    ],
    ['mailbox', (m) => m['watch']?.({ mailbox: 'reviewer' }), 'Did you mean `mailboxes`?'],
    ['concurency', (m) => m['work']?.('reviewer', () => undefined, { concurency: 2 }), 'Did you mean `concurrency`?'],
    ['dryrun', (m) => m.topics['prune']?.('>', { dryrun: true }), 'Did you mean `dryRun`?'],
    ['olderThan', (m) => m.archive['prune']?.('reviewer', { olderThan: 1 }), 'Did you mean `olderThanMs`?'],
    ['grups', (m) => m.agent['register']?.({ name: 'x', grups: ['a'] }), 'Did you mean `groups`?'],
    ['timezone', (m) => m.schedule['add']?.({ name: 'n', timezone: 'UTC' }), 'One of: name, cron, tz, message.'],
    ['rooot', () => open({ rooot: '/nowhere' } as object), 'Did you mean `root`?'],
    ['agent', () => init({ agent: ['x'] } as object), 'Did you mean `agents`?'],
    ['constructor', (m) => m['doctor']?.({ constructor: 1 }), 'One of: fix, onProgress, signal.'],
  ])('%s', async ([name, begin, hint]) => {
    const message = `\`${name}\` is no option of this call.`;
    expect(await outcome(() => begin(mail as unknown as Loose))).toMatchObject({ code: 'USAGE', message, hint });
  });
});

describe('what is of the wrong kind is refused', () => {
  test.for<[string, (mail: Loose) => unknown]>([
    ['`states` has to be a list of states (ready, delayed,', (m) => m['list']?.('reviewer', { states: 'dead' })],
    ['`states` has to be a list of states (ready, delayed,', (m) => m['search']?.('x', { states: ['dad'] })],
    ['`waitMs` has to be a number, not "5s"', (m) => m['read']?.('reviewer', { waitMs: '5s' })],
    ['`waitMs` has to be a number, not null', (m) => m['send']?.({ to: 'reviewer', body: 'x' }, { waitMs: null })],
    ['`limit` has to be a number, not NaN', (m) => m['list']?.('reviewer', { limit: NaN })],
    ['`signal` has to be an AbortSignal', (m) => m['read']?.('reviewer', { signal: new AbortController() })],
    ['`filter` has to be an object (from, type,', (m) => m['peek']?.('reviewer', { filter: 'high' })],
    ['`dead` has to be true or false, not "yes"', (m) => m['nack']?.('x', { dead: 'yes' })],
    ['`mailboxes` has to be a list of texts', (m) => m['watch']?.({ mailboxes: 'reviewer' })],
    ['Argument 1 of this call has to be a list of texts', (m) => m['status']?.('reviewer')],
    ['Argument 2 of this call has to be a list of ids, or "all"', (m) => m.dlq['retry']?.('reviewer', 'x')],
    ['Argument 2 of this call has to be one of announced, claimed, acked, not "ack"', (m) => m['until']?.('x', 'ack')],
    ['Argument 1 of this call has to be a list, not undefined', (m) => m['sendAll']?.()],
    ['Argument 1 of this call has to be a list', (m) => m['sendAll']?.({ to: 'reviewer', body: 'x' })],
    ['Argument 2 of this call has to be an object (leaseMs,', (m) => m['read']?.('reviewer', 5)],
    ['Argument 1 of this call has to be a text, not undefined', (m) => m['read']?.()],
    ['`cwd` has to be a text', () => open({ cwd: 5 } as object)],
    ['`name` is missing', (m) => m.agent['register']?.({})],
    ['Argument 1 of this call has to be an object (name,', (m) => m.agent['start']?.()],
    ['`url` is missing', (m) => m.agent['a2a']?.('reviewer', {})],
    ['Argument 2 of this call has to be an object (olderThanMs,', (m) => m.archive['prune']?.('reviewer')],
    ['`cron` is missing', (m) => m.schedule['add']?.({ name: 'n' })],
    ['`forMs` is missing', (m) => m.alerts['silence']?.(undefined, {})],
    ['Argument 1 of this call has to be an object (title,', (m) => m.tasks['create']?.()],
    ['Argument 2 of this call has to be an object (percent,', (m) => m.tasks['progress']?.('x')],
    ['`olderThanMs` is missing', (m) => m.audit['prune']?.({})],
  ])('%s', async ([message, begin]) => {
    const error = await outcome(() => begin(mail as unknown as Loose));
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(message) as string });
  });
});

test('a promise is refused and not the call, so that .catch hears of it', async () => {
  const refused = (mail as unknown as Loose)['read']?.('reviewer', { wait: 5 });
  expect(refused).toBeInstanceOf(Promise);
  expect(await (refused as Promise<unknown>).catch(() => 'heard')).toBe('heard');
});

test('what is not given may be undefined', async () => {
  const none: object = { waitMs: undefined, filter: undefined, signal: undefined };
  expect(await mail.read('reviewer', none)).toBeUndefined();
  expect(await mail.status()).toHaveLength(2);
});

test('until waits for every step that its type has', async () => {
  const { id } = await mail.send({ to: 'reviewer', body: 'x' });
  for (const step of ['announced', 'claimed', 'acked'] as const)
    expect(await mail.until(id, step, { waitMs: 1 })).toEqual(['reviewer']);
});
