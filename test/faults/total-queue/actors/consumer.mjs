// Claims until SIGTERM and settles in every way; some are too slow for their lease, some forget what they hold.
// Input: root, name, mailboxes, diary, leaseMs
import { argv } from 'node:process';
import { DreamosError, open } from 'dreamos';
import { openDiary, pause, pick, steadyMs, sumOf } from './diary.mjs';

const { root, name, mailboxes, diary: path, leaseMs } = JSON.parse(argv[2]);
const diary = openDiary(path);
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

const dreamos = await open({ root, as: name, warn: () => undefined });
process.stdout.write('working\n');
while (!stop.signal.aborted) {
  const delivery = await dreamos.read(pick(mailboxes), { leaseMs, waitMs: 300, signal: stop.signal });
  if (delivery) await handle(delivery);
}
await dreamos.close();

async function handle({ receipt, mailbox, attempt, leaseUntil, message }) {
  const claimed = {
    t: 'claim',
    at: steadyMs(),
    receipt,
    mailbox,
    id: message.id,
    attempt,
    leaseUntil,
    sum: sumOf(message.body),
  };
  diary.write(claimed);
  const chance = Math.random();
  if (chance < 0.02) return;
  if (chance < 0.05) await pause(leaseMs * (1 + Math.random()));
  else if (chance < 0.3) await pause(Math.random() * 20);
  let held = receipt;
  if (chance > 0.9) held = (await settle(held, 'renew', () => dreamos.renew(held, leaseMs)))?.receipt ?? held;
  const what = Math.random();
  if (what < 0.8) await settle(held, 'ack', () => dreamos.ack(held));
  else if (what < 0.9)
    await settle(held, 'nack', () => dreamos.nack(held, { delayMs: Math.floor(Math.random() * 200) }));
  else if (what < 0.97) await settle(held, 'nack', () => dreamos.nack(held));
  else await settle(held, 'dead', () => dreamos.nack(held, { dead: true, reason: 'this one is not wanted' }));
}

async function settle(receipt, how, work) {
  diary.write({ t: 'settling', receipt, how });
  try {
    const settled = await work();
    const { state, leaseUntil } = settled;
    diary.write({
      t: 'settled',
      at: steadyMs(),
      receipt,
      how,
      state,
      ...(how === 'renew' ? { renewed: settled.receipt, leaseUntil } : {}),
    });
    return settled;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    diary.write({ t: 'refused', receipt, how, code: error.code });
    return undefined;
  }
}
