import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect } from 'vitest';
import { idsIn } from './bridging.ts';
import { type Running, test } from './rig.ts';
import { listening, rest, rootsWithKeys } from './zeromq.ts';

/** What a kill comes behind: the piece of this number of what goes there, or of what comes back. Each once, in their order. */
interface Step {
  readonly kill: 'near' | 'far';
  readonly of: 'there' | 'back';
  readonly piece: number;
}

/** Between the two; a piece that a step names goes no further. */
async function killingWay(steps: Step[], kill: (who: Step['kill']) => void) {
  let target = 0;
  const sockets = new Set<Socket>();
  const server = createServer((from) => {
    const to = connect(target, '127.0.0.1');
    for (const [one, other, of] of [
      [from, to, 'there'],
      [to, from, 'back'],
    ] as const) {
      sockets.add(one);
      let pieces = 0;
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.on('data', (chunk) => {
        const [step] = steps;
        if (step?.of === of && ++pieces >= step.piece) {
          steps.shift();
          kill(step.kill);
        } else other.write(chunk);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (port: number) => (target = port),
    close: () => {
      server.close();
      for (const one of sockets) one.destroy();
    },
  };
}

test(
  'whichever end is killed between two steps, nothing is lost and nothing comes twice',
  { timeout: 300_000 },
  async ({ bare: rig }) => {
    const { a, b } = await rootsWithKeys(rig);
    // Before the handshake is over, before the first parcels, before their answers, and behind answers, while others are stored.
    const steps: Step[] = [
      { kill: 'far', of: 'back', piece: 2 },
      { kill: 'near', of: 'there', piece: 5 },
      { kill: 'far', of: 'there', piece: 5 },
      { kill: 'near', of: 'back', piece: 5 },
      { kill: 'far', of: 'back', piece: 5 },
      { kill: 'near', of: 'back', piece: 7 },
      { kill: 'far', of: 'back', piece: 6 },
      { kill: 'far', of: 'back', piece: 7 },
    ];
    const planned = steps.length;
    const running: { near?: Running; far?: Running } = {};
    const killed: string[] = [];
    const way = await killingWay(steps, (who) => {
      killed.push(who);
      running[who]?.child.kill('SIGKILL');
    });
    let isOver = false;
    const keep = async (who: Step['kill'], start: () => Promise<Running>): Promise<void> => {
      while (!isOver) {
        const one = (running[who] = await start());
        const ended = await one.ended;
        if (ended.signal !== 'SIGKILL') expect(ended).toMatchObject({ code: 0 });
      }
    };
    const failures: unknown[] = [];
    const keeping = [
      keep('far', async () => {
        const { far, at } = await listening(rig, b);
        way.leadTo(Number(at.split(':').at(-1)));
        return far;
      }),
      keep('near', async () => rig.start(['bridge', 'b', '--via', way.address, '--key', 'keys', '--json'], { cwd: a })),
    ].map((one) => one.catch((error: unknown) => failures.push(error)));
    const sent: string[] = [];
    // As long as there are steps to come, so that each has something under way.
    while (failures.length === 0 && (steps.length > 0 || sent.length < 40)) {
      const lines = Array.from({ length: 20 }, (_, n) => JSON.stringify({ to: 'bob', body: `m${sent.length + n}` }));
      const { json } = await rig.dreamos('send --batch --as ann --json', { cwd: a, stdin: lines.join('\n') });
      sent.push(...json.map(({ id }) => id));
    }
    while (failures.length === 0 && (await idsIn(rig, a, 'bob', 'archived')).length < sent.length) await rest();
    isOver = true;
    for (const one of [running.near, running.far]) one?.child.kill('SIGTERM');
    await Promise.all(keeping);
    way.close();
    expect(failures).toEqual([]);
    expect(killed).toHaveLength(planned);
    expect((await idsIn(rig, b, 'bob', 'ready')).toSorted()).toEqual(sent.toSorted());
    for (const state of ['ready', 'inflight', 'delayed', 'dead']) expect(await idsIn(rig, a, 'bob', state)).toEqual([]);
  },
);
