import { beforeEach, describe, expect, test, vi } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { send, sendAll } from '../../../src/core/send/send.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { must, refusal } from '../rig.ts';
import { changeSettingsIn } from '../../storage/contract/ways.ts';
import { soFar, useStillTime } from '../still-time.ts';

const still = useStillTime();
beforeEach(() => limit({ maxMessages: 2 }));

const limit = (settings: Settings, name = 'reviewer'): Promise<unknown> =>
  registerAgent(still.rig.root, { name, settings });
const sendOne = (body = 'x', more = {}) => send(still.rig.root, { to: 'reviewer', body, ...more });
const held = async (mailbox = 'reviewer'): Promise<number> => {
  const { ready, delayed, inflight } = await still.rig.root.store.look.counts(mailbox);
  return ready + delayed + inflight;
};
const finishOne = async (): Promise<void> => {
  await ack(still.rig.root, must(await readNext(still.rig.root, 'reviewer')).receipt);
};

describe('a full mailbox', () => {
  test('refuses the next message with its name, its limit, the count and what to do', async () => {
    await sendOne();
    await sendOne('y', { delayMs: 1000 });
    const error = await refusal(sendOne());
    expect(error).toMatchObject({ kind: 'conflict', code: 'MAILBOX_FULL' });
    expect(error.message).toMatch(/reviewer is full.*about 2 messages.*maxMessages is 2/);
    expect(error.hint).toContain('dreamos status reviewer');
    expect(error.hint).toContain('`waitMs`');
    expect(await held()).toBe(2);
  });

  test('counts what is in flight, and has room again when that is finished', async () => {
    await sendOne();
    await sendOne();
    const delivery = must(await readNext(still.rig.root, 'reviewer'));
    expect(await refusal(sendOne())).toMatchObject({ code: 'MAILBOX_FULL' });
    await ack(still.rig.root, delivery.receipt);
    vi.advanceTimersByTime(101);
    await sendOne();
    expect(await held()).toBe(2);
  });

  test('refuses a message to several for all of them', async () => {
    await sendOne();
    await sendOne();
    const error = await refusal(send(still.rig.root, { to: ['Builder', 'reviewer', 'planner'], body: 'x' }));
    expect(error).toMatchObject({ code: 'MAILBOX_FULL' });
    expect(await held('Builder')).toBe(0);
    expect(await held('planner')).toBe(0);
  });

  test('refuses of a batch what is over the limit, each by itself', async () => {
    const drafts = ['a', 'b', 'c'].map((body) => ({ to: 'reviewer', body }));
    const results = await sendAll(still.rig.root, [...drafts, { to: 'Builder', body: 'd' }]);
    expect(results.map((result) => (result instanceof DreamosError ? result.code : 'sent'))).toEqual([
      'sent',
      'sent',
      'MAILBOX_FULL',
      'sent',
    ]);
  });

  test('refuses a reply as well', async () => {
    await limit({ maxMessages: 1 }, 'planner');
    await send(still.rig.root, { to: 'planner', from: 'Builder', body: 'x' });
    await sendOne('question');
    const { receipt } = must(await readNext(still.rig.root, 'reviewer'));
    expect(await refusal(reply(still.rig.as('reviewer'), receipt, { body: 'answer' }))).toMatchObject({
      code: 'MAILBOX_FULL',
      message: expect.stringMatching(/about 1 message, and/) as string,
    });
  });

  test('takes the answer that a request waits for, and no later one', async () => {
    await limit({ maxMessages: 1 }, 'planner');
    await send(still.rig.root, { to: 'planner', from: 'Builder', body: 'x' });
    const { id } = await sendOne('question');
    const { store, clock } = still.rig.root;
    await store.mail.openInbox('planner', id, clock.now() + 60_000);
    const { receipt } = must(await readNext(still.rig.root, 'reviewer'));
    const reviewer = still.rig.as('reviewer');
    expect(await reply(reviewer, receipt, { body: 'answer' })).toMatchObject({ mailboxes: ['planner'] });
    await store.mail.closeInbox('planner', id);
    expect(await refusal(reply(reviewer, receipt, { body: 'more' }, { again: true }))).toMatchObject({
      code: 'MAILBOX_FULL',
    });
  });

  test('still answers the repeat of a send under a dedupe key', async () => {
    await limit({ maxMessages: 1 });
    const first = await sendOne('x', { dedupeKey: 'k' });
    expect(await sendOne('x', { dedupeKey: 'k' })).toMatchObject({ id: first.id, duplicate: true });
    expect(await refusal(sendOne('y', { dedupeKey: 'other' }))).toMatchObject({ code: 'MAILBOX_FULL' });
    vi.advanceTimersByTime(101);
    await finishOne();
    vi.advanceTimersByTime(101);
    expect(await sendOne('y', { dedupeKey: 'other' })).toMatchObject({ state: 'ready' });
  });

  test('is not full of what has expired', async () => {
    await sendOne('old', { ttlMs: 1000 });
    await sendOne('old', { ttlMs: 1000 });
    vi.advanceTimersByTime(1001);
    await sendOne('new');
    expect(await still.rig.root.store.look.counts('reviewer')).toMatchObject({ ready: 1, dead: 2 });
  });

  test('can be so by its bytes', async () => {
    await limit({ maxMessages: 'none', maxBytes: 3000 });
    await sendOne('x'.repeat(2000));
    const error = await refusal(sendOne('x'.repeat(2000)));
    expect(error.message).toMatch(/about \d{4} bytes.*maxBytes is 3000/);
    await sendOne('small');
    expect(await held()).toBe(2);
  });

  test('is none where an agent has no limit of its own, or none at all', async () => {
    await changeSettingsIn(still.rig.root.store, () => ({ maxMessages: 1 }));
    vi.advanceTimersByTime(1001);
    await limit({ maxMessages: 'none' });
    for (let i = 0; i < 5; i++) await sendOne();
    await send(still.rig.root, { to: 'Builder', body: 'x' });
    expect(await refusal(send(still.rig.root, { to: 'Builder', body: 'x' }))).toMatchObject({ code: 'MAILBOX_FULL' });
  });
});

