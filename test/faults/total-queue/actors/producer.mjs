// Sends until SIGTERM: one, many at once, to all, under a key; with all priorities, some with a delay, some with a short life.
// Before each send it writes down what it is going to send, after it what was acknowledged.
// Input: root, name, mailboxes, diary, restMs (at most, between two sends)
import { argv, pid } from 'node:process';
import { DreamosError, open, priorities } from 'dreamos';
import { openDiary, pause, pick, sumOf } from './diary.mjs';

const { root, name, mailboxes, diary: path, restMs } = JSON.parse(argv[2]);
const diary = openDiary(path);
let stopped = false;
process.on('SIGTERM', () => (stopped = true));

const dreamos = await open({ root, as: name, warn: () => undefined });
process.stdout.write('working\n');
let n = 0;
await finishKeyed();
while (!stopped) {
  await pick([one, one, batch, broadcast, keyed])();
  await pause(Math.random() * restMs);
}
await dreamos.close();

async function one() {
  await send([draft([pick(mailboxes)])]);
}

async function batch() {
  await send(Array.from({ length: 2 + Math.floor(Math.random() * 20) }, () => draft([pick(mailboxes)])));
}

async function broadcast() {
  await send([draft(mailboxes)]);
}

async function keyed() {
  const to = Math.random() < 0.5 ? [pick(mailboxes)] : mailboxes;
  const message = { ...draft(to), dedupeKey: `${pid}-${n}` };
  await send([message]);
  if (Math.random() < 0.3) await send([message]);
}

/** What a SIGKILL cut off is sent again under the same key: that may neither lose nor double it. */
async function finishKeyed() {
  const tries = new Map();
  for (const line of diary.earlier()) {
    if (line.t === 'try' && line.key !== undefined) tries.set(line.key, line.draft);
    if (line.t === 'sent' && line.key !== undefined) tries.delete(line.key);
  }
  for (const cutOff of tries.values()) await send([cutOff]);
}

function draft(to) {
  const body = `${name} ${pid} ${n++} ${'x'.repeat(Math.random() < 0.05 ? 20_000 : Math.random() * 400)} ✓`;
  const chance = Math.random();
  return {
    to,
    body,
    priority: pick(priorities),
    ...(chance < 0.15 ? { delayMs: 1 + Math.floor(Math.random() * 800) } : {}),
    ...(chance > 0.97 ? { ttlMs: 200 } : {}),
  };
}

async function send(drafts) {
  diary.write(
    ...drafts.map(({ to, body, dedupeKey, ...rest }) => ({
      t: 'try',
      to,
      sum: sumOf(body),
      ...(dedupeKey === undefined ? {} : { key: dedupeKey, draft: { to, body, dedupeKey, ...rest } }),
    })),
  );
  const results = await dreamos.sendAll(drafts);
  for (const [i, result] of results.entries()) {
    const { to, body, dedupeKey } = drafts[i];
    if (result instanceof DreamosError) diary.write({ t: 'refused', code: result.code, message: result.message });
    else
      diary.write({
        t: 'sent',
        id: result.id,
        to,
        sum: sumOf(body),
        ...(dedupeKey === undefined ? {} : { key: dedupeKey }),
      });
  }
}
