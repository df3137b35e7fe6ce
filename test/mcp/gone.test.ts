import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { releaseReservations } from '../../src/core/reserve/held.ts';
import { listReservations } from '../../src/core/reserve/reservations.ts';
import { reserve } from '../../src/core/reserve/reserve.ts';
import { reply } from '../../src/core/send/reply.ts';
import { send } from '../../src/core/send/send.ts';
import { readNext } from '../../src/core/take/read.ts';
import { createRig } from '../commands/rig.ts';
import { connect, counts, eras, pause, type Rig } from './rig.ts';

const expectGivenBack = async (rig: Rig) => {
  for (let i = 0; i < 200 && (await counts(rig)).ready === 0; i++) await pause(10);
  expect(await counts(rig)).toMatchObject({ ready: 1, inflight: 0 });
};

describe.each(eras)('by %s', (era) => {
  it('a read that is cancelled while it waits takes nothing', async () => {
    await using rig = await connect(era);
    const cancel = new AbortController();
    const reading = rig.call('mail_read', { wait: '50s' }, cancel.signal);
    await pause(50);
    cancel.abort('enough');
    await expect(reading).rejects.toThrow(/enough/);
    await send(rig.root.root, { to: 'reviewer', body: 'late' });
    await pause(100);
    expect(await counts(rig)).toMatchObject({ ready: 1, inflight: 0 });
    expect((await rig.call('mail_read')).value['delivery']).toMatchObject({ attempt: 1 });
  });

  it('what is claimed for a read that is cancelled in that moment is given back, and no attempt is used up', async () => {
    const cancel = new AbortController();
    await using rig: Rig = await connect(era, {
      openRoot: async () => {
        const session = rig.root.as('reviewer');
        const claim = session.store.mail.claim.bind(session.store.mail);
        session.store.mail.claim = async (...args) => {
          const delivery = await claim(...args);
          if (delivery && !cancel.signal.aborted) {
            cancel.abort('enough');
            await pause(50);
          }
          return delivery;
        };
        return session;
      },
    });
    await send(rig.root.root, { to: 'reviewer', body: 'now' });
    await expect(rig.call('mail_read', {}, cancel.signal)).rejects.toThrow(/enough/);
    await expectGivenBack(rig);
    expect((await rig.call('mail_read')).value['delivery']).toMatchObject({ attempt: 1 });
  });

  it('what was answered to a call that is cancelled meanwhile is given back', async () => {
    await using rig = await connect(era);
    await send(rig.root.root, { to: 'reviewer', body: 'now' });
    await rig.call('mail_read');
    const requestId = (rig.wire.at(-1) as { id: number }).id;
    await rig.client.notification({ method: 'notifications/cancelled', params: { requestId } });
    await expectGivenBack(rig);
  });

  it('what was answered to a caller who goes in that moment is given back', async () => {
    const rig = await connect(era);
    await send(rig.root.root, { to: 'reviewer', body: 'now' });
    await rig.call('mail_read');
    await pause(100);
    await rig.client.close();
    await rig.served;
    expect(await counts(rig)).toMatchObject({ ready: 1, inflight: 0 });
  });

  it('a caller who goes while his read waits is waited for no longer', async () => {
    const rig = await connect(era);
    const reading = rig.call('mail_read', { wait: '50s' }).catch(() => undefined);
    await pause(50);
    const before = performance.now();
    await rig.client.close();
    await rig.served;
    await reading;
    expect(performance.now() - before).toBeLessThan(10_000);
    await send(rig.root.root, { to: 'reviewer', body: 'late' });
    expect(await counts(rig)).toMatchObject({ ready: 1, inflight: 0 });
  });
});

describe('what was reserved for a call that is cancelled', () => {
  it('in that moment is free again', async () => {
    const cancel = new AbortController();
    await using rig: Rig = await connect('2025-11-25', {
      openRoot: async () => {
        const session = rig.root.as('reviewer');
        const { documents } = session.store;
        const put = documents.put.bind(documents);
        documents.put = async (...args) => {
          const changed = await put(...args);
          if (!cancel.signal.aborted) {
            cancel.abort('enough');
            await pause(50);
          }
          return changed;
        };
        return session;
      },
    });
    await expect(rig.call('reserve', { paths: ['a.ts'] }, cancel.signal)).rejects.toThrow(/enough/);
    for (let i = 0; i < 200 && (await listReservations(rig.root.root)).length > 0; i++) await pause(10);
    expect(await listReservations(rig.root.root)).toEqual([]);
  });

  it('while it waited is reserved by nobody', async () => {
    await using rig = await connect();
    await reserve(rig.root.root, 'a.ts', { cwd: '/work' });
    const cancel = new AbortController();
    const waiting = rig.call('reserve', { paths: ['a.ts'], wait: '50s' }, cancel.signal);
    await pause(50);
    cancel.abort('enough');
    await expect(waiting).rejects.toThrow(/enough/);
    await releaseReservations(rig.root.root);
    await pause(100);
    expect(await listReservations(rig.root.root)).toEqual([]);
  });
});

describe('what a caller has had', () => {
  it('stays his when he goes later, and what he has finished stays finished', async () => {
    const rig = await connect();
    for (const body of ['one', 'two']) await send(rig.root.root, { to: 'reviewer', body });
    await rig.call('mail_read');
    await pause(1100);
    await rig.call('mail_read', {});
    const { value } = await rig.call('mail_list');
    const [first, second] = value['messages'] as { receipt: string }[];
    await rig.call('mail_ack', { message: second?.receipt });
    await rig.client.close();
    await rig.served;
    expect(first?.receipt).toBeDefined();
    expect(await counts(rig)).toEqual({ ready: 0, inflight: 1, archived: 1 });
    expect(rig.err()).toBe('');
  });

  it('of an answer to a request whose caller goes in that moment nothing is lost: it is ordinary mail', async () => {
    const rig = await connect();
    const asking = rig.call('mail_request', { to: 'planner', body: 'What now?', wait: '20s' });
    const question = await readNext(rig.root.root, 'planner', { waitMs: 20_000 });
    await reply(rig.root.root, question?.receipt ?? '', { body: 'Nothing.' }, { ack: true });
    await asking;
    await rig.client.close();
    await rig.served;
    expect(await counts(rig)).toEqual({ ready: 1, inflight: 0, archived: 0 });
  });

  it('a signal to the server ends it, and gives back what was under way', async () => {
    const rig = await connect();
    await send(rig.root.root, { to: 'reviewer', body: 'now' });
    await rig.call('mail_read');
    rig.stop();
    await rig.served;
    expect(await counts(rig)).toMatchObject({ ready: 1, inflight: 0 });
    await rig.client.close();
  });
});

describe('the command', () => {
  it('says to a person at a terminal what it is for, and ends when its input does', async () => {
    const rig = await createRig();
    const { code, out, err } = await rig.dreamos('mcp', { terminal: true });
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(err.replaceAll('\n', ' ')).toMatch(/Ctrl-D ends it\. How: +dreamos help tools *$/);
  });

  it('that is told to end before it begins ends', async () => {
    const rig = await createRig();
    const stdin = new PassThrough();
    expect(await rig.dreamos('mcp', { stdin, signal: AbortSignal.abort(143) })).toMatchObject({ code: 143, out: '' });
  });
});
