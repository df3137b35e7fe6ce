import { describe, expect, test } from 'vitest';
import type { Answer } from '../../../src/carriers/port.ts';
import { registerAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import { createReceiver } from '../../../src/core/bridge/receive.ts';
import { ackClaim } from '../../../src/core/take/settle.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { exactly } from '../../../src/model/basics/raw-json.ts';
import { seal } from '../../../src/model/message.ts';
import { must } from '../rig.ts';
import { createWorld, parcelOf, type World } from './rig.ts';
import { resealed } from '../../model/resealed.ts';

const again = { is: 'stored', again: true };

async function twoRoots(): Promise<{
  a: World;
  b: World;
  take: (...parcels: ReturnType<typeof parcelOf>[]) => Promise<Answer[]>;
}> {
  const [a, b] = [await createWorld('b'), await createWorld()];
  const receiver = createReceiver(b.root);
  return { a, b, take: (...parcels) => receiver.take(parcels) };
}

test('what is brought is there byte for byte, and once, however often it is brought', async () => {
  const { a, b, take } = await twoRoots();
  const message = await a.send({
    subject: 'x',
    body: 'ä\n"',
    data: { n: 1 },
    dedupeKey: 'k',
    tags: ['t'],
    priority: 'high',
  });
  expect(await take(parcelOf(message))).toEqual([{ is: 'stored' }]);
  expect(await take(parcelOf(message), parcelOf(message))).toEqual([again, again]);
  const [entry] = await b.entries('bob', 'ready');
  expect(seal(must(await b.root.store.look.read(must(entry)))).toString()).toBe(seal(message).toString());
  expect(await b.bodies('bob')).toHaveLength(1);
});

test('it is known after it was acked, deleted for good, and by another process', async () => {
  const { a, b, take } = await twoRoots();
  const [acked, purged] = [await a.send({}), await a.send({})];
  await take(parcelOf(acked), parcelOf(purged));
  await ackClaim(b.root, must(await readNext(b.root, 'bob')).receipt, 'bob');
  b.mail.mailboxes.get('bob')?.delete(purged.id);
  expect(await take(parcelOf(acked), parcelOf(purged))).toEqual([again, again]);
  const other = createReceiver(b.as(undefined));
  // The first one has not ended: what its document does not say yet is looked for.
  expect(await other.take([parcelOf(acked)])).toEqual([again]);
  expect(await b.bodies('bob')).toEqual([]);
  expect(await take(parcelOf(await a.send({ body: 'new' })))).toEqual([{ is: 'stored' }]);
  expect(await other.take([parcelOf(acked)])).toEqual([again]);
});

test('it is known in whichever document it stands, however many came since', async () => {
  const { a, b, take } = await twoRoots();
  const other = createReceiver(b.as(undefined));
  const first: ReturnType<typeof parcelOf>[] = [];
  for (let page = 0; page < 6; page++) {
    const some = await Promise.all(Array.from({ length: 257 }, async () => parcelOf(await a.send({}))));
    expect(new Set((await take(...some)).map(({ is }) => is))).toEqual(new Set(['stored']));
    first.push(must(some[0]));
    // Only the documents say that they came.
    b.mail.mailboxes.get('bob')?.clear();
    expect(await take(...first)).toEqual(first.map(() => again));
    if (page % 2 === 0) expect(await other.take(first.slice(0, -1))).toEqual(first.slice(1).map(() => again));
  }
  expect((await b.root.store.documents.list('received')).length).toBeGreaterThan(4);
});

test('what one was not sure of is known as stored once he says so, also in a document that was not among the last any more', async () => {
  const { a, b } = await twoRoots();
  const some = async () => Promise.all(Array.from({ length: 257 }, async () => parcelOf(await a.send({}))));
  const [first, second, late] = [1, 2, 3].map(() => createReceiver(b.as(undefined)));
  const [one, other, ...more] = await some();
  await must(first).take([must(one), must(other), ...more]);
  for (let page = 0; page < 2; page++) await must(second).take(await some());
  expect(await must(late).take([must(one)])).toEqual([again]);
  await must(first).close();
  b.mail.mailboxes.get('bob')?.clear();
  expect(await must(late).take([must(other)])).toEqual([again]);
});

test('its bytes are those that it had there, also where nobody here would write them so', async () => {
  const { a, b, take } = await twoRoots();
  const parcel = parcelOf(await a.send({}));
  const bytes = resealed(`{ ${Buffer.from(parcel.bytes).toString().slice(1)}`);
  expect(await take({ ...parcel, bytes })).toEqual([{ is: 'stored' }]);
  expect(b.mail.mailboxes.get('bob')?.get(parcel.id)?.bytes.toString()).toBe(bytes.toString());
});

test('one that was about to be stored when its process died is stored by the next one, if it is not there', async () => {
  const { a, b } = await twoRoots();
  const [there, lost] = [await a.send({ body: 'there' }), await a.send({ body: 'lost' })];
  const dies = createReceiver(b.root);
  const { send } = b.root.store.mail;
  // As if it were killed between the two: the second never comes to the disk, and what is done is not written down.
  b.root.store.mail.send = async (outgoing, how) => {
    await send(outgoing.slice(0, 1), how);
    return new Promise(() => undefined);
  };
  b.root.store.documents.withLock = async (_, work) => work({ isHeld: () => true });
  void dies.take([parcelOf(there), parcelOf(lost)]);
  while ((await b.bodies('bob')).length === 0);
  const next = createReceiver(b.as(undefined));
  expect(await next.take([parcelOf(there), parcelOf(lost)])).toEqual([again, { is: 'stored' }]);
  expect(await b.bodies('bob')).toEqual(['there', 'lost']);
});

test('what could be on disk or not is looked for when it comes again', async () => {
  const { a, b, take } = await twoRoots();
  const message = await a.send({});
  const { send } = b.root.store.mail;
  b.root.store.mail.send = async (outgoing, how) => {
    await send(outgoing, how);
    b.root.store.mail.send = send;
    const { DreamosError } = await import('../../../src/model/errors.ts');
    return [new DreamosError('disk', 'SEND_UNCERTAIN', 'It may be there.')];
  };
  expect(await take(parcelOf(message))).toMatchObject([{ is: 'later', code: 'SEND_UNCERTAIN' }]);
  expect(await take(parcelOf(message))).toEqual([again]);
});

test('another message under an id that came before is refused, by whomever it is taken', async () => {
  const { a, b, take } = await twoRoots();
  const message = await a.send({ body: 'hers' });
  const forged = { ...message, body: 'not hers' };
  expect(await take(parcelOf(forged))).toEqual([{ is: 'stored' }]);
  expect(await take(parcelOf(message), parcelOf(forged))).toMatchObject([
    { is: 'refused', code: 'ALREADY_EXISTS' },
    again,
  ]);
  expect(await createReceiver(b.as(undefined)).take([parcelOf(message)])).toMatchObject([
    { is: 'refused', code: 'ALREADY_EXISTS' },
  ]);
  expect(await b.bodies('bob')).toEqual(['not hers']);
  const second = await a.send({});
  expect(await take(parcelOf(second), parcelOf({ ...second, body: 'x' }, { hops: 3 }))).toMatchObject([
    { is: 'stored' },
    { is: 'refused', code: 'ALREADY_EXISTS' },
  ]);
});

test('one message for two mailboxes is in both', async () => {
  const { a, b, take } = await twoRoots();
  const message = await a.send({ to: ['bob', 'reviewer'] });
  const both = [parcelOf(message), parcelOf(message, { to: 'reviewer' })];
  expect(await take(...both)).toEqual([{ is: 'stored' }, { is: 'stored' }]);
  expect(await take(...both)).toEqual([again, again]);
  expect([await b.bodies('bob'), await b.bodies('reviewer')]).toEqual([['hello'], ['hello']]);
});

test('the same dedupe key here means another message', async () => {
  const { a, b, take } = await twoRoots();
  await b.send({ body: 'sent here', dedupeKey: 'k' });
  expect(await take(parcelOf(await a.send({ body: 'sent there', dedupeKey: 'k' })))).toEqual([{ is: 'stored' }]);
  expect(await b.bodies('bob')).toEqual(['sent here', 'sent there']);
});

describe('what is refused, and why', () => {
  test('nobody is called so, or has retired', async () => {
    const { a, b, take } = await twoRoots();
    const message = await a.send({});
    expect(await take(parcelOf(message, { to: 'nobody' }))).toMatchObject([{ is: 'refused', code: 'AGENT_NOT_FOUND' }]);
    await retireAgent(b.root, 'bob');
    expect(await take(parcelOf(message))).toMatchObject([{ is: 'refused', code: 'AGENT_RETIRED' }]);
  });

  test('data counts as it was written', async () => {
    const { a, b, take } = await twoRoots();
    await registerAgent(b.root, { name: 'bob', settings: { maxMessageBytes: 1024 } });
    const written = `{"n":1.${'0'.repeat(1100)}}`;
    const large = await a.send({ data: exactly(written, JSON.parse(written)) });
    expect(await take(parcelOf(large))).toMatchObject([{ is: 'refused', code: 'MESSAGE_TOO_LARGE' }]);
  });

  test('a full mailbox and a message that is too large; once there is room it is taken', async () => {
    const { a, b, take } = await twoRoots();
    await registerAgent(b.root, { name: 'bob', settings: { maxMessages: 1, maxMessageBytes: 1024 } });
    const [first, second] = [await a.send({}), await a.send({})];
    const large = await a.send({ body: 'x'.repeat(1025) });
    expect(await take(parcelOf(first), parcelOf(second), parcelOf(large))).toMatchObject([
      { is: 'stored' },
      { is: 'refused', code: 'MAILBOX_FULL' },
      { is: 'refused', code: 'MESSAGE_TOO_LARGE' },
    ]);
    await ackClaim(b.root, must(await readNext(b.root, 'bob')).receipt, 'bob');
    expect(await take(parcelOf(second))).toEqual([{ is: 'stored' }]);
    expect((await b.root.store.look.counts('bob')).refused).toMatchObject({ count: 2 });
  });

  test('spoilt bytes, another id, a task', async () => {
    const { a, take } = await twoRoots();
    const message = await a.send({});
    const spoilt = Buffer.from(seal(message));
    spoilt[20]! ^= 1;
    const other = await a.send({});
    const task = seal({ ...message, task: {} });
    expect(
      await take(
        { ...parcelOf(message), bytes: spoilt },
        { ...parcelOf(message), id: other.id },
        { ...parcelOf(message), bytes: task },
      ),
    ).toMatchObject([{ code: 'CORRUPT' }, { code: 'MESSAGE_INVALID' }, { code: 'NOT_CARRIED' }]);
  });

  test('a policy is asked as if its sender sent it here', async () => {
    const { a, b, take } = await twoRoots();
    const policy = { roles: { planners: { allow: { send: ['reviewer'] } } }, agents: { planner: ['planners'] } };
    await b.root.store.documents.put('policy', policy, undefined);
    const message = await a.send({ to: ['bob', 'reviewer'] });
    expect(await take(parcelOf(message), parcelOf(message, { to: 'reviewer' }))).toMatchObject([
      { is: 'refused', code: 'FORBIDDEN' },
      { is: 'stored' },
    ]);
  });

  test('a disk that fails refuses nothing: it is for later', async () => {
    const { a, b, take } = await twoRoots();
    const { DreamosError } = await import('../../../src/model/errors.ts');
    const { put } = b.root.store.documents;
    b.root.store.documents.put = async () => {
      throw new DreamosError('disk', 'DISK_FAILED', 'The disk is full.');
    };
    const message = await a.send({});
    expect(await take(parcelOf(message))).toEqual([{ is: 'later', code: 'DISK_FAILED', reason: 'The disk is full.' }]);
    b.root.store.documents.put = put;
    expect(await take(parcelOf(message))).toEqual([{ is: 'stored' }]);
  });

  test('nor does a root that is moved, or that is gone with its agents', async () => {
    const { a, b, take } = await twoRoots();
    const { DreamosError } = await import('../../../src/model/errors.ts');
    const { getAgent } = b.root.store.documents;
    const message = await a.send({});
    b.root.store.documents.getAgent = async () => {
      throw new DreamosError('conflict', 'ROOT_MOVED', 'It was moved.');
    };
    expect(await take(parcelOf(message))).toEqual([{ is: 'later', code: 'ROOT_MOVED', reason: 'It was moved.' }]);
    b.root.store.documents.getAgent = async () => undefined;
    b.root.store.documents.listAgents = async () => [];
    b.root.store.isThere = async () => false;
    expect(await take(parcelOf(message))).toMatchObject([{ is: 'later', code: 'ROOT_NOT_FOUND' }]);
    b.root.store.isThere = async () => {
      throw new DreamosError('conflict', 'ROOT_MOVED', 'It was moved.');
    };
    expect(await take(parcelOf(message))).toMatchObject([{ is: 'later', code: 'ROOT_MOVED' }]);
    b.root.store.isThere = async () => true;
    expect(await take(parcelOf(message))).toMatchObject([{ is: 'refused', code: 'AGENT_NOT_FOUND' }]);
    b.root.store.documents.getAgent = getAgent;
    expect(await take(parcelOf(message))).toEqual([{ is: 'stored' }]);
  });
});

describe('hops', () => {
  test('a message that comes back to the root in which it was sent is in a loop', async () => {
    const { a } = await twoRoots();
    const back = createReceiver(a.root);
    const message = await a.send({});
    expect(await back.take([parcelOf(message, { hops: 2 })])).toMatchObject([{ is: 'refused', code: 'LOOP' }]);
  });

  test('one that came by a bridge and comes again from further away is in a loop; the same way again it is known', async () => {
    const { a, take } = await twoRoots();
    const message = await a.send({});
    expect(await take(parcelOf(message, { hops: 2 }))).toEqual([{ is: 'stored' }]);
    expect(await take(parcelOf(message, { hops: 4 }))).toMatchObject([{ is: 'refused', code: 'LOOP' }]);
    expect(await take(parcelOf(message, { hops: 2 }))).toEqual([again]);
  });

  test('after eight roots it goes no further', async () => {
    const { a, take } = await twoRoots();
    const message = await a.send({});
    expect(await take(parcelOf(message, { hops: 9 }))).toMatchObject([{ is: 'refused', code: 'TOO_MANY_HOPS' }]);
    expect(await take(parcelOf(message, { hops: 8 }))).toEqual([{ is: 'stored' }]);
  });
});

test('what came is forgotten after 90 days, and is known as long as it lies in its mailbox', async () => {
  const { a, b, take } = await twoRoots();
  const day = 24 * 3_600_000;
  const old = await a.send({});
  await take(parcelOf(old));
  for (let i = 0; i < 6; i++) {
    b.clock.advance(40 * day);
    a.clock.advance(40 * day);
    // A full document makes a new one, which is when the old ones are looked at.
    await take(
      ...(await Promise.all(Array.from({ length: 257 }, () => a.send({})))).map((message) => parcelOf(message)),
    );
  }
  const names = await b.root.store.documents.list('received');
  expect(names.length).toBeLessThan(6);
  expect(await createReceiver(b.as(undefined)).take([parcelOf(old)])).toEqual([again]);
  b.mail.mailboxes.get('bob')?.delete(old.id);
  expect(await createReceiver(b.as(undefined)).take([parcelOf(old)])).toEqual([{ is: 'stored' }]);
});
