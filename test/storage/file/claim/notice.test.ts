import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Store } from '../../../../src/storage/port/store.ts';
import { accepted, leaseMs, policy } from '../../contract/rig.ts';
import { newToken } from '../../contract/ways.ts';
import { type DiskCall, diskFailure, Killed, killedAt, watchedDisk } from '../disks.ts';
import { collect, inspected, makeRoom, only, recoverAll, type Room } from '../room.ts';

async function notices(store: Store, mailbox = 'ann'): Promise<string[]> {
  const ids: string[] = [];
  for (const entry of await collect(store.look.list(mailbox, 'ready'))) {
    const message = await store.look.read(entry);
    if (message?.type === 'notice') ids.push(message.replyTo ?? '');
  }
  return ids;
}

async function claimed(room: Room, fields = {}): Promise<{ readonly id: string; readonly receipt: string }> {
  const store = await room.open();
  const outgoing = room.outgoing({ from: 'ann', notify: true, ...fields });
  const { id } = accepted(await store.mail.send([outgoing], { durability: 'relaxed' }));
  const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
  expect(delivery?.message.id).toBe(id);
  return { id, receipt: delivery?.receipt ?? '' };
}

const reject = (store: Store, receipt: string) => store.mail.nack(receipt, { policy, dead: true });

test.for([
  ['who waits or watches', (store: Store) => store.mail.recover('bob', policy)],
  ['who looks for the dead', (store: Store) => store.upkeep!.sweepExpired('bob', { dryRun: false })],
  ['who retries it', async (store: Store) => store.mail.retry(await only(store, 'dead'), {})],
  ['who purges it', async (store: Store) => store.mail.purge(await only(store, 'dead'), {})],
] as const)('killed at any step of a death, %s tells its sender, once', async ([, next]) => {
  let untold = 0;
  for (let n = 1; ; n++) {
    const room = makeRoom();
    const { id, receipt } = await claimed(room);
    const { disk, killed } = killedAt(n);
    const doomed = await room.open(disk);
    await reject(doomed, receipt).catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
    const store = await room.open();
    const dead = (await collect(store.look.list('bob', 'dead'))).length > 0;
    if (dead) {
      if ((await notices(store)).length === 0) untold++;
      await next(store);
      await recoverAll(room, store);
      expect(await notices(store), `killed in front of change ${n}`).toEqual([id]);
    } else expect(await notices(store)).toEqual([]);
    await recoverAll(room, store);
    const another = await room.open();
    await another.upkeep!.sweepExpired('bob', { dryRun: false });
    await recoverAll(room, another);
    expect(await notices(another)).toHaveLength(dead ? 1 : 0);
    if (!killed()) break;
  }
  expect(untold).toBeGreaterThan(0);
});

test('a disk that fails at any call leaves one death and at most one notice, and the next process makes it one', async () => {
  for (let n = 1; n < 200; n++) {
    const room = makeRoom();
    const { id, receipt } = await claimed(room);
    let count = 0;
    const store = await room.open(
      watchedDisk((call) => {
        if (++count === n) throw diskFailure(call);
      }),
    );
    const answer: unknown = await reject(store, receipt).catch((error: unknown) => error);
    const next = await room.open();
    const dead = (await collect(next.look.list('bob', 'dead'))).length;
    // What has failed before the burial was refused, and only then.
    if (answer instanceof Error) expect(answer).toMatchObject({ code: 'DISK_FAILED' });
    else expect(dead).toBe(1);
    expect((await notices(next)).length).toBeLessThanOrEqual(dead);
    await recoverAll(room, next);
    await next.upkeep!.sweepExpired('bob', { dryRun: false });
    expect(await notices(next), `call ${n} fails`).toEqual(dead ? [id] : []);
    if (count < n) return;
  }
  throw new Error('It never came to its end.');
});

