/** What of a mailbox is handed out, by the setting `signatures`, and what is known of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { registerAgent } from '../../../../src/core/agents/agents.ts';
import { listAudit } from '../../../../src/core/audit/list.ts';
import { deadReasonOf } from './dead.ts';
import { listDead, retryDead, showDead } from '../../../../src/core/keep/dlq.ts';
import { consume } from '../../../../src/core/take/consume.ts';
import { readNext } from '../../../../src/core/take/read.ts';
import type { Session } from '../../../../src/core/root/root.ts';
import { reply } from '../../../../src/core/send/reply.ts';
import { ask } from '../../../../src/core/send/request.ts';
import { send, sendAll } from '../../../../src/core/send/send.ts';
import { createTask } from '../../../../src/core/tasks/create.ts';
import { nextTask } from '../../../../src/core/tasks/next.ts';
import { work } from '../../../../src/core/work/work.ts';
import type { Draft } from '../../../../src/model/draft.ts';
import { expectRefusal, gather, must } from '../../rig.ts';
import { createSignedRig, type SignedRig } from './rig.ts';

let rig: SignedRig;
let reader: Session;
beforeEach(async () => {
  rig = await createSignedRig();
  reader = rig.user('reviewer');
});

const sent = async (body: string, draft: Partial<Draft> = {}): Promise<string> =>
  (await send(rig.own, { to: 'reviewer', body, ...draft })).id;
const read = (options = {}) => readNext(reader, 'reviewer', options);
const flip = (mailbox: string, id: string): void =>
  rig.forge(mailbox, id, (before) => Buffer.from(before.toString().replace('hello', 'hullo')));

describe('off', () => {
  test('nothing is signed, nothing is checked and nothing is said of it', async () => {
    await sent('hello');
    const { message, ...delivery } = must(await read());
    expect(Object.keys(delivery)).toEqual(['receipt', 'mailbox', 'attempt', 'leaseUntil']);
    expect(message).not.toHaveProperty('sig');
    expect(rig.warnings).toEqual([]);
  });

  test('what was signed before is delivered as any other, however it was changed', async () => {
    await rig.set('require');
    const id = await sent('hello');
    flip('reviewer', id);
    await rig.set('off');
    expect(await read()).toMatchObject({ message: { id, body: 'hullo' } });
    expect(rig.warnings).toEqual([]);
  });
});

describe('warn', () => {
  test('all is delivered, with what is known of it, and what is not verified is told', async () => {
    const unsigned = await sent('hello');
    await rig.set('warn');
    const changed = await sent('hello');
    const good = await sent('hello');
    flip('reviewer', changed);
    expect(await read()).toMatchObject({ message: { id: unsigned }, signature: 'unsigned' });
    expect(await read()).toMatchObject({
      message: { id: changed },
      signature: 'invalid',
      signatureFault: 'it was changed since it was signed',
    });
    expect(await read()).toMatchObject({ message: { id: good }, signature: 'verified' });
    expect(rig.warnings).toEqual([
      `Message ${unsigned} from planner is not signed.`,
      `The signature of message ${changed} from planner is not valid: it was changed since it was signed.`,
    ]);
  });
});

describe('require', () => {
  test('what is not verified is dead with the reason, and stands in the way of nothing', async () => {
    const unsigned = await sent('hello', { priority: 'urgent' });
    await rig.set('require');
    const changed = await sent('hello');
    const good = await sent('hello');
    flip('reviewer', changed);
    expect(await read()).toMatchObject({ message: { id: good }, signature: 'verified' });
    expect((await gather(listAudit(rig.own, { denied: true }))).reverse()).toMatchObject([
      { op: 'read', by: 'reviewer', code: 'SIGNATURE_MISSING', why: expect.stringContaining(unsigned) as string },
      { op: 'read', by: 'reviewer', code: 'SIGNATURE_INVALID', why: expect.stringContaining(changed) as string },
    ]);
    expect(await read()).toBeUndefined();
    expect(await deadReasonOf(rig.own, 'reviewer')).toEqual({
      [unsigned]: 'SIGNATURE_MISSING: it is not signed',
      [changed]: 'SIGNATURE_INVALID: it was changed since it was signed',
    });
    expect(rig.warnings).toEqual([
      `Message ${unsigned} from planner is not signed. It is in the dead-letter queue of reviewer.`,
      expect.stringContaining(`${changed} from planner is not valid`),
    ]);
    // A retry changes nothing of it; where that is not asked for any more, it comes.
    await retryDead(rig.own, 'reviewer', [unsigned]);
    expect(await read()).toBeUndefined();
    await rig.set('off');
    await retryDead(rig.own, 'reviewer', [unsigned]);
    expect(await read()).toMatchObject({ message: { id: unsigned } });
  });

  test('of a hundred that are not signed none keeps a reader from the one that is', async () => {
    for (let i = 0; i < 100; i++) await sent('hello');
    await rig.set('require');
    const good = await sent('hello', { priority: 'low' });
    expect(await read()).toMatchObject({ message: { id: good } });
    expect((await reader.store.look.counts('reviewer')).dead).toBe(100);
  });

  test('who names the one that is refused is told why', async () => {
    const unsigned = await sent('hello');
    await rig.set('require');
    const changed = await sent('hello');
    flip('reviewer', changed);
    await expectRefusal(read({ filter: { id: unsigned } }), 'SIGNATURE_MISSING');
    await expectRefusal(read({ filter: { id: changed } }), 'SIGNATURE_INVALID');
    expect(Object.keys(await deadReasonOf(rig.own, 'reviewer')).sort()).toEqual([unsigned, changed].sort());
  });

  test('who cannot sign sends nothing, and is told how he can', async () => {
    await rig.set('require');
    await expect(send(rig.own, { to: 'reviewer', body: 'x', from: 'Builder' })).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      hint: 'dreamos identity create Builder',
    });
    await expectRefusal(send(rig.user('planner'), { to: 'reviewer', body: 'x' }), 'UNAUTHENTICATED');
    const results = await sendAll(rig.own, [
      { to: 'reviewer', body: 'x', from: 'Builder' },
      { to: 'reviewer', body: 'hello' },
    ]);
    expect(results).toMatchObject([{ code: 'UNAUTHENTICATED' }, { state: 'ready' }]);
    expect((await reader.store.look.counts('reviewer')).ready).toBe(1);
  });

  test('an answer that is not signed answers no request', async () => {
    await rig.set('require');
    const asking = ask(rig.own, { to: 'reviewer', body: 'hello' }, { waitMs: 60_000 });
    const job = must(await readNext(rig.own, 'reviewer', { waitMs: 1000 }));
    await rig.set('off');
    // Due once signatures are asked for again: whoever waits may be faster than the setting.
    const forged = (await reply(reader, job.receipt, { body: 'forged', delayMs: 500 }, { again: true })).id;
    await rig.set('require');
    await sleep(1000);
    const good = (await reply(rig.own, job.receipt, { body: 'good' }, { again: true, ack: true })).id;
    expect((await asking).answer).toMatchObject({ message: { id: good }, signature: 'verified' });
    expect(Object.keys(await deadReasonOf(rig.own, 'planner'))).toEqual([forged]);
  });

  test('whose trust cannot be told now is not handed out, and loses no attempt', async () => {
    await rig.set('require');
    const id = await sent('hello');
    const { documents } = rig.own.store;
    const root = must(await documents.get('identity'));
    await documents.put('identity', { id: 'spoilt' }, root.version);
    await expect(read()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await documents.put('identity', root.value, (await documents.get('identity'))?.version);
    rig.clock.advance(60_000);
    expect(await read()).toMatchObject({ message: { id }, attempt: 1, signature: 'verified' });
  });

  test('consumers and workers are told what is known, and get nothing else', async () => {
    await sent('hello');
    await rig.set('require');
    await sent('hello');
    for await (const job of consume(reader, 'reviewer', { waitMs: 1 })) {
      expect(job).toMatchObject({ signature: 'verified' });
      await job.nack({ delayMs: 0 });
      break;
    }
    const seen: unknown[] = [];
    await work(reader, 'reviewer', ({ signature }) => void seen.push(signature), { count: 1, waitMs: 1 });
    expect(seen).toEqual(['verified']);
  });

  test('a task that was changed is taken by nobody, and the next one is', async () => {
    await registerAgent(rig.own, { name: 'worker' });
    await rig.set('require');
    const forged = await createTask(rig.own, { title: 'hello' });
    const good = await createTask(rig.own, { title: 'good' });
    flip(forged.mailbox, forged.id);
    const worker = rig.user('worker');
    expect(await nextTask(worker)).toMatchObject({ id: good.id });
    expect(Object.keys(await deadReasonOf(rig.own, 'worker'))).toEqual([forged.id]);
  });
});

test('the dead letters say it as well', async () => {
  await sent('hello');
  await rig.set('require');
  await read();
  const [dead] = await gather(listDead(reader, 'reviewer'));
  expect(dead).toMatchObject({ signature: 'unsigned' });
  expect(await showDead(reader, 'reviewer', must(dead).id)).toMatchObject({ signature: 'unsigned' });
});
