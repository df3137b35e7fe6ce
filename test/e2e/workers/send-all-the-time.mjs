// Sends as fast as it can until a moment, and until it is refused one, and prints how much was sent and how much was LIMITED.
// Input: root, from, to, until (milliseconds since 1970)
import { open } from 'dreamos';

const { root, from, to, until } = JSON.parse(process.argv[2]);
const dreamos = await open({ root, as: from });
let sent = 0;
let limited = 0;
while (Date.now() < until || limited === 0) {
  try {
    await dreamos.send({ to, body: 'x', durability: 'relaxed' });
    sent++;
  } catch (error) {
    if (error.code !== 'LIMITED') throw error;
    limited++;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
await dreamos.close();
process.stdout.write(`${JSON.stringify({ sent, limited })}\n`);
