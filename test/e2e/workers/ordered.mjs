// Consumes mail with ordering keys through the library until SIGTERM, and gives some of it back. What it holds is in its log
// before it does anything with it, and before it lets it go.
// Input: root, mailbox, log, leaseMs, workMs (at most)
import { appendFileSync } from 'node:fs';
import { DreamosError, open } from 'dreamos';

const { root, mailbox, log, leaseMs, workMs } = JSON.parse(process.argv[2]);
const tell = (line) => appendFileSync(log, `${JSON.stringify({ at: Date.now(), ...line })}\n`);
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

const dreamos = await open({ root, as: mailbox });
for await (const job of dreamos.consume(mailbox, { leaseMs, signal: stop.signal })) {
  const { receipt, leaseUntil, message } = job;
  tell({ claimed: receipt, key: message.orderingKey, leaseUntil });
  await new Promise((resolve) => {
    setTimeout(resolve, Math.random() * workMs);
  });
  tell({ settling: receipt });
  const luck = Math.random();
  try {
    if (luck < 0.02) await job.nack({ dead: true });
    else if (luck < 0.2) await job.nack({ delayMs: luck < 0.1 ? 0 : 100 });
    else await job.ack();
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'LEASE_LOST') throw error;
  }
}
await dreamos.close();
