import { expect, test } from 'vitest';
import { namesOf } from '../../src/carriers/amqp/queues.ts';

test('the queues of a root are the same however its name is cased', () => {
  expect(namesOf('Host-A', 'HOST-B')).toEqual(namesOf('host-a', 'host-b'));
  expect(namesOf('Host-A', 'b').own).toBe(namesOf('b', 'hOST-a').out);
});
