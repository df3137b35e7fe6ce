// Sends one message after the other through the library and prints each id once its send has returned.
// Input: root, from, to, count, paddingBytes
import { open } from 'dreamos';

const { root, from, to, count, paddingBytes = 0 } = JSON.parse(process.argv[2]);
const dreamos = await open({ root, as: from });
for (let n = 0; n < count; n++) {
  const { id } = await dreamos.send({ to, body: `${from} ${n} ${'x'.repeat(paddingBytes)}` });
  process.stdout.write(`${id}\n`);
}
await dreamos.close();
