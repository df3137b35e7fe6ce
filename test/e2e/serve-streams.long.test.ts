/** Streams of a server that runs: a reader who does not read, many who do, and what that costs it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Dreamos, open as openRoot } from '../../src/index.ts';
import { asEvents, open, type Reading } from '../server/live/rig.ts';
import { pause, project, type Rig, test } from './rig.ts';

/** @param env of the server */
async function serve(rig: Rig, env: Record<string, string> = {}): Promise<{ pid: number; socket: string }> {
  const running = rig.start(['serve', '--json'], { env });
  await expect.poll(running.lines, { timeout: 20_000 }).toHaveLength(1);
  const { pid, socket } = JSON.parse(running.lines()[0] ?? '');
  return { pid, socket };
}

function residentMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Has a server say, as often as it is asked, how much of its heap is in use behind a collection; MB. */
function createHeap(rig: Rig): { env: Record<string, string>; used(pid: number): Promise<number> } {
  const file = join(rig.dir, 'heap.json');
  const said = (): { count: number; bytes: number } => {
    try {
      return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { count: 0, bytes: 0 };
    } catch {
      // It is being written.
      return { count: 0, bytes: 0 };
    }
  };
  let asked = 0;
  return {
    env: { NODE_OPTIONS: `--require=${join(project, 'test/e2e/workers/heap.cjs')}`, DREAMOS_TEST_HEAP: file },
    used: async (pid) => {
      process.kill(pid, 'SIGUSR2');
      asked++;
      await expect.poll(() => said().count, { timeout: 20_000 }).toBe(asked);
      return said().bytes / 1024 / 1024;
    },
  };
}

const long = { timeout: 240_000 };

/** So many a call, and its calls until that time. @returns how many */
async function traffic(mail: Dreamos, to: string, forMs: number, from = 0): Promise<number> {
  let sent = from;
  for (const end = performance.now() + forMs; performance.now() < end;) {
    const drafts = Array.from({ length: 200 }, () => ({
      to,
      subject: String(sent++),
      body: 'x',
      durability: 'relaxed' as const,
    }));
    for (const result of await mail.sendAll(drafts)) if (result instanceof Error) throw result;
  }
  return sent;
}

const least = 2000;

const subjects = (reading: Reading): number[] =>
  reading.events().flatMap(({ data }) => (data === undefined ? [] : [Number(JSON.parse(data).subject)]));

/** Its first event is the head of a stream. */
const told = (reading: Reading): number => reading.events().length - 1;

test(
  'a reader who reads nothing for ten seconds of traffic costs the server nothing, and misses nothing',
  long,
  async ({ rig }) => {
    const { pid, socket } = await serve(rig);
    const mail = (await openRoot({ root: rig.root, env: {} })).as('planner');
    // Warm, by one who reads.
    const other = await open(socket, '/v1/watch?mailbox=planner', { headers: asEvents });
    const warm = await traffic(mail, 'planner', 3000);
    await other.until(() => told(other) === warm, 60_000);
    other.destroy();
    const slow = await open(socket, '/v1/watch?mailbox=reviewer', { headers: asEvents, paused: true });
    const before = residentMb(pid);
    const sent = await traffic(mail, 'reviewer', 10_000);
    const grown = residentMb(pid) - before;
    expect(sent).toBeGreaterThan(least);
    expect(grown, `MB more for ${sent} events of about 300 bytes`).toBeLessThan(30);
    slow.response.resume();
    await slow.until(() => told(slow) >= sent, 100_000);
    expect(subjects(slow)).toEqual(Array.from({ length: sent }, (_, i) => i));
    slow.destroy();
    await mail.close();
  },
);

test(
  'twenty streams and four senders for two minutes: all see all, and the server does not grow',
  long,
  async ({ rig }) => {
    const heap = createHeap(rig);
    const { pid, socket } = await serve(rig, heap.env);
    const mail = (await openRoot({ root: rig.root, env: {} })).as('planner');
    const kinds = ['/v1/watch?mailbox=reviewer', '/v1/watch', '/v1/listen?topic=build.*', '/v1/overview/watch'];
    let events = 0;
    const streams = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const one = await open(socket, kinds[i % kinds.length] ?? '', { headers: asEvents });
        return one;
      }),
    );
    const sizes: number[] = [];
    for (let part = 0; part < 11; part++) {
      const end = performance.now() + 10_000;
      const sending = async (sender: number) => {
        while (performance.now() < end) {
          await mail.send({ to: 'reviewer', subject: String(events++), body: String(sender), durability: 'relaxed' });
          await pause(5);
        }
      };
      await Promise.all([0, 1, 2, 3].map(sending));
      sizes.push(await heap.used(pid));
    }
    for (const one of streams.filter((_, i) => i % kinds.length < 2))
      await one.until(() => told(one) >= events, 60_000);
    for (const one of streams.filter((_, i) => i % kinds.length < 2)) expect(new Set(subjects(one)).size).toBe(events);
    // Rates are counted over a minute: until then what they are counted of grows.
    const [settled = 0, ...later] = sizes.slice(6);
    expect(
      Math.max(...later) - settled,
      `MB of heap in use after each 10 s: ${sizes.map((mb) => mb.toFixed(1)).join(', ')}`,
    ).toBeLessThan(2);
    for (const one of streams) one.destroy();
    await mail.close();
  },
);
