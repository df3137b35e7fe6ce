import { expect, test } from 'vitest';
import { anyBroker, brokersIn } from '../../src/carriers/brokers.ts';
import { CarrierDown, type Connection } from '../../src/carriers/port.ts';

test.each([
  ['amqp://mail@one', ['amqp://mail@one']],
  [
    'amqps://mail@one:5671,two,[::1]:5673/team',
    ['amqps://mail@one:5671/team', 'amqps://mail@two/team', 'amqps://mail@[::1]:5673/team'],
  ],
  ['amqp://a%40b@one,two', ['amqp://a%40b@one', 'amqp://a%40b@two']],
  ['nats://one,two:4223/team', ['nats://one/team', 'nats://two:4223/team']],
  ['tls://mail@one', ['tls://mail@one']],
  ['redis://one', undefined],
  ['amqp://', undefined],
  ['amqp://one,', undefined],
  ['amqp://one,,two/team', undefined],
  ['amqp://one,amqp://two', undefined],
  ['amqp://one:x,two', undefined],
  ['amqp://ann:12/x@one', undefined],
])('%s names brokers: %j', (address, brokers) => {
  expect(brokersIn(address)?.map(String)).toEqual(brokers);
});

const urls = brokersIn('amqp://one,two') ?? [];

test('what has to be done before one can be used is said, whichever it is', async () => {
  const carrier = anyBroker(urls, 1000, async ({ host }) => {
    throw host === 'one' ? new Error('no') : new CarrierDown('not one for mail', { hint: 'make it anew' });
  });
  await expect(carrier.connect(new AbortController().signal)).rejects.toMatchObject({
    message: 'one: no; two: not one for mail',
    hint: 'make it anew',
  });
});

test('who is silent is not waited for by a bridge that is stopped, and is closed where it comes late', async () => {
  const stop = new AbortController();
  let answer: (late: Connection) => void = () => undefined;
  const tried: string[] = [];
  const carrier = anyBroker(urls, 20_000, ({ host }) => {
    tried.push(host);
    return new Promise((resolve) => (answer = resolve));
  });
  const connecting = carrier.connect(stop.signal);
  stop.abort();
  await expect(connecting).rejects.toThrow('the bridge was stopped');
  expect(tried).toEqual(['one']);
  const closed = new Promise<void>((resolve) => {
    answer({ close: async () => resolve() } as Connection);
  });
  await closed;
});
