import { expect, test } from 'vitest';
import { brokersIn } from '../../src/carriers/brokers.ts';

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
