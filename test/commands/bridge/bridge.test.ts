import { expect, test } from 'vitest';
import { createRig } from '../rig.ts';

test.each([
  ['bridge b --via tcp://host-b --key k', 'names no host and port'],
  ['bridge b --via tcp://host-b:1', 'tcp:// needs a file of them'],
  ['bridge b --via tcp://host-b:1 --key k --name a', '--name is for brokers'],
  ['bridge b --via cat --key k', '--key is for tcp:// alone'],
  ['bridge b --via amqp://host-b --key k', '--key is for tcp:// alone'],
  ['bridge b --via nats://host-b --key k', '--key is for tcp:// alone'],
  ['bridge b --via nats://host-b', 'A broker has to know what the other roots call this one'],
  ['bridge b --via nats://host-b,', 'names no broker'],
  ['bridge b --via nats://host-b/a.b --name a', 'cannot be the name of a stream'],
  ['bridge b --via tls://ann:secret@host-b --name a', 'A password in an address'],
  ['receive --listen tcp://host-b', 'names no host and port'],
  ['receive --listen tcp://host-b:1', '--listen needs a file of them'],
  ['bridge b --via tcp://*:1 --key k', 'nobody can connect to all addresses'],
  ["listen x --at b --key k --via 'ssh b dreamos receive' --as ann", 'by tcp:// alone'],
  ['listen x --at b --key k --via tcp://host-b:99999 --as ann', '99999 is no port: the highest is 65535'],
  ['receive --key k', '--key is for --listen'],
])('%s is refused as it is typed', async (words, reason) => {
  const refused = await (await createRig()).dreamos(words);
  expect(refused).toMatchObject({ code: 2, out: '' });
  expect(refused.err).toContain(reason);
});
