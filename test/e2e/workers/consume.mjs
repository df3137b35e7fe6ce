// Reads and acks through the library until SIGTERM. What it has claimed and how each ack went is appended to its log
// before it goes on, so that it is known after a SIGKILL, too.
// Input: root, mailbox, log, leaseMs, workMs (at most), dawdleShare and dawdleMs (how often it is too slow, and for how long)
import { appendFileSync } from 'node:fs';
import { DreamosError, open } from 'dreamos';

const { root, mailbox, log, leaseMs, workMs = 0, dawdleShare = 0, dawdleMs = 0 } = JSON.parse(process.argv[2]);
const tell = (line) => appendFileSync(log, `${JSON.stringify(line)}\n`);
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

const dreamos = await open({ root, as: mailbox });
for await (const job of dreamos.consume(mailbox, { leaseMs, signal: stop.signal })) {
  const { receipt, attempt, leaseUntil, message } = job;
  tell({ claimed: message.id, receipt, attempt, leaseUntil, body: message.body });
  if (Math.random() < dawdleShare) await pause(dawdleMs);
  else if (workMs > 0) await pause(Math.random() * workMs);
  try {
    await job.ack();
    tell({ acked: receipt });
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    tell({ refused: receipt, code: error.code });
  }
}
await dreamos.close();

function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
