// One agent of the swarm: takes the next task, works on it for as long as it says, and finishes it; again and again. What it
// does it writes into its diary, line by line and at once, so that a kill takes nothing of what it did before.
import { appendFileSync } from 'node:fs';
import { setTimeout as rest } from 'node:timers/promises';
import { DreamosError, open } from '../../dist/index.js';

const [root, name, diary] = process.argv.slice(2);
const leaseMs = 4000;
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const note = (line) => appendFileSync(diary, `${JSON.stringify({ agent: name, at: Date.now(), ...line })}\n`);

const dreamos = await open({ root, as: name, env: {}, warn: (warning) => note({ what: 'warned', warning }) });
await dreamos.agent.heartbeat(name, { status: 'idle', pid: process.pid });
while (!stop.signal.aborted) {
  const task = await dreamos.tasks.next({ waitMs: 60_000, leaseMs, signal: stop.signal });
  if (task) await workOn(task);
}
await dreamos.close();

async function workOn({ id, attempt, title, body, leaseUntil }) {
  const about = { id, attempt, title };
  note({ what: 'begins', ...about, until: Date.parse(leaseUntil) });
  try {
    let renewedAt = Date.now();
    for (let left = Number(body); left > 0; left -= 100) {
      await rest(Math.min(100, left));
      if (Date.now() - renewedAt < leaseMs / 3) continue;
      const renewed = await dreamos.tasks.progress(id, { leaseMs });
      renewedAt = Date.now();
      note({ what: 'renews', ...about, until: Date.parse(renewed.leaseUntil) });
    }
    note({ what: 'ends', ...about });
    await dreamos.tasks.done(id, { result: `done by ${name}` });
    note({ what: 'done', ...about });
  } catch (error) {
    // Paused for longer than its lease: somebody else has it by now, and it is told so.
    if (!(error instanceof DreamosError) || error.kind !== 'conflict') throw error;
    note({ what: 'lost', ...about, code: error.code });
  }
}
