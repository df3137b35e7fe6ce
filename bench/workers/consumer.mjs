// One of many: says when it is ready, begins when it is told to, and reports what it got.
import { once } from 'node:events';
import { open } from '../../dist/index.js';

const [root, mailbox, warmUp] = process.argv.slice(2);
const mail = await open({ root, env: {} });
if (warmUp) for await (const job of mail.consume(warmUp, { waitMs: 0 })) await job.ack();
console.log('ready');
await once(process.stdin, 'data');
const numbers = [];
// Begun without messages, it has taken part all the same.
let endedAt = 0;
for await (const job of mail.consume(mailbox, { waitMs: 0 })) {
  await job.ack();
  numbers.push(Number(job.message.body.slice(0, 8)));
  endedAt = performance.timeOrigin + performance.now();
}
console.log(JSON.stringify({ numbers, endedAt }));
await mail.close();
