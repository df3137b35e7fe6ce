import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { list } from '../../../src/core/look/list.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { send } from '../../../src/core/send/send.ts';
import { sessionOn } from '../../../src/core/open-root.ts';
import { createToken } from '../../../src/core/tokens/tokens.ts';
import { removeScratch } from '../../scratch.ts';
import { createServed } from '../rig.ts';

const boxes = Array.from({ length: 16 }, (_, i) => `box-${i}`);
let served: Awaited<ReturnType<typeof createServed>>;
beforeEach(async () => {
  served = await createServed(['planner', ...boxes], { http: { host: '127.0.0.1', port: 0 } });
});
afterEach(() => served.close());
afterAll(removeScratch);

const as = (name: string) => sessionOn(served.root, { as: name });

function requestOf(box: string, more: string): string {
  const body = JSON.stringify({ mailbox: box, waitMs: 20_000 });
  return `POST /v1/read HTTP/1.1\r\nHost: localhost\r\n${more}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** It says when all its requests are on their way, and reads nothing of what comes; or all of it, and nobody hears of it. */
const client = `
const { connect } = require('node:net');
const [at, requests, reads] = process.argv.slice(1).map((one) => JSON.parse(one));
let open = 0;
for (const request of requests) {
  const socket = connect(at, () => socket.write(request, () => { if (++open === requests.length) process.stdout.write('ready'); }));
  socket.on('error', () => {});
  if (reads) socket.resume();
  else socket.pause();
}
setInterval(() => {}, 1000);
`;

async function heldIn(box: string): Promise<string | undefined> {
  for await (const { state, receipt } of list(as(box), box)) if (state === 'inflight') return receipt;
  return undefined;
}

async function kill(at: object, more: (box: string) => string, reads: boolean, afterMs: number): Promise<void> {
  const requests = boxes.map((box) => requestOf(box, more(box)));
  const killed = spawn(process.execPath, ['-e', client, ...[at, requests, reads].map((one) => JSON.stringify(one))]);
  await once(killed.stdout, 'data');
  // All are waiting by then.
  await pause(50);
  const sends = boxes.map((box) => send(as('planner'), { to: box, body: 'x' }));
  await pause(afterMs);
  killed.kill('SIGKILL');
  await once(killed, 'close');
  await Promise.all(sends);
}

const rounds = 20;

test.each(['a unix socket', 'TCP'])(
  'of many who are killed in the very moment of their answers on %s each has his message given back',
  { timeout: 240_000 },
  async (on) => {
    const tokens = new Map<string, string>();
    const { http } = served.about;
    if (on === 'TCP') for (const box of boxes) tokens.set(box, (await createToken(as('planner'), box)).token);
    const at = on === 'TCP' ? { port: Number(new URL(http ?? '').port), host: '127.0.0.1' } : { path: served.socket };
    const more = (box: string) => (on === 'TCP' ? `Authorization: Bearer ${tokens.get(box)}` : `Dreamos-Agent: ${box}`);
    for (let round = 0; round < rounds; round++) {
      const reads = round % 2 === 1;
      await kill(at, more, reads, round * 2);
      const settled = boxes.map(async (box) => {
        const delivery = await readNext(as(box), box, { waitMs: reads ? 1500 : 5000 });
        // Whoever has read it by then has it, and answers for it until its lease ends; he may be killed before he says so.
        const receipt = delivery?.receipt ?? (reads ? await heldIn(box) : undefined);
        expect([round, box, delivery?.attempt ?? 1, receipt]).toEqual([round, box, 1, expect.any(String)]);
        await ack(as(box), receipt ?? '');
      });
      await Promise.all(settled);
    }
  },
);
