import { beforeEach, describe, expect, test, vi } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { addSchedule } from '../../../src/core/schedules/schedules.ts';
import { fireDue } from '../../../src/core/schedules/fire-due.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { request } from '../../../src/core/send/request.ts';
import { preview, send, sendAll } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { subscribe } from '../../../src/core/topics/subscriptions.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { changeSettingsIn } from '../../storage/contract/ways.ts';
import { must, refusal } from '../rig.ts';
import { soFar, useStillTime } from '../still-time.ts';

const still = useStillTime();
beforeEach(() => limit({ sendRate: 3 }));

const limit = (settings: Settings, name = 'planner'): Promise<unknown> =>
  registerAgent(still.rig.root, { name, settings });
const sendOne = (body = 'x', more = {}) => send(still.rig.root, { to: 'reviewer', body, ...more });
const sendSome = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await sendOne(String(i));
};
const ready = async (mailbox = 'reviewer'): Promise<number> => (await still.rig.root.store.look.counts(mailbox)).ready;
const left = async (perMinute = 3): Promise<number> =>
  (await still.rig.root.store.look.allowance('planner', perMinute)).left;
const codes = (results: readonly unknown[]): string[] =>
  results.map((result) => (result instanceof DreamosError ? result.code : 'sent'));

