/** A server that is killed while many ask: what it has answered holds, and what it has not is there once or not at all. */
import { Agent, request } from 'node:http';
import { expect } from 'vitest';
import { pause, type Rig, type Running, test } from './rig.ts';

const long = { timeout: 240_000 };

interface Answer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test knows what it asked for
  readonly value: any;
}

/** @throws when the connection ends without an answer */
function post(agent: Agent, socketPath: string, path: string, body: object, as: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'dreamos-agent': as };
    const sent = request({ agent, socketPath, method: 'POST', path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject).on('aborted', () => reject(new Error('cut off')));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, value: text === '' ? null : JSON.parse(text) }),
      );
    });
    sent.on('error', reject).end(JSON.stringify(body));
  });
}

async function serve(rig: Rig): Promise<{ running: Running; socket: string }> {
  const running = rig.start(['serve', '--json']);
  await expect.poll(running.lines, { timeout: 20_000 }).toHaveLength(1);
  return { running, socket: JSON.parse(running.lines()[0] ?? '').socket };
}

/** Until the server is killed, on a connection of its own each. */
async function untilKilled(many: number, work: (agent: Agent, worker: number) => Promise<void>): Promise<void> {
  const workers = Array.from({ length: many }, async (_, worker) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      for (;;) await work(agent, worker);
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code ?? (error as Error).message).toMatch(
        /ECONN|EPIPE|ENOENT|cut off|socket hang up/,
      );
    } finally {
      agent.destroy();
    }
  });
  await Promise.all(workers);
}

test(
  'killed under 32 connections that send, again and again: every 201 is there, once, and nothing that nobody sent',
  long,
  async ({ rig }) => {
    const answered = new Set<string>();
    const asked = new Set<string>();
    const cutOff = new Set<string>();
    for (let round = 0; round < 8; round++) {
      const { running, socket } = await serve(rig);
      let count = 0;
      const sending = untilKilled(32, async (agent, worker) => {
        const body = `${round} ${worker} ${count++}`;
        asked.add(body);
        // One in four under a key, which goes another way.
        const draft = { to: 'reviewer', body, ...(worker % 4 === 0 && { dedupeKey: body }) };
        const { status, value } = await post(agent, socket, '/v1/send', draft, 'planner');
        expect([status, value.state]).toEqual([201, 'ready']);
        answered.add(body);
      });
      const most = answered.size + 32 + Math.random() * 200;
      await expect.poll(() => answered.size, { timeout: 20_000, interval: 5 }).toBeGreaterThan(most);
      await running.kill('SIGKILL');
      await sending;
      // What was cut off under a key is sent again, and is there once.
      const again = [...asked].filter((body) => !answered.has(body) && Number(body.split(' ')[1]) % 4 === 0);
      const drafts = again.map((body) => JSON.stringify({ to: 'reviewer', body, dedupeKey: body })).join('\n');
      if (again.length > 0)
        expect(await rig.dreamos('send --batch --as planner', { stdin: drafts })).toMatchObject({ code: 0 });
      for (const body of again) {
        answered.add(body);
        cutOff.add(body);
      }
    }
    const { json } = await rig.dreamos('list reviewer --json');
    const found = json.map(({ message }) => message.body);
    for (const body of asked) if (!answered.has(body)) cutOff.add(body);
    expect(new Set(found).size, 'each once').toBe(found.length);
    const there = new Set(found);
    expect([...answered].filter((body) => !there.has(body))).toEqual([]);
    expect(found.filter((body) => !asked.has(body))).toEqual([]);
    expect(answered.size).toBeGreaterThan(8 * 32);
    expect(cutOff.size).toBeGreaterThan(0);
    expect(await rig.dreamos('doctor')).toMatchObject({ code: 0 });
  },
);

test(
  'killed while claims are handed over: what was acked does not come again, and all else does',
  long,
  async ({ rig }) => {
    const messages = 400;
    const drafts = Array.from({ length: messages }, (_, i) => JSON.stringify({ to: 'reviewer', body: String(i) })).join(
      '\n',
    );
    await rig.dreamos('send --batch --as planner', { stdin: drafts });
    const acked = new Set<string>();
    const asked = new Set<string>();
    const twice: string[] = [];
    for (let round = 0; round < 4; round++) {
      const { running, socket } = await serve(rig);
      const reading = untilKilled(16, async (agent) => {
        const read = await post(agent, socket, '/v1/read', { wait: '1s', lease: '2s' }, 'reviewer');
        if (read.status === 204) return;
        const { message, receipt } = read.value;
        if (acked.has(message.body)) twice.push(message.body);
        asked.add(message.body);
        const { status } = await post(agent, socket, '/v1/ack', { message: receipt }, 'reviewer');
        // Its lease may have ended on a machine that is busy.
        if (status === 200) acked.add(message.body);
        else expect(status).toBe(409);
      });
      const most = acked.size + 16 + Math.random() * 40;
      await expect.poll(() => acked.size, { timeout: 20_000, interval: 5 }).toBeGreaterThan(most);
      await running.kill('SIGKILL');
      await reading;
    }
    expect(twice).toEqual([]);
    expect(acked.size).toBeGreaterThan(20);
    await pause(2500);
    const rest = await rig.dreamos(`read reviewer --ack --count ${messages} --wait 3s --json`);
    const left = rest.json.map(({ message }) => message.body);
    expect(left.filter((body) => acked.has(body))).toEqual([]);
    // What was asked to be acked and not answered is done, or comes again.
    const missing = Array.from({ length: messages }, (_, i) => String(i)).filter(
      (body) => !acked.has(body) && !left.includes(body),
    );
    expect(missing.filter((body) => !asked.has(body))).toEqual([]);
    expect(missing.length).toBeLessThanOrEqual(4 * 16);
  },
);
