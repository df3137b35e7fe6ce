// Sends, reads and acks in several mailboxes through the library, `count` messages each, with a short rest in between.
// Input: root, mailboxes, count, restMs
import { open } from 'dreamos';

const { root, mailboxes, count, restMs } = JSON.parse(process.argv[2]);
const dreamos = await open({ root, as: 'planner' });
for (let n = 0; n < count; n++) {
  for (const to of mailboxes) {
    await dreamos.send({ to, body: `${n}`, subject: `number ${n}` });
    const delivery = await dreamos.read(to);
    await dreamos.ack(delivery.receipt);
  }
  await new Promise((resolve) => {
    setTimeout(resolve, restMs);
  });
}
await dreamos.close();
