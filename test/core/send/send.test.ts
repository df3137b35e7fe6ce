import { beforeEach, describe, expect, test } from 'vitest';
import { registerAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import { cancel } from '../../../src/core/keep/cancel.ts';
import { purgeDead } from '../../../src/core/keep/dlq.ts';
import { setConfig } from '../../../src/core/config/change.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { preview, send, sendAll } from '../../../src/core/send/send.ts';
import { DreamosError, type ErrorCode } from '../../../src/model/errors.ts';
import { type CoreRig, createCoreRig, expectRefusal, must, refusal } from '../rig.ts';
import type { Draft } from '../../../src/model/draft.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const ready = async (mailbox: string): Promise<number> => (await rig.root.store.look.counts(mailbox)).ready;

test('a message arrives as it was meant', async () => {
  const receipt = await send(rig.root, {
    to: 'REVIEWER',
    body: 'Please look.',
    subject: 'Patch',
    type: 'task',
    priority: 'high',
    thread: 't',
    replyTo: 'r',
    tags: ['a', 'b'],
    data: { pr: 7 },
    ttlMs: 60_000,
  });
  expect(receipt).toEqual({
    id: receipt.id,
    to: ['reviewer'],
    mailboxes: ['reviewer'],
    state: 'ready',
    durability: 'full',
  });
  const { message } = must(await readNext(rig.root, 'reviewer'));
  expect(message).toMatchObject({
    id: receipt.id,
    from: 'planner',
    to: ['reviewer'],
    body: 'Please look.',
    subject: 'Patch',
    type: 'task',
    priority: 'high',
    thread: 't',
    replyTo: 'r',
    tags: ['a', 'b'],
    data: { pr: 7 },
    createdAt: '2026-11-20T09:00:00.000Z',
    expiresAt: '2026-11-20T09:01:00.000Z',
  });
});

test('what is not said has its default', async () => {
  await send(rig.root, { to: 'reviewer', body: 'x' });
  expect(must(await readNext(rig.root, 'reviewer')).message).toMatchObject({
    subject: '',
    type: 'message',
    priority: 'normal',
    thread: null,
    replyTo: null,
    tags: [],
    data: null,
    expiresAt: null,
    dedupeKey: null,
  });
});

test('who is named twice gets it once', async () => {
  expect((await send(rig.root, { to: ['reviewer', 'Reviewer', 'builder'], body: 'x' })).mailboxes).toEqual([
    'reviewer',
    'Builder',
  ]);
  expect(await ready('reviewer')).toBe(1);
});

test('one unknown recipient, and nothing is sent', async () => {
  await expectRefusal(send(rig.root, { to: ['reviewer', 'reviwer'], body: 'x' }), 'AGENT_NOT_FOUND');
  expect(await ready('reviewer')).toBe(0);
});

const bad: [string, Partial<Draft>, DreamosError['code'], DreamosError['kind']][] = [
  ['an empty body', { body: '' }, 'BODY_EMPTY', 'invalid'],
  ['a body of nothing but space', { body: ' \n' }, 'BODY_EMPTY', 'invalid'],
  ['a body that is no text', { body: 5 as unknown as string }, 'BODY_NOT_TEXT', 'invalid'],
  ['a body over the limit', { body: 'x'.repeat(1_048_577) }, 'MESSAGE_TOO_LARGE', 'invalid'],
  ['a body over the limit in bytes, not in characters', { body: 'ü'.repeat(600_000) }, 'MESSAGE_TOO_LARGE', 'invalid'],
  [
    'body and data over the limit together',
    { body: 'x'.repeat(600_000), data: 'x'.repeat(600_000) },
    'MESSAGE_TOO_LARGE',
    'invalid',
  ],
  ['a subject of 201 characters', { subject: 'x'.repeat(201) }, 'MESSAGE_INVALID', 'invalid'],
  ['65 tags', { tags: Array.from({ length: 65 }, (_, i) => `${i}`) }, 'MESSAGE_INVALID', 'invalid'],
  ['an empty tag', { tags: [''] }, 'MESSAGE_INVALID', 'invalid'],
  ['an unknown priority', { priority: 'huge' as 'high' }, 'MESSAGE_INVALID', 'invalid'],
  ['an empty type', { type: '' }, 'MESSAGE_INVALID', 'invalid'],
  ['an empty dedupe key', { dedupeKey: '' }, 'MESSAGE_INVALID', 'invalid'],
  ['data that JSON cannot hold', { data: 5n }, 'MESSAGE_INVALID', 'invalid'],
  ['data that is a function', { data: () => 1 }, 'MESSAGE_INVALID', 'invalid'],
  ['a time-to-live of nothing', { ttlMs: 0 }, 'USAGE', 'usage'],
  ['a negative delay', { delayMs: -1 }, 'USAGE', 'usage'],
  ['a delay beyond all calendars', { delayMs: 1e16 }, 'USAGE', 'usage'],
  ['a time that is over', { at: 0 }, 'USAGE', 'usage'],
  ['a time that is no number', { at: NaN }, 'USAGE', 'usage'],
  ['a time beyond all calendars', { at: 1e16 }, 'USAGE', 'usage'],
  ['a time long before all calendars', { at: -1e16 }, 'USAGE', 'usage'],
  ['a time and a delay', { at: 9e12, delayMs: 0 }, 'USAGE', 'usage'],
  ['a delay longer than the time-to-live', { ttlMs: 1000, delayMs: 1000 }, 'USAGE', 'usage'],
  ['no recipient', { to: [] }, 'USAGE', 'usage'],
  ['a recipient with a path for a name', { to: '../x' }, 'NAME_INVALID', 'invalid'],
  ['a sender with a path for a name', { from: 'a/b' }, 'NAME_INVALID', 'invalid'],
];

test.for(bad)('%s is refused, and nothing is sent', async ([, draft, code, kind]) => {
  expect(await refusal(send(rig.root, { to: 'reviewer', body: 'x', ...draft }))).toMatchObject({ code, kind });
  expect(await ready('reviewer')).toBe(0);
});

test('an empty body can be meant', async () => {
  await send(rig.root, { to: 'reviewer', body: '', allowEmpty: true });
  expect(must(await readNext(rig.root, 'reviewer')).message.body).toBe('');
});

test('exactly the limit is allowed, and it is the recipient who sets it', async () => {
  await send(rig.root, { to: 'reviewer', body: 'x'.repeat(1_048_576) });
  await registerAgent(rig.root, { name: 'Builder', settings: { maxMessageBytes: 1024 } });
  const error = await refusal(send(rig.root, { to: ['reviewer', 'Builder'], body: 'x'.repeat(1025) }));
  expect(error.message).toMatch(/1025 bytes; Builder takes at most 1024/);
});

test('without a sender nothing is sent', async () => {
  const error = await refusal(send(rig.as(undefined), { to: 'reviewer', body: 'x' }));
  expect(error).toMatchObject({ kind: 'usage', code: 'USAGE' });
  expect(error.hint).toMatch(/`as`/);
});

test('an unregistered sender may send, and is told once that nobody can answer', async () => {
  const root = rig.as('cron');
  await sendAll(root, [
    { to: 'reviewer', body: 'x' },
    { to: 'reviewer', body: 'y' },
  ]);
  // What is to be typed ends the line: with a dot behind it, it would be another name.
  expect(rig.warnings).toEqual([expect.stringMatching(/cron is not registered.*dreamos agent register cron$/)]);
});

test('the name of a registered sender is written as it was registered', async () => {
  await send(rig.as('BUILDER'), { to: 'reviewer', body: 'x' });
  expect(must(await readNext(rig.root, 'reviewer')).message.from).toBe('Builder');
  expect(rig.warnings).toEqual([]);
});

test('of many drafts each has its own result, and a bad one stops no other', async () => {
  await retireAgent(rig.root, 'Builder');
  const results = await sendAll(rig.root, [
    { to: 'reviewer', body: '1' },
    { to: 'nobody', body: '2' },
    { to: 'reviewer', body: '3', durability: 'relaxed' },
    { to: 'builder', body: '4' },
    { to: 'reviewer', body: '5' },
  ]);
  expect(results.map((result) => (result instanceof DreamosError ? result.code : result.durability))).toEqual([
    'full',
    'AGENT_NOT_FOUND',
    'relaxed',
    'AGENT_RETIRED',
    'full',
  ]);
  expect(await ready('reviewer')).toBe(3);
});

test('more than 1,000 drafts are refused before anything is sent', async () => {
  const drafts = Array.from({ length: 1001 }, () => ({ to: 'reviewer', body: 'x' }));
  await expectRefusal(sendAll(rig.root, drafts), 'USAGE');
  expect(await ready('reviewer')).toBe(0);
  expect(await sendAll(rig.root, drafts.slice(1))).toHaveLength(1000);
});

test('the sender sets the durability, the draft comes before it', async () => {
  await registerAgent(rig.root, { name: 'planner', settings: { durability: 'relaxed' } });
  expect((await send(rig.root, { to: 'reviewer', body: 'x' })).durability).toBe('relaxed');
  expect((await send(rig.root, { to: 'reviewer', body: 'x', durability: 'full' })).durability).toBe('full');
});

test('a repeat under a dedupe key has the first id and says so', async () => {
  const draft = { to: 'reviewer', body: 'x', dedupeKey: 'k', ttlMs: 60_000 };
  const first = await send(rig.root, draft);
  rig.clock.advance(1000);
  expect(await send(rig.root, draft)).toMatchObject({ id: first.id, duplicate: true });
  expect(first.duplicate).toBeUndefined();
  await expectRefusal(send(rig.root, { ...draft, body: 'y' }), 'DEDUPE_MISMATCH');
});

describe('the repeat of a send under a dedupe key says where the first one is now', () => {
  const draft = { to: 'reviewer', body: 'x', dedupeKey: 'k' };
  const again = async () => {
    const { state, states } = await send(rig.root, { ...draft, delayMs: 5000 });
    return [state, ...(states ?? []).map((one) => `${one.mailbox} ${one.state}`)];
  };
  const claim = async () => must(await readNext(rig.root, 'reviewer')).receipt;

  test.for<[string, (id: string) => Promise<unknown>]>([
    ['ready', async () => undefined],
    ['inflight', claim],
    ['archived', async () => ack(rig.root, await claim())],
    ['archived', (id) => cancel(rig.root, id)],
    ['dead', async () => nack(rig.root, await claim(), { dead: true })],
    ['delayed', async () => nack(rig.root, await claim(), { delayMs: 60_000 })],
    [
      'gone',
      async (id) => {
        await nack(rig.root, await claim(), { dead: true });
        await purgeDead(rig.root, 'reviewer', [id]);
      },
    ],
    [
      'dead',
      async () => {
        for (let attempt = 1; attempt <= 5; attempt++) {
          await claim();
          rig.clock.advance(15 * 60_000);
        }
      },
    ],
  ])('%s', async ([state, happens]) => {
    await happens((await send(rig.root, draft)).id);
    expect(await again()).toEqual([state, `reviewer ${state}`]);
  });

  test('in each mailbox, and of all as what is furthest from its end', async () => {
    const both = { ...draft, to: ['reviewer', 'Builder'] };
    const first = await send(rig.root, both);
    expect(first).not.toHaveProperty('states');
    await ack(rig.root, await claim());
    expect(await send(rig.root, both)).toEqual({
      ...first,
      duplicate: true,
      states: [
        { mailbox: 'reviewer', state: 'archived' },
        { mailbox: 'Builder', state: 'ready' },
      ],
    });
  });

  test('also in one call with others', async () => {
    await cancel(rig.root, (await send(rig.root, draft)).id);
    expect(await sendAll(rig.root, [draft])).toMatchObject([{ state: 'archived', duplicate: true }]);
  });

  test('and is still told that it is sent when that cannot be seen', async () => {
    const { id } = await send(rig.root, draft);
    rig.root.store.look.find = () => Promise.reject(new DreamosError('disk', 'DISK_FAILED', 'No.'));
    expect(await send(rig.root, draft)).toMatchObject({ id, duplicate: true });
    expect(rig.warnings.join()).toContain(`Where ${id} is now could not be seen`);
  });
});

test('a repeat to a group is one, whoever is in it by now, and says who got it', async () => {
  await registerAgent(rig.root, { name: 'reviewer', groups: ['crew'] });
  const draft = { to: '@Crew', body: 'x', dedupeKey: 'k' };
  const first = await send(rig.root, draft);
  await registerAgent(rig.root, { name: 'Builder', groups: ['crew'] });
  await registerAgent(rig.root, { name: 'reviewer', groups: [] });
  const repeat = await send(rig.root, { ...draft, to: ['@crew'] });
  expect(repeat).toMatchObject({ id: first.id, to: ['reviewer'], mailboxes: ['reviewer'], duplicate: true });
  expect(await readNext(rig.root, 'Builder')).toBeUndefined();
  await expectRefusal(send(rig.root, { ...draft, to: ['@crew', 'reviewer'] }), 'DEDUPE_MISMATCH');
});

describe('a repeat to a group that everybody has left', () => {
  const draft = { to: ['@Crew', 'Builder'], body: 'x', dedupeKey: 'k' };
  const join = (groups: string[]) => registerAgent(rig.root, { name: 'reviewer', groups });

  test.for<[string, string | string[], string[]]>([
    ['alone', '@crew', ['reviewer']],
    ['beside a name', ['@crew', 'Builder'], ['reviewer', 'Builder']],
    ['that has only the sender', ['@Crew'], ['reviewer']],
  ])('%s is one, and says where the first one is', async ([how, to, mailboxes]) => {
    await join(['crew']);
    const first = await send(rig.root, { ...draft, to });
    expect(first.mailboxes).toEqual(mailboxes);
    await join([]);
    if (how === 'that has only the sender') await registerAgent(rig.root, { name: 'planner', groups: ['crew'] });
    await ack(rig.root, must(await readNext(rig.root, 'reviewer')).receipt);
    const again = {
      ...first,
      duplicate: true,
      state: mailboxes.length > 1 ? 'ready' : 'archived',
      states: mailboxes.map((mailbox) => ({ mailbox, state: mailbox === 'reviewer' ? 'archived' : 'ready' })),
    };
    expect(await send(rig.root, { ...draft, to })).toEqual(again);
    expect(await sendAll(rig.root, [{ ...draft, to }])).toEqual([again]);
    await expectRefusal(send(rig.root, { ...draft, to, body: 'y' }), 'DEDUPE_MISMATCH');
    await expectRefusal(send(rig.root, { ...draft, to: ['@others', 'Builder'] }), 'DEDUPE_MISMATCH');
  });

  test('is refused when nothing was sent under the key, and the key stays free', async () => {
    const refused = async (promise: Promise<unknown>) => (await refusal(promise)).message;
    const nobody = await refused(send(rig.root, { to: draft.to, body: 'x' }));
    expect(nobody).toContain('Nobody is in the group "@Crew"');
    expect(await refused(send(rig.root, draft))).toBe(nobody);
    expect(await sendAll(rig.root, [draft, { to: 'reviewer', body: 'x' }])).toMatchObject([
      { code: 'AGENT_NOT_FOUND', message: nobody },
      { mailboxes: ['reviewer'] },
    ]);
    await expectRefusal(preview(rig.root, draft), 'AGENT_NOT_FOUND');
    expect(await ready('Builder')).toBe(0);
    await join(['crew']);
    expect(await send(rig.root, draft)).not.toHaveProperty('duplicate');
    expect(await preview(rig.root, draft)).toHaveLength(2);
  });

  test('is refused once the key is forgotten', async () => {
    await join(['crew']);
    await send(rig.root, draft);
    await join([]);
    rig.clock.advance(2 * 86_400_000);
    await expectRefusal(send(rig.root, draft), 'AGENT_NOT_FOUND');
    expect(await ready('Builder')).toBe(1);
  });
});

describe('a repeat to somebody who takes it no more', () => {
  const retire = () => retireAgent(rig.root, 'reviewer');
  const takesLess = () => registerAgent(rig.root, { name: 'reviewer', settings: { maxMessageBytes: 1024 } });
  const draft = { body: 'x'.repeat(1025), dedupeKey: 'k' };

  test.for<[string, () => Promise<unknown>, string | string[], string[]]>([
    ['has retired', retire, 'Reviewer', ['reviewer']],
    ['has retired, beside others', retire, 'Builder,reviewer', ['Builder', 'reviewer']],
    ['has retired, beside a group', retire, ['reviewer', '@crew'], ['reviewer', 'Builder']],
    ['takes less by now', takesLess, 'reviewer', ['reviewer']],
  ])('because he %s is one, and says where the first one is', async ([, spoil, to, mailboxes]) => {
    await registerAgent(rig.root, { name: 'Builder', groups: ['crew'] });
    const first = await send(rig.root, { ...draft, to });
    expect(first.mailboxes).toEqual(mailboxes);
    await ack(rig.root, must(await readNext(rig.root, 'reviewer')).receipt);
    await spoil();
    rig.clock.advance(1000);
    const states = mailboxes.map((mailbox) => ({ mailbox, state: mailbox === 'reviewer' ? 'archived' : 'ready' }));
    const again = { ...first, duplicate: true, state: mailboxes.length > 1 ? 'ready' : 'archived', states };
    expect(await send(rig.root, { ...draft, to })).toEqual(again);
    expect(await sendAll(rig.root, [{ ...draft, to }])).toEqual([again]);
    await expectRefusal(send(rig.root, { ...draft, to, subject: 'other' }), 'DEDUPE_MISMATCH');
    await expectRefusal(send(rig.root, { ...draft, to: ['reviewer', 'planner'] }), 'DEDUPE_MISMATCH');
  });

  test.for<[() => Promise<unknown>, ErrorCode]>([
    [retire, 'AGENT_RETIRED'],
    [takesLess, 'MESSAGE_TOO_LARGE'],
  ])('is refused as without a key when nothing was sent under it (%#)', async ([spoil, code]) => {
    await spoil();
    rig.clock.advance(1000);
    const to = ['Builder', 'reviewer'];
    const { message } = await refusal(send(rig.root, { to, body: draft.body }));
    expect(await refusal(send(rig.root, { ...draft, to }))).toMatchObject({ code, message });
    expect(await sendAll(rig.root, [{ ...draft, to }])).toMatchObject([{ code, message }]);
    await expectRefusal(preview(rig.root, { ...draft, to }), code);
    expect(await ready('Builder')).toBe(0);
    await registerAgent(rig.root, { name: 'reviewer', settings: { maxMessageBytes: 2048 } });
    rig.clock.advance(1000);
    expect(await send(rig.root, { ...draft, to })).not.toHaveProperty('duplicate');
  });
});

test('a dedupe key is forgotten when the root says so, whatever a card or an environment says', async () => {
  await setConfig(rig.root, 'dedupeWindow', '1h');
  const draft = { to: 'reviewer', body: 'x', dedupeKey: 'k' };
  const first = await send(rig.root, draft);
  rig.clock.advance(3_600_000 - 1);
  expect(await send(rig.root, draft)).toMatchObject({ id: first.id, duplicate: true });
  rig.clock.advance(1);
  expect(await send(rig.root, draft)).not.toHaveProperty('duplicate');
  const settings = { dedupeWindow: '9d' };
  const error = await refusal(registerAgent(rig.root, { name: 'planner', settings }));
  expect(error).toMatchObject({
    code: 'CONFIG_INVALID',
    hint: 'What it is: dreamos config get dedupeWindow; to set it: dreamos config set dedupeWindow=2d',
  });
  await expectRefusal(send(rig.as('planner', { DREAMOS_DEDUPE_WINDOW: '9d' }), draft), 'CONFIG_INVALID');
});

test('a message for a time is delayed until then', async () => {
  const at = rig.clock.now() + 90_000;
  expect((await send(rig.root, { to: 'reviewer', body: 'x', at })).state).toBe('delayed');
  rig.clock.advance(89_999);
  expect(await readNext(rig.root, 'reviewer')).toBeUndefined();
  rig.clock.advance(1);
  expect(await readNext(rig.root, 'reviewer')).toBeDefined();
});

test('a repeat under a dedupe key that comes when the time is over learns the first id', async () => {
  const draft = { to: 'reviewer', body: 'x', at: rig.clock.now() + 1000, dedupeKey: 'k' };
  const { id } = await send(rig.root, draft);
  rig.clock.advance(2000);
  expect(await send(rig.root, draft)).toMatchObject({ id, duplicate: true });
  // Longer ago than any key is remembered, it is a slip.
  await expectRefusal(send(rig.root, { ...draft, at: rig.clock.now() - 2 * 86_400_000 }), 'USAGE');
});

test('a time-to-live that ends before the message is delivered is refused', async () => {
  const at = rig.clock.now() + 1000;
  await expectRefusal(send(rig.root, { to: 'reviewer', body: 'x', at, ttlMs: 1000 }), 'USAGE');
});

test('a message for later is delayed', async () => {
  expect((await send(rig.root, { to: 'reviewer', body: 'x', delayMs: 1000 })).state).toBe('delayed');
});

test('the sender is warned of a mailbox that nobody has ever read', async () => {
  rig.clock.advance(3_600_000);
  await send(rig.root, { to: ['reviewer', 'Builder'], body: 'x' });
  expect(rig.warnings).toEqual([]);
  rig.clock.advance(1);
  await readNext(rig.root, 'Builder');
  await send(rig.as('planner'), { to: ['reviewer', 'Builder'], body: 'x' });
  expect(rig.warnings).toEqual([expect.stringMatching(/reviewer .*never read.*dreamos status reviewer/)]);
});

test('a sender in a loop is warned once a second', async () => {
  rig.clock.advance(3_600_001);
  for (let i = 0; i < 3; i++) await send(rig.root, { to: 'reviewer', body: 'x' });
  expect(rig.warnings).toHaveLength(1);
  rig.clock.advance(1000);
  await send(rig.root, { to: 'reviewer', body: 'x' });
  expect(rig.warnings).toHaveLength(2);
});

test('the sender is warned when older mail is left lying, and not when the agent only had none', async () => {
  await readNext(rig.root, 'reviewer');
  rig.clock.advance(2 * 3_600_000);
  await send(rig.root, { to: 'reviewer', body: 'x' });
  expect(rig.warnings).toEqual([]);
  rig.clock.advance(2 * 3_600_000);
  await send(rig.root, { to: 'reviewer', body: 'x' });
  expect(rig.warnings).toEqual([
    expect.stringMatching(/reviewer last read its mail 4h ago, and older mail is waiting/),
  ]);
});