test('many that look at once tell it once', async () => {
  const room = makeRoom();
  const { id, receipt } = await claimed(room);
  let buried = false;
  const doomed = watchedDisk(({ method, to = '' }) => {
    if (buried) throw new Killed();
    buried = method === 'rename' && /\/dlq\/k[^/]*\.json$/.test(to) && !to.includes('.reason.json');
  });
  await expect(reject(await room.open(doomed), receipt)).rejects.toBeInstanceOf(Killed);
  const jumpy = (): ReturnType<typeof watchedDisk> =>
    watchedDisk(async () => {
      if (Math.random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
    });
  const stores = await Promise.all(Array.from({ length: 6 }, () => room.open(jumpy())));
  await Promise.all(
    stores.map(async (store, i) => {
      if (i % 2 === 0) await store.mail.recover('bob', policy);
      else await store.upkeep!.sweepExpired('bob', { dryRun: false });
    }),
  );
  await recoverAll(room, stores[0]!);
  expect(await notices(stores[0]!)).toEqual([id]);
  expect(room.warnings).toEqual([]);
});

test('a dead message whose reason file is lost is not told twice', async () => {
  const room = makeRoom();
  const { id, receipt } = await claimed(room);
  await reject(await room.open(), receipt);
  const { dlq } = room.at('bob');
  const reason = readdirSync(dlq).find((name) => name.endsWith('.reason.json')) ?? '';
  expect(JSON.parse(readFileSync(join(dlq, reason), 'utf8'))).toMatchObject({ notice: 'sent' });
  rmSync(join(dlq, reason));
  const store = await room.open();
  await store.upkeep!.sweepExpired('bob', { dryRun: false });
  expect(await notices(store)).toEqual([id]);
  expect(JSON.parse(readFileSync(join(dlq, reason), 'utf8'))).toMatchObject({ notice: 'sent' });
  expect(await inspected(store, false)).not.toContainEqual(expect.objectContaining({ level: 'problem' }));
});

test('a sender that has another name by now is told there', async () => {
  const room = makeRoom(['ann', 'bob']);
  const { id, receipt } = await claimed(room);
  const store = await room.open();
  const known = await store.documents.get('agents/ann');
  const formerNames = [{ name: 'ann', until: new Date(room.clock.now()).toISOString() }];
  await store.documents.rename('ann', 'eve');
  const { version } = (await store.documents.get('agents/eve')) ?? {};
  await store.documents.put('agents/eve', { ...(known?.value as object), name: 'eve', formerNames }, version);
  await reject(await room.open(), receipt);
  expect(await notices(await room.open(), 'eve')).toEqual([id]);
});

test('a file in drop/ asks for it, too', async () => {
  const room = makeRoom();
  writeFileSync(join(room.at('bob').drop, 'a.json'), JSON.stringify({ from: 'ann', body: 'new', notify: true }));
  const store = await room.open();
  await store.mail.recover('bob', policy);
  const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
  await reject(store, delivery?.receipt ?? '');
  expect(await notices(store)).toEqual([delivery?.message.id]);
});

test('a death of which nobody wants to be told asks the disk for nothing more, nor does a claim or an ack', async () => {
  const counted = async (notify: boolean | undefined): Promise<{ take: number; die: number; finish: number }> => {
    const room = makeRoom();
    const calls: DiskCall[] = [];
    const store = await room.open(watchedDisk((call) => void calls.push(call)));
    const send = (): Promise<unknown> =>
      store.mail.send([room.outgoing({ from: 'ann', ...(notify && { notify: true as const }) })], {
        durability: 'full',
      });
    const took = async (work: () => Promise<unknown>): Promise<number> => {
      calls.length = 0;
      await work();
      return calls.length;
    };
    const claim = async (): Promise<string> =>
      (await store.mail.claim('bob', { token: newToken(), leaseMs, policy }))?.receipt ?? '';
    await send();
    await store.mail.ack(await claim(), {});
    let receipt = '';
    await send();
    const take = await took(async () => (receipt = await claim()));
    const finish = await took(() => store.mail.ack(receipt, {}));
    await send();
    receipt = await claim();
    const die = await took(() => reject(store, receipt));
    return { take, finish, die };
  };
  const [plain, notified] = [await counted(undefined), await counted(true)];
  expect(notified).toMatchObject({ take: plain.take, finish: plain.finish });
  expect(notified.die).toBeGreaterThan(plain.die);
});
