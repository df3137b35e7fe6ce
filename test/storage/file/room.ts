import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createIds, type Ids } from '../../../src/model/id.ts';
import type { Message } from '../../../src/model/message.ts';
import { logOf } from '../../../src/model/topic.ts';
import type { Disk } from '../../../src/storage/file/disk/disk.ts';
import { type Layout, layoutOf, type Mailbox, mailboxFolders } from '../../../src/storage/file/names/layout.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import { type Store } from '../../../src/storage/port/store.ts';
import { leaseMs, messageOf, policy } from '../contract/rig.ts';
import { scratch } from '../../scratch.ts';
import { createFakeClock, type FakeClock } from '../contract/fake-clock.ts';
import { watchedDisk } from './disks.ts';
import type { Entry } from '../../../src/storage/port/look.ts';
import type { Finding } from '../../../src/storage/port/upkeep.ts';
import type { Outgoing } from '../../../src/storage/port/mail.ts';
import { type State, states } from '../../../src/model/state.ts';
import { newToken } from '../contract/ways.ts';

/** A root on disk and the stores on it, each as a process of its own would have it. */
export interface Room {
  readonly root: string;
  readonly layout: Layout;
  readonly clock: FakeClock;
  readonly ids: Ids;
  readonly warnings: string[];
  readonly names: readonly string[];
  open(disk?: Disk): Promise<Store>;
  at(name: string): Mailbox;
  message(fields?: Partial<Message>): Message;
  outgoing(fields?: Partial<Message>, more?: Partial<Outgoing>): Outgoing;
}

/** Files have the time of the machine, so the clock starts there too. It moves by `advance` alone. */
export function makeRoom(names: readonly string[] = ['ann', 'bob'], startMs = Date.now()): Room {
  const root = scratch();
  const layout = layoutOf(root);
  const clock = createFakeClock(startMs);
  const ids = createIds();
  const warnings: string[] = [];
  for (const dir of [layout.mailboxes, layout.outbox, layout.dedupe]) mkdirSync(dir, { mode: 0o700 });
  writeFileSync(layout.format, '{"format":"dreamos","version":1}\n', { mode: 0o600 });
  for (const name of names) {
    const mailbox = layout.mailbox(name);
    mkdirSync(mailbox.dir, { mode: 0o700 });
    for (const folder of mailboxFolders) mkdirSync(join(mailbox.dir, folder), { mode: 0o700 });
    writeFileSync(mailbox.card, JSON.stringify({ name, createdAt: new Date(startMs).toISOString() }), { mode: 0o600 });
  }
  const message = (fields?: Partial<Message>): Message => messageOf(ids, clock.now(), fields);
  return {
    root,
    layout,
    clock,
    ids,
    warnings,
    names,
    open: (disk = watchedDisk()) =>
      openFileStore(root, { clock, ids, disk, warn: (warning) => void warnings.push(warning) }),
    at: (name) => layout.mailbox(name),
    message,
    outgoing(fields = {}, more = {}) {
      const filled = message(fields);
      return { message: filled, mailboxes: filled.to, ...more };
    },
  };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Where every message is: `bob <id>` -> the states it is found in. More than one state is one too many. */
export async function census(room: Room, store: Store): Promise<Map<string, State[]>> {
  const found = new Map<string, State[]>();
  for (const name of [...room.names, ...(await store.look.listTopics()).map(logOf)]) {
    for (const state of states) {
      for (const { id } of await collect(store.look.list(name, state))) {
        const key = `${name} ${id}`;
        found.set(key, [...(found.get(key) ?? []), state]);
      }
    }
  }
  return found;
}

/** Moves what is due in every mailbox until nothing is left to move. */
export async function recoverAll(room: Room, store: Store): Promise<void> {
  for (const name of room.names) {
    for (let round = 0; (await store.mail.recover(name, policy)).moved > 0; round++) {
      if (round > 1000) throw new Error('The store never finishes recovering.');
    }
  }
}

export async function inspected(store: Store, fix: boolean): Promise<Finding[]> {
  return collect(store.upkeep!.inspect({ fix, policies: new Map(), policy }));
}

/** The only entry of a state. */
export async function only(store: Store, state: State, mailbox = 'bob'): Promise<Entry> {
  const [entry, ...more] = await collect(store.look.list(mailbox, state));
  if (!entry || more.length > 0) throw new Error(`There are ${entry ? more.length + 1 : 0} ${state} entries.`);
  return entry;
}

/** Claims and acks until nothing is ready: the bodies, in order. */
export async function drain(store: Store, mailbox = 'bob'): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const delivery = await store.mail.claim(mailbox, { token: newToken(), leaseMs, policy });
    if (!delivery) return bodies;
    bodies.push(delivery.message.body);
    await store.mail.ack(delivery.receipt, {});
  }
}
