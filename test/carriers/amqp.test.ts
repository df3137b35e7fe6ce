import { expect, test } from 'vitest';
import { amqpCarrier } from '../../src/carriers/amqp/amqp.ts';
import { brokersIn } from '../../src/carriers/brokers.ts';
import { namesOf } from '../../src/carriers/amqp/queues.ts';
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