describe('an agent with a sendRate', () => {
  test('sends as many in one minute, and is refused the next with when it may go', async () => {
    await sendSome(3);
    vi.advanceTimersByTime(5000);
    const error = await refusal(sendOne());
    expect(error).toMatchObject({ kind: 'conflict', code: 'LIMITED' });
    expect(error.message).toBe(
      'planner may send 3 messages a minute and has none left, so this was not sent: the next may go at 2026-11-20T09:00:20.000Z, in 15s.',
    );
    expect(error.hint).toContain('`waitMs`');
    expect(error.hint).toContain('dreamos agent register planner --set sendRate=6');
    expect(await ready()).toBe(3);
  });

  test('may send again at that moment, and not a millisecond sooner', async () => {
    await sendSome(3);
    vi.advanceTimersByTime(19_999);
    expect(await refusal(sendOne())).toMatchObject({ code: 'LIMITED' });
    vi.advanceTimersByTime(1);
    await sendOne();
    expect(await refusal(sendOne())).toMatchObject({ code: 'LIMITED' });
  });

  test('takes one for a message, to however many it goes', async () => {
    await send(still.rig.root, { to: ['reviewer', 'Builder'], body: 'x' });
    expect(await left()).toBe(2);
  });

  test('takes none for what is no message, nor for who only looks who would get it', async () => {
    expect(await refusal(sendOne(''))).toMatchObject({ code: 'BODY_EMPTY' });
    expect(await refusal(send(still.rig.root, { to: 'nobody', body: 'x' }))).toMatchObject({ code: 'AGENT_NOT_FOUND' });
    await preview(still.rig.root, { to: 'reviewer', body: 'x' });
    expect(await left()).toBe(3);
  });

  test('is limited alone: others send as they like, and so does who is not registered', async () => {
    await sendSome(3);
    for (let i = 0; i < 5; i++) await sendOne('x', { from: 'Builder' });
    for (let i = 0; i < 5; i++) await sendOne('x', { from: 'stranger' });
    expect(await ready()).toBe(13);
  });

  test('can be without the limit that the root sets for all', async () => {
    await changeSettingsIn(still.rig.root.store, () => ({ sendRate: 1 }));
    vi.advanceTimersByTime(1001);
    await limit({ sendRate: 'none' });
    await sendSome(5);
    await sendOne('x', { from: 'Builder' });
    expect(await refusal(sendOne('x', { from: 'Builder' }))).toMatchObject({
      code: 'LIMITED',
      message: expect.stringContaining('Builder may send one message a minute') as string,
    });
  });

  test('is counted for what it publishes, asks and answers', async () => {
    await subscribe(still.rig.as('reviewer'), 'news');
    await publish(still.rig.root, 'news', { body: 'x' });
    const asked = request(still.rig.root, { to: 'reviewer', body: 'x' }, { waitMs: 1000 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(await asked).toBeUndefined();
    await sendOne('question', { from: 'Builder', to: 'planner' });
    const { receipt } = must(await readNext(still.rig.root, 'planner'));
    await reply(still.rig.root, receipt, { body: 'answer' });
    expect(await left()).toBe(0);
    expect(await refusal(publish(still.rig.root, 'news', { body: 'y' }))).toMatchObject({ code: 'LIMITED' });
    expect(await refusal(request(still.rig.root, { to: 'reviewer', body: 'y' }))).toMatchObject({ code: 'LIMITED' });
    expect(await refusal(reply(still.rig.root, receipt, { body: 'z' }, { again: true }))).toMatchObject({
      code: 'LIMITED',
    });
  });

  test('is counted for what its schedules send, whoever looks', async () => {
    await limit({ sendRate: 1 });
    await addSchedule(still.rig.root, {
      name: 'often',
      cron: '*/10 * * * * *',
      message: { to: 'reviewer', body: 'x' },
    });
    vi.advanceTimersByTime(10_000);
    const { fired } = await fireDue(still.rig.as('reviewer', { DREAMOS_SEND_RATE: '1000' }));
    expect(fired).toMatchObject([{ id: expect.any(String) as string }]);
    vi.advanceTimersByTime(10_000);
    expect(await fireDue(still.rig.as('reviewer', { DREAMOS_SEND_RATE: '1000' }))).toMatchObject({
      fired: [{ skipped: { code: 'LIMITED' } }],
    });
  });

  test('has of a batch refused what is over the limit, in the order of its messages', async () => {
    await sendOne();
    const drafts = ['a', 'b', 'c', 'd'].map((body) => ({ to: 'reviewer', body }));
    const others = { to: 'reviewer', body: 'e', from: 'Builder' };
    const durable = { to: 'reviewer', body: 'f', durability: 'relaxed' as const };
    const results = await sendAll(still.rig.root, [...drafts, others, durable]);
    expect(codes(results)).toEqual(['sent', 'sent', 'LIMITED', 'LIMITED', 'sent', 'LIMITED']);
    expect(await ready()).toBe(4);
  });

  test('does not go over the limit with sends that run side by side', async () => {
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => sendOne()));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(await ready()).toBe(3);
  });

  test('is refused in its own mailbox, for status', async () => {
    await sendSome(3);
    await refusal(sendOne());
    await refusal(publish(still.rig.root, 'news', { body: 'x' }));
    expect((await still.rig.root.store.look.counts('planner')).refused).toMatchObject({ count: 2, code: 'LIMITED' });
    expect((await still.rig.root.store.look.counts('reviewer')).refused).toBeUndefined();
  });
});

describe('what was not sent', () => {
  test('costs nothing when it is a repeat under a dedupe key, also when none is left', async () => {
    const first = await sendOne('x', { dedupeKey: 'k' });
    expect(await sendOne('x', { dedupeKey: 'k' })).toMatchObject({ id: first.id, duplicate: true });
    expect(await left()).toBe(2);
    await sendSome(2);
    expect(await sendOne('x', { dedupeKey: 'k' })).toMatchObject({ id: first.id, duplicate: true });
    expect(await refusal(sendOne('x', { dedupeKey: 'new' }))).toMatchObject({ code: 'LIMITED' });
    expect(await ready()).toBe(3);
  });

  test('costs nothing when a mailbox has no room', async () => {
    await limit({ maxMessages: 1 }, 'reviewer');
    await sendOne();
    for (let i = 0; i < 5; i++) expect(await refusal(sendOne())).toMatchObject({ code: 'MAILBOX_FULL' });
    expect(await left()).toBe(2);
  });

  test('gives back no more than time has not brought, however long it has waited', async () => {
    await limit({ maxMessages: 1 }, 'reviewer');
    await sendOne();
    const waiting = refusal(send(still.rig.root, { to: 'reviewer', body: 'x' }, { waitMs: 45_000 }));
    await vi.advanceTimersByTimeAsync(44_000);
    for (let i = 0; i < 3; i++) await send(still.rig.root, { to: 'Builder', body: 'x' });
    await vi.advanceTimersByTimeAsync(2000);
    expect(await waiting).toMatchObject({ code: 'MAILBOX_FULL' });
    expect(await left()).toBe(0);
  });

  test('may have cost one when the disk failed', async () => {
    const { store } = still.rig.root;
    const sending = vi.spyOn(store.mail, 'send').mockRejectedValue(new DreamosError('disk', 'DISK_FAILED', 'no disk'));
    await refusal(sendOne());
    sending.mockRestore();
    expect(await left()).toBe(2);
  });
});

