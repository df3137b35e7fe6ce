import { beforeEach, describe, expect, test } from 'vitest';
import { setConfig } from '../../../src/core/config/change.ts';
import { listAudit } from '../../../src/core/audit/list.ts';
import { mostUnproved } from '../../../src/core/audit/due.ts';
import { noteCall } from '../../../src/core/audit/note.ts';
import { verifyAudit } from '../../../src/core/audit/verify.ts';
import { consume } from '../../../src/core/take/consume.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { send, sendAll } from '../../../src/core/send/send.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { createCoreRig, type CoreRig, gather } from '../rig.ts';
import { noted } from './rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const all = () => gather(listAudit(rig.root));
const ops = async () => (await all()).map(({ op }) => op).reverse();

describe('what a call was', () => {
  test('one that administers is noted with its words, its actor, its process', async () => {
    await noteCall(rig.root, 'config.set', ['lease=30m', { note: 'why' }]);
    const now = new Date(rig.clock.now()).toISOString();
    const args = ['lease=30m', { note: 'why' }];
    expect(await all()).toEqual([{ at: now, op: 'config.set', by: 'planner', result: 'done', args, pid: 1 }]);
    await noteCall(rig.as(undefined), 'agent.retire', ['reviewer']);
    expect((await all())[0]).toMatchObject({ op: 'agent.retire', by: null });
  });

  test('one that looks, sends or only would is not, nor what says every few minutes that an agent is there', async () => {
    await noteCall(rig.root, 'list', []);
    await noteCall(rig.root, 'send', [{ body: 'secret' }]);
    await noteCall(rig.root, 'agent.heartbeat', ['planner']);
    await noteCall(rig.root, 'topics.prune', ['a', { dryRun: true }]);
    await noteCall(rig.root, 'doctor', [{}]);
    expect(await all()).toEqual([]);
    for (const fix of [true, 1]) await noteCall(rig.root, 'doctor', [{ fix }]);
    await noteCall(rig.root, 'dlq.purge', ['reviewer', { all: true }]);
    expect(await ops()).toEqual(['doctor', 'doctor', 'dlq.purge']);
  });

  test('whatever was denied is noted, and never what it was called with', async () => {
    const denied = new DreamosError('denied', 'FORBIDDEN', 'planner may not send to reviewer.');
    await noteCall(rig.root, 'send', [{ body: 'secret' }], denied);
    await noteCall(rig.root, 'no operation', [], denied);
    const [other, first] = await all();
    expect(first).toMatchObject({ op: 'send', result: 'denied', code: 'FORBIDDEN', why: denied.message });
    expect(first).not.toHaveProperty('args');
    expect(other).toMatchObject({ op: 'no operation', result: 'denied' });
  });

  test('of one that failed: what the disk or a bug has stopped; a refusal has done nothing', async () => {
    await noteCall(rig.root, 'maintain', [], new DreamosError('disk', 'DISK_FAILED', 'no space'));
    await noteCall(rig.root, 'maintain', [], new TypeError('oops'));
    await noteCall(rig.root, 'maintain', [], new DreamosError('usage', 'USAGE', 'no'));
    await noteCall(rig.root, 'doctor', [{ fix: true }], new DreamosError('invalid', 'PROBLEMS_FOUND', '1 remains'));
    expect((await all()).map(({ result, code }) => [result, code]).reverse()).toEqual([
      ['failed', 'DISK_FAILED'],
      ['failed', 'UNEXPECTED'],
      ['done', undefined],
    ]);
  });

  test('what is long is cut, and what is no JSON is said in words', async () => {
    const circle: Record<string, unknown> = {};
    circle['itself'] = circle;
    const args = ['x'.repeat(10_000), circle, () => 1, 'half \uD83D', { long: 'y'.repeat(5000) }, 7, null];
    await noteCall(rig.root, 'import', [...args, ...Array.from({ length: 100 }, () => 'more')]);
    const [line] = await all();
    expect(JSON.stringify(line).length).toBeLessThan(4000);
    expect(line?.args).toHaveLength(20);
    expect(line?.args?.slice(1, 4)).toEqual(['(object)', '(function)', 'half \uFFFD']);
    expect(line?.args?.[4]).toMatch(/^\{"long":"y+…$/);
  });

  test('an audit that cannot be written is a warning, and nobody fails for it', async () => {
    rig.root.store.audit.append = async () => {
      throw new DreamosError('disk', 'DISK_FAILED', 'The disk is full.');
    };
    await noteCall(rig.root, 'config.set', ['lease=30m']);
    expect(rig.warnings).toEqual(['It is done, but the audit could not be written: The disk is full.']);
  });
});

describe('the setting', () => {
  test('off notes nothing, but the call that turned it off', async () => {
    await setConfig(rig.root, 'audit', 'off');
    await noteCall(rig.root, 'config.set', ['audit=off']);
    expect(await ops()).toEqual(['config.set']);
    await setConfig(rig.root, 'lease', '30m');
    await noteCall(rig.root, 'config.set', ['lease=30m']);
    await noteCall(rig.root, 'agent.retire', ['reviewer']);
    await noteCall(rig.root, 'send', [], new DreamosError('denied', 'FORBIDDEN', 'no'));
    expect(await ops()).toEqual(['config.set']);
    await setConfig(rig.root, 'audit', 'admin');
    await noteCall(rig.root, 'config.set', ['audit=admin']);
    expect(await ops()).toEqual(['config.set', 'config.set']);
  });

  test('admin, which is the default, notes nothing of mail', async () => {
    const { id } = await send(rig.root, { to: 'reviewer', body: 'hello' });
    await readNext(rig.root, 'reviewer');
    await ack(rig.as('reviewer'), id);
    expect(await all()).toEqual([]);
  });

  test('all notes each send, claim and ack by its id, once', async () => {
    await setConfig(rig.root, 'audit', 'all');
    const { id } = await send(rig.root, { to: ['reviewer', 'Builder'], body: 'hello', dedupeKey: 'k' });
    await send(rig.root, { to: ['reviewer', 'Builder'], body: 'hello', dedupeKey: 'k' });
    const [batch] = await sendAll(rig.root, [
      { to: 'reviewer', body: 'two' },
      { to: 'nobody', body: 'x' },
    ]);
    const published = await publish(rig.root, 'build.done', { body: 'green' });
    await readNext(rig.root, 'reviewer');
    await ack(rig.as('reviewer'), id);
    for await (const delivery of consume(rig.as('reviewer'), 'reviewer', { waitMs: 0 })) {
      await delivery.ack();
      break;
    }
    const second = (batch as { id: string }).id;
    expect((await all()).reverse()).toMatchObject([
      { op: 'send', by: 'planner', id, to: ['reviewer', 'Builder'] },
      { op: 'send', by: 'planner', id: second, to: ['reviewer'] },
      { op: 'send', by: 'planner', id: published.id },
      { op: 'claim', by: 'planner', id, mailbox: 'reviewer' },
      { op: 'ack', by: 'reviewer', id, mailbox: 'reviewer' },
      { op: 'claim', by: 'reviewer', id: second, mailbox: 'reviewer' },
      { op: 'ack', by: 'reviewer', id: second, mailbox: 'reviewer' },
    ]);
  });
});

describe('a checkpoint', () => {
  const made = async () => (await verifyAudit(rig.root)).checkpoints;

  test('is made with the first line, then after a minute, by whoever notes something', async () => {
    await noted(rig.root, 'one');
    expect(await verifyAudit(rig.root)).toMatchObject({ checkpoints: 1, unproved: { lines: 0 } });
    await noted(rig.root, 'two');
    expect(await verifyAudit(rig.root)).toMatchObject({ checkpoints: 1, unproved: { lines: 1 } });
    rig.clock.advance(60_000);
    await noted(rig.as('reviewer'), 'three');
    expect(await verifyAudit(rig.root)).toMatchObject({
      state: 'whole',
      checkpoints: 2,
      lines: 3,
      unproved: { lines: 0 },
    });
  });

  test('is made after a thousand lines, of however many processes', async () => {
    const others = [rig.root, rig.as('reviewer'), rig.as('Builder')];
    for (let n = 0; n < mostUnproved; n++) await noted(others[n % 3] ?? rig.root, String(n));
    expect(await made()).toBe(1);
    await noted(rig.root, 'the thousandth behind the first');
    expect(await verifyAudit(rig.root)).toMatchObject({ checkpoints: 2, lines: 1001, unproved: { lines: 0 } });
  });

  test('of many calls at the same moment one makes it', async () => {
    const many = (n: number): Promise<void> => noted(rig.root, `at once ${n}`);
    await Promise.all(Array.from({ length: 50 }, (_, n) => many(n)));
    expect(await made()).toBe(1);
    await noted(rig.root, 'later');
    rig.clock.advance(60_000);
    const sessions = Array.from({ length: 8 }, (_, n) => rig.as(`agent-${n}`));
    await Promise.all(sessions.map((session, n) => noted(session, `late ${n}`)));
    expect(await made()).toBe(2);
    expect(await verifyAudit(rig.root)).toMatchObject({ state: 'whole', lines: 59 });
  });

  test('of a clock that was ahead is not the last one for as long', async () => {
    rig.clock.advance(86_400_000 * 30);
    await noted(rig.root, 'ahead');
    rig.clock.advance(-86_400_000 * 30);
    await noted(rig.root, 'right again');
    expect(await verifyAudit(rig.root)).toMatchObject({ state: 'whole', checkpoints: 2, unproved: { lines: 0 } });
  });

  test('goes on over midnight, also with what came to yesterday late', async () => {
    await noted(rig.root, 'one');
    const yesterday = new Date(rig.clock.now()).toISOString().slice(0, 10);
    rig.clock.advance(86_400_000);
    await noted(rig.root, 'two');
    await rig.root.store.audit.append(yesterday, '{"late":true}\n');
    rig.clock.advance(60_000);
    await noted(rig.root, 'three');
    expect(await verifyAudit(rig.root)).toMatchObject({
      state: 'whole',
      checkpoints: 3,
      lines: 4,
      unproved: { lines: 0 },
    });
  });
});

describe('a look', () => {
  beforeEach(async () => {
    await noteCall(rig.root, 'config.set', ['lease=1m']);
    rig.clock.advance(86_400_000);
    await noteCall(rig.as('reviewer'), 'config.unset', ['lease']);
    await noteCall(rig.as('reviewer'), 'send', [], new DreamosError('denied', 'FORBIDDEN', 'no'));
  });
  const which = async (options: Parameters<typeof listAudit>[1]) =>
    (await gather(listAudit(rig.root, options))).map(({ op }) => op);

  test('shows the newest first, of an operation or a group, of an actor, or what was denied', async () => {
    expect(await which({})).toEqual(['send', 'config.unset', 'config.set']);
    expect(await which({ limit: 2 })).toEqual(['send', 'config.unset']);
    expect(await which({ op: 'config' })).toEqual(['config.unset', 'config.set']);
    expect(await which({ op: 'config.set' })).toEqual(['config.set']);
    expect(await which({ by: 'REVIEWER' })).toEqual(['send', 'config.unset']);
    expect(await which({ denied: true })).toEqual(['send']);
    expect(await which({ since: rig.clock.now() - 1000 })).toEqual(['send', 'config.unset']);
    for (const since of [8.64e15, Infinity]) expect(await which({ since })).toEqual([]);
  });

  test('passes over what is no line, and says so once a day', async () => {
    const day = new Date(rig.clock.now()).toISOString().slice(0, 10);
    await rig.root.store.audit.append(day, '{"at":"2026\nnonsense\n');
    expect(await which({})).toHaveLength(3);
    expect(rig.warnings).toEqual([expect.stringMatching(/^2 lines of the audit of .* cannot be read/)]);
  });
});
