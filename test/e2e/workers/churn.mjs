// Sends, claims, acks, gives back, retries and restores at random until SIGTERM. A diary line says what was acknowledged, and
// when it was; of a restore, that it is about to begin.
// Input: root, as, mailboxes, log
import { appendFileSync } from 'node:fs';
import { DreamosError, open } from 'dreamos';

const { root, as, mailboxes, log } = JSON.parse(process.argv[2]);
const tell = (line) => appendFileSync(log, `${JSON.stringify({ at: Date.now(), ...line })}\n`);
let stopped = false;
process.on('SIGTERM', () => (stopped = true));
const oneOf = (list) => list[Math.floor(Math.random() * list.length)];

const dreamos = await open({ root, as });
const send = async () => {
  const to = Math.random() < 0.3 ? mailboxes : [oneOf(mailboxes)];
  const delay = Math.random() < 0.2 ? { delayMs: 50 } : {};
  const key = Math.random() < 0.2 ? { dedupeKey: `${as} ${Math.random()}` } : {};
  const { id } = await dreamos.send({ to, body: `from ${as}`, ...delay, ...key });
  tell({ sent: id, to });
};
const publish = async () => {
  const { id } = await dreamos.publish('news', { body: `from ${as}` });
  tell({ sent: id, to: mailboxes });
};
const take = async () => {
  const mailbox = oneOf(mailboxes);
  const delivery = await dreamos.read(mailbox, { leaseMs: oneOf([300, 3_600_000]) });
  if (!delivery) {
    await send();
    return;
  }
  const luck = Math.random();
  if (luck < 0.4) {
    await dreamos.ack(delivery.receipt);
    tell({ acked: delivery.message.id, mailbox });
  } else if (luck < 0.6) await dreamos.nack(delivery.receipt, { delayMs: 0, free: true });
  else if (luck < 0.8) await dreamos.nack(delivery.receipt, { delayMs: 30, free: true });
  else if (luck < 0.9) await dreamos.nack(delivery.receipt, { dead: true });
};
const retry = async () => {
  const mailbox = oneOf(mailboxes);
  for await (const { id } of dreamos.dlq.list(mailbox)) {
    await dreamos.dlq.retry(mailbox, [id]);
    return;
  }
};
const restore = async () => {
  const mailbox = oneOf(mailboxes);
  for await (const { id } of dreamos.archive.list(mailbox, { limit: 1 })) {
    tell({ restoring: id, mailbox });
    await dreamos.archive.restore(mailbox, id);
  }
};
const works = [send, send, send, publish, take, take, take, take, take, retry, restore];
while (!stopped) {
  try {
    await oneOf(works)();
  } catch (error) {
    // Another one was faster.
    if (!(error instanceof DreamosError)) throw error;
  }
}
await dreamos.close();
