import type { ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import { expect, test, vi } from 'vitest';
import { amqpCarrier, publisher } from '../../src/carriers/amqp/amqp.ts';
import { brokersIn } from '../../src/carriers/brokers.ts';
import { consumeFrom } from '../../src/carriers/amqp/consume.ts';
import { namesOf } from '../../src/carriers/amqp/queues.ts';
import { type Answer, type Parcel } from '../../src/carriers/port.ts';
import { createUnderWay } from '../../src/carriers/under-way.ts';
import { createIds } from '../../src/model/id.ts';
import { freePort } from '../free-port.ts';

test('the queues of a root are the same however its name is cased', () => {
  expect(namesOf('Host-A', 'HOST-B')).toEqual(namesOf('host-a', 'host-b'));
  expect(namesOf('Host-A', 'b').own).toBe(namesOf('b', 'hOST-a').out);
});

test('of several brokers each is tried, and it is said why none does', async () => {
  const [one, two] = [await freePort(), await freePort()];
  const urls = brokersIn(`amqp://127.0.0.1:${one},127.0.0.1:${two}/team`) ?? [];
  const carrier = amqpCarrier({ urls, user: 'guest', password: 'guest', peer: 'b', own: 'a', warn: () => undefined });
  expect(carrier.words).toBe(`amqp://127.0.0.1:${one},127.0.0.1:${two}/team`);
  await expect(carrier.connect(new AbortController().signal)).rejects.toThrow(
    new RegExp(`^127.0.0.1:${one}: .*ECONNREFUSED.*; 127.0.0.1:${two}: .*ECONNREFUSED`),
  );
});

/** A queue that delivers what `deliver` hands it, and has said before that so many wait. */
async function slowQueue(answer: Answer) {
  const names = namesOf('a', 'b');
  const ids = createIds();
  const took: Parcel[] = [];
  let [waiting, asked, acked] = [1, 0, 0];
  let bring: (message: ConsumeMessage) => void = () => undefined;
  const deliver = (): void => {
    waiting = 0;
    const properties = { type: 'dreamos.parcel', messageId: ids.next(Date.now()), headers: { to: 'bob', hops: 1 } };
    bring({ content: Buffer.from('{}'), properties } as unknown as ConsumeMessage);
  };
  const channel = {
    prefetch: async () => undefined,
    consume: async (name: string, callback: typeof bring) => {
      if (name === names.own) bring = callback;
    },
    checkQueue: async (name: string) => {
      asked++;
      return { messageCount: name === names.own ? waiting : 0 };
    },
    ack: () => acked++,
    nack: () => (waiting = 1),
  } as unknown as ConfirmChannel;
  const parcels = async (some: readonly Parcel[]) => {
    took.push(...some);
    return some.map(() => answer);
  };
  const { idle } = await consumeFrom({
    ...{ model: {} as ChannelModel, channel, names, warn: () => undefined, end: () => undefined },
    take: { parcels, returned: async () => false },
  });
  return { idle, deliver, took, asked: () => asked, acked: () => acked };
}

test('nothing more comes once the queue has nothing more, however slowly it delivers', async () => {
  const { idle, deliver, took, asked, acked } = await slowQueue({ is: 'stored' });
  const over = idle();
  // It has been silent for as long as it takes to be asked, and says that there is more.
  while (asked() < 4) await new Promise((resolve) => setTimeout(resolve, 20));
  deliver();
  await over;
  expect(took).toHaveLength(1);
  expect(acked()).toBe(1);
});

test('what was given back, which comes at once again, is not waited for', async () => {
  const { idle, deliver, took } = await slowQueue({ is: 'later', code: 'DISK_FAILED', reason: 'full' });
  deliver();
  await idle();
  expect(took).toHaveLength(1);
});

test('a broker that has only refused for ten seconds is connected to anew', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  let isFull = true;
  const ends: string[] = [];
  const publish = (...[, , , , done]: unknown[]): boolean => {
    (done as (error: Error | null) => void)(isFull ? new Error('message nacked') : null);
    return true;
  };
  const channel = { on: () => channel, publish } as unknown as Pick<ConfirmChannel, 'on' | 'publish'>;
  const underWay = createUnderWay<Answer>(60_000, () => undefined);
  const send = publisher(channel, namesOf('a', 'b'), underWay, (why) => void ends.push(why));
  const parcel = { id: createIds().next(Date.now()), to: 'bob', hops: 1, bytes: Buffer.from('{}') };
  const after = async (ms: number): Promise<Answer['is']> => {
    vi.advanceTimersByTime(ms);
    return (await send(parcel)).is;
  };
  expect([await after(0), await after(9000)]).toEqual(['later', 'later']);
  isFull = false;
  expect(await after(2000)).toBe('stored');
  isFull = true;
  expect([await after(0), await after(9000), ends]).toEqual(['later', 'later', []]);
  expect([await after(1000), ends]).toEqual(['later', ['the broker takes no more for dreamos.b']]);
});
