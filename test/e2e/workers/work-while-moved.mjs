// Sends under keys of its own, or reads and acks, until SIGTERM; where the root is moved it opens it again and goes on with what it
// was at, as a program does that has to know. Prints `sent <n>` once a send has returned, `acked <n>` once an ack has.
// Input: root, from, to, reads
import { open } from 'dreamos';

const { root, from, to, reads } = JSON.parse(process.argv[2]);
let over = false;
process.on('SIGTERM', () => (over = true));
const say = (line) => process.stdout.write(`${line}\n`);
const moved = new Set(['ROOT_MOVED', 'ROOT_NOT_FOUND']);
let dreamos;

/** Until it is done, in whatever place the root is. */
async function surely(work) {
  for (;;) {
    try {
      dreamos ??= await open({ root, as: from });
      return await work(dreamos);
    } catch (error) {
      if (!moved.has(error.code)) throw error;
      await dreamos?.close();
      dreamos = undefined;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

for (let n = 0; !over; n++) {
  try {
    if (reads) {
      const job = await surely((mail) => mail.read(to, { leaseMs: 600_000 }));
      if (job)
        await surely((mail) => mail.ack(job.receipt)).catch((error) => {
          // The ack was done, and its answer was cut off.
          if (error.code !== 'ALREADY_SETTLED') throw error;
        });
      if (job) say(`acked ${job.message.body}`);
    } else {
      const body = `${from} ${n}`;
      await surely((mail) => mail.send({ to: n % 3 === 0 ? [to, 'planner'] : to, body, dedupeKey: body }));
      say(`sent ${body}`);
    }
  } catch (error) {
    say(`failed ${error.code}: ${error.message}`);
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
}
await dreamos?.close();