describe('waiting for the next', () => {
  test('ends in the moment in which it may go', async () => {
    await sendSome(3);
    const sending = send(still.rig.root, { to: 'reviewer', body: 'x' }, { waitMs: 60_000 });
    await vi.advanceTimersByTimeAsync(19_999);
    expect(await soFar(sending)).toBe('waiting');
    await vi.advanceTimersByTimeAsync(2);
    expect(await soFar(sending)).toMatchObject({ state: 'ready' });
  });

  test('ends with LIMITED after its time, and with its signal', async () => {
    await sendSome(3);
    const timed = refusal(send(still.rig.root, { to: 'reviewer', body: 'x' }, { waitMs: 2000 }));
    const stop = new AbortController();
    const stopped = refusal(
      send(still.rig.root, { to: 'reviewer', body: 'x' }, { waitMs: 60_000, signal: stop.signal }),
    );
    await vi.advanceTimersByTimeAsync(2001);
    expect(await timed).toMatchObject({ code: 'LIMITED', message: expect.stringContaining('in 18s') as string });
    stop.abort();
    expect(await stopped).toMatchObject({ code: 'LIMITED' });
    expect(await ready()).toBe(3);
  });

  test('is for a whole batch, in its order: each that may go lets the next wait as long again', async () => {
    const drafts = ['a', 'b', 'c', 'd', 'e', 'f'].map((body) => ({ to: 'reviewer', body }));
    const sending = sendAll(still.rig.root, drafts, { waitMs: 30_000 });
    await vi.advanceTimersByTimeAsync(59_000);
    expect(await ready()).toBe(5);
    await vi.advanceTimersByTimeAsync(2000);
    expect(codes(await sending)).toEqual(Array(6).fill('sent'));
    const bodies: string[] = [];
    for (let i = 0; i < 6; i++) bodies.push(must(await readNext(still.rig.root, 'reviewer')).message.body);
    expect(bodies).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  test('is not for a repeat, which is answered at once', async () => {
    const first = await sendOne('x', { dedupeKey: 'k' });
    await sendSome(2);
    const repeated = send(still.rig.root, { to: 'reviewer', body: 'x', dedupeKey: 'k' }, { waitMs: 60_000 });
    expect(await soFar(repeated)).toMatchObject({ id: first.id, duplicate: true });
  });

  test('goes on for room when it has what it needs of both', async () => {
    await limit({ maxMessages: 1 }, 'reviewer');
    await sendOne();
    await send(still.rig.root, { to: 'Builder', body: 'x' });
    await send(still.rig.root, { to: 'Builder', body: 'x' });
    const sending = send(still.rig.root, { to: 'reviewer', body: 'x' }, { waitMs: 60_000 });
    await vi.advanceTimersByTimeAsync(21_000);
    expect(await soFar(sending)).toBe('waiting');
    await still.rig.root.store.mail.ack(must(await readNext(still.rig.root, 'reviewer')).receipt, {});
    await vi.advanceTimersByTimeAsync(60);
    expect(await soFar(sending)).toMatchObject({ state: 'ready' });
  });
});