test('a burst of one process does not overshoot, also when its sends run side by side', async () => {
  await limit({ maxMessages: 10 });
  const results = await Promise.allSettled(Array.from({ length: 50 }, () => sendOne()));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  expect(await held()).toBe(10);
});

test('room that a failed send had taken is free again', async () => {
  const { store } = still.rig.root;
  const sending = vi.spyOn(store.mail, 'send').mockRejectedValue(new DreamosError('disk', 'DISK_FAILED', 'no disk'));
  for (let i = 0; i < 5; i++) {
    expect(await refusal(sendOne())).toMatchObject({ code: 'DISK_FAILED' });
    vi.advanceTimersByTime(101);
  }
  sending.mockRestore();
  await sendOne();
});

describe('waiting for room', () => {
  test('ends at once when a reader makes some', async () => {
    await sendOne();
    await sendOne();
    const sending = send(still.rig.root, { to: 'reviewer', body: 'third' }, { waitMs: 60_000 });
    expect(await soFar(sending)).toBe('waiting');
    await finishOne();
    await vi.advanceTimersByTimeAsync(60);
    expect(await soFar(sending)).toMatchObject({ state: 'ready' });
    expect(await held()).toBe(2);
  });

  test('ends with MAILBOX_FULL after its time', async () => {
    await sendOne();
    await sendOne();
    const sending = send(still.rig.root, { to: 'reviewer', body: 'third' }, { waitMs: 2000 });
    const ended = refusal(sending);
    await vi.advanceTimersByTimeAsync(1999);
    expect(await soFar(sending.catch(() => 'ended'))).toBe('waiting');
    await vi.advanceTimersByTimeAsync(100);
    expect(await ended).toMatchObject({ code: 'MAILBOX_FULL' });
    expect(await held()).toBe(2);
  });

  test('is what a reply can do, too', async () => {
    await limit({ maxMessages: 1 }, 'planner');
    await send(still.rig.root, { to: 'planner', from: 'Builder', body: 'x' });
    await sendOne('question');
    const { receipt } = must(await readNext(still.rig.root, 'reviewer'));
    const replying = reply(still.rig.as('reviewer'), receipt, { body: 'answer' }, { ack: true, waitMs: 60_000 });
    expect(await soFar(replying)).toBe('waiting');
    await ack(still.rig.root, must(await readNext(still.rig.root, 'planner')).receipt);
    await vi.advanceTimersByTimeAsync(60);
    expect(await soFar(replying)).toMatchObject({ state: 'ready', acked: { state: 'archived' } });
  });

  test('of a signal ends it as well', async () => {
    await sendOne();
    await sendOne();
    const stop = new AbortController();
    const sending = refusal(
      send(still.rig.root, { to: 'reviewer', body: 'x' }, { waitMs: 60_000, signal: stop.signal }),
    );
    await vi.advanceTimersByTimeAsync(10);
    stop.abort();
    expect(await sending).toMatchObject({ code: 'MAILBOX_FULL' });
  });

  test('in several mailboxes takes room in all or in none', async () => {
    await limit({ maxMessages: 1 }, 'Builder');
    await send(still.rig.root, { to: 'Builder', body: 'x' });
    await sendOne();
    await sendOne();
    const sending = send(still.rig.root, { to: ['reviewer', 'Builder'], body: 'both' }, { waitMs: 60_000 });
    await vi.advanceTimersByTimeAsync(60);
    await finishOne();
    await vi.advanceTimersByTimeAsync(60);
    expect(await soFar(sending)).toBe('waiting');
    expect(await held()).toBe(1);
    await ack(still.rig.root, must(await readNext(still.rig.root, 'Builder')).receipt);
    await vi.advanceTimersByTimeAsync(60);
    expect(await soFar(sending)).toMatchObject({ mailboxes: ['reviewer', 'Builder'] });
  });

  test('sends of a batch what has room first, and then one after the other as room comes', async () => {
    const drafts = ['a', 'b', 'c', 'd'].map((body) => ({ to: 'reviewer', body }));
    const sending = sendAll(still.rig.root, drafts, { waitMs: 60_000 });
    await vi.advanceTimersByTimeAsync(60);
    expect(await held()).toBe(2);
    for (let i = 0; i < 4; i++) {
      await finishOne();
      await vi.advanceTimersByTimeAsync(60);
    }
    const results = await soFar(sending);
    expect(results).toMatchObject(drafts.map(() => ({ state: 'ready' })));
  });

  test('in vain is done once for a batch', async () => {
    const drafts = ['a', 'b', 'c', 'd', 'e'].map((body) => ({ to: 'reviewer', body }));
    const sending = sendAll(still.rig.root, drafts, { waitMs: 2000 });
    await vi.advanceTimersByTimeAsync(2200);
    const results = await soFar(sending);
    const outcomes = (results as readonly object[]).map((result) => ('code' in result ? result.code : 'sent'));
    expect(outcomes).toEqual(['sent', 'sent', 'MAILBOX_FULL', 'MAILBOX_FULL', 'MAILBOX_FULL']);
  });
});
