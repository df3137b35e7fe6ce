// Consumes a mailbox to its end; prints its memory at every hundredth, and what it has seen at the end.
import { open } from '../../dist/index.js';
import { peakMb } from './peak.mjs';

const [root, mailbox, expected] = process.argv.slice(2);
const count = Number(expected);
const mail = await open({ root, env: {} });
// A bit a message, so that the count itself takes no memory to speak of.
const seen = new Uint8Array(Math.ceil(count / 8));
const resident = () => process.memoryUsage.rss() / 2 ** 20;
let consumed = 0;
let different = 0;
for await (const job of mail.consume(mailbox, { waitMs: 0 })) {
  await job.ack();
  const number = Number(job.message.body.slice(0, 8));
  if ((seen[number >> 3] & (1 << (number & 7))) === 0) different++;
  seen[number >> 3] |= 1 << (number & 7);
  if (++consumed % Math.ceil(count / 100) === 0) console.log(JSON.stringify({ consumed, residentMb: resident() }));
}
console.log(JSON.stringify({ end: { consumed, different, peakMb: peakMb() } }));
await mail.close();
