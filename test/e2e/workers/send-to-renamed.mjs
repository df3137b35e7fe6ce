// Sends, and reads and acks, by names of which one is somebody's at a time, until SIGTERM. Prints each id once its send
// has returned, and the code of each error that is not about a name that nobody has.
// Input: root, from, names, topic, reads
import { open } from 'dreamos';

const { root, from, names, topic, reads } = JSON.parse(process.argv[2]);
const dreamos = await open({ root, as: from });
let over = false;
process.on('SIGTERM', () => (over = true));
const say = (line) => process.stdout.write(`${line}\n`);

async function once(name, n) {
  if (reads) {
    const job = await dreamos.read(name);
    if (job) await dreamos.ack(job.receipt);
    return;
  }
  const body = `${from} ${n}`;
  const kind = n % 4;
  const to = kind === 1 ? [name, 'planner'] : name;
  const { id } = kind === 3 ? await dreamos.publish(topic, { body }) : await dreamos.send({ to, body });
  say(id);
}

for (let n = 0; !over; n++) {
  try {
    await once(names[n % names.length], n);
  } catch (error) {
    if (error.code !== 'AGENT_NOT_FOUND') say(`${error.code}: ${error.message}`);
  }
  await new Promise(setImmediate);
}
await dreamos.close();
