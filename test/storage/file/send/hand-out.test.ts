import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { DreamosError } from '../../../../src/model/errors.ts';
import { nodeDisk } from '../../../../src/storage/file/disk/node-disk.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { leaseMs, policy } from '../../contract/rig.ts';
import { newToken } from '../../contract/ways.ts';
import { makeRoom } from '../room.ts';

const names = Array.from({ length: 600 }, (_, i) => `bot${String(i).padStart(3, '0')}`);
const [broken = ''] = names;
const late = names.slice(400);

let room: ReturnType<typeof makeRoom>;
beforeEach(() => {
  room = makeRoom(['ann', ...names]);
});

/** Sends one after the other, commits them, and dies before it hands out any. */
async function diesAfter(...sends: readonly { readonly body: string; readonly to: string[] }[]): Promise<void> {
  const disk = nodeDisk();
  const store = await room.open({
    ...disk,
    rename(from, to) {
      if (from.startsWith(`${room.layout.outbox}/`) && !to.startsWith(room.layout.outbox))
        throw new DreamosError('disk', 'DISK_FAILED', 'The sender died.');
      return disk.rename(from, to);
    },
  });
  for (const { body, to } of sends) {
    await store.mail.send([room.outgoing({ to, body }, { mailboxes: to })], { durability: 'full' });
    room.clock.advance(5);
  }
}

async function take(store: Store, name: string, most = 300): Promise<string[]> {
  const bodies: string[] = [];
  for (; bodies.length < most;) {
    const delivery = await store.mail.claim(name, { token: newToken(), leaseMs, policy });
    if (!delivery) break;
    bodies.push(delivery.message.body);
  }
  return bodies;
}

/** So that what comes first to it fills a bucket, and what comes next opens one. */
async function fillBucketOf(name: string): Promise<void> {
  const store = await room.open();
  for (let i = 0; i < 255; i++)
    await store.mail.send([room.outgoing({ to: [name], body: 'before' }, { mailboxes: [name] })], {
      durability: 'relaxed',
    });
}

function linksLeft(): number {
  const folders = readdirSync(room.layout.outbox).map((folder) => readdirSync(`${room.layout.outbox}/${folder}`));
  return folders.flat().filter((name) => name.includes(':')).length;
}

test('what a dead sender left for hundreds is handed out a part at a time, and to whoever looks first', async () => {
  await diesAfter({ body: 'x', to: names });
  const store = await room.open();
  const { moved, nextAt } = await store.mail.recover('bot599', policy);
  // There is more to be done, at once.
  expect({ moved, nextAt }).toEqual({ moved: 1, nextAt: room.clock.now() });
  expect(linksLeft()).toBe(600 - 256);
  expect(await take(store, 'bot599')).toEqual(['x']);
  await store.mail.recover('bot000', policy);
  await store.mail.recover('bot000', policy);
  expect(readdirSync(room.layout.outbox)).toEqual([]);
  for (const name of names.slice(0, 599)) expect(await take(store, name)).toEqual(['x']);
});

test.each(['one mailbox in disorder', 'two processes at once'])(
  'what was handed out a part at a time keeps its order: %s',
  async (what) => {
    await fillBucketOf('bot500');
    await diesAfter({ body: 'first', to: names }, { body: 'second', to: late });
    const disk = nodeDisk();
    const other = await room.open();
    let once = what === 'two processes at once';
    const store = await room.open({
      ...disk,
      async list(dir, options) {
        const listed = await disk.list(dir, options);
        if (once && dir.startsWith(`${room.layout.outbox}/`)) {
          once = false;
          await other.mail.recover('bot001', policy);
        }
        return listed;
      },
    });
    if (what === 'one mailbox in disorder') {
      rmSync(room.at(broken).dir, { recursive: true });
      writeFileSync(room.at(broken).dir, '');
    }
    await store.mail.recover('bot599', policy);
    expect((await take(store, 'bot500')).filter((body) => body !== 'before')).toEqual(['first', 'second']);
  },
);

test('what a sender sends after its predecessor has died comes behind what that one has left in outbox/', async () => {
  await fillBucketOf('bot500');
  await diesAfter({ body: 'first', to: names });
  await (await room.open()).mail.recover('bot599', policy);
  const successor = await room.open();
  const to = ['bot500'];
  await successor.mail.send([room.outgoing({ to, body: 'second' }, { mailboxes: to })], { durability: 'full' });
  expect((await take(await room.open(), 'bot500')).filter((body) => body !== 'before')).toEqual(['first', 'second']);
});

test('names that are no links do not use up what one look hands out', async () => {
  await diesAfter({ body: 'x', to: names });
  const [folder = ''] = readdirSync(room.layout.outbox);
  for (let i = 0; i < 300; i++) writeFileSync(`${room.layout.outbox}/${folder}/AAA${i}`, '');
  const store = await room.open();
  for (let i = 0; i < 3; i++) await store.mail.recover('bot599', policy);
  expect(linksLeft()).toBe(0);
});

test('of links that cannot be moved a look tries a few, and the next one tries others first', async () => {
  const closed = new Set(names.slice(0, 400));
  await diesAfter({ body: 'to all', to: names });
  const disk = nodeDisk();
  const failed: string[] = [];
  const store = await room.open({
    ...disk,
    rename(from, to) {
      const [, name = ''] = /\/agent_mailboxes\/([^/]+)\/ready/.exec(to) ?? [];
      if (!from.startsWith(room.layout.outbox) || !closed.has(name)) return disk.rename(from, to);
      failed.push(name);
      throw new DreamosError('disk', 'DISK_FAILED', `${name} is in disorder.`);
    },
  });
  for (let look = 1; look <= 26; look++) {
    expect(await store.mail.recover('ann', policy)).toEqual({ moved: 0 });
    expect(failed).toHaveLength(look * 32);
  }
  // In their order, and then again from the first on.
  const inOrder = [...closed];
  expect(failed).toEqual([...inOrder, ...inOrder, ...inOrder].slice(0, 26 * 32));
  expect(linksLeft()).toBe(400);
  // Its own comes to who looks, whatever failed before.
  closed.delete('bot399');
  expect(await take(store, 'bot399')).toEqual(['to all']);
});
