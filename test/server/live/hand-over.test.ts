import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { list } from '../../../src/core/look/list.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { states } from '../../../src/model/state.ts';
import { send } from '../../../src/core/send/send.ts';
import { sessionOn } from '../../../src/core/open-root.ts';
import { removeScratch } from '../../scratch.ts';
import { createServed } from '../rig.ts';

const boxes = ['box-0', 'box-1', 'box-2'];
let served: Awaited<ReturnType<typeof createServed>>;
beforeEach(async () => {
  served = await createServed(['planner', ...boxes]);
});
afterEach(() => served.close());
afterAll(removeScratch);

const as = (name: string) => sessionOn(served.root, { as: name });
const mail = (to: string, body = 'x') => send(as('planner'), { to, body });
async function statesIn(box: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { state, attempt } of list(as(box), box, { states })) found.push(`${state} ${attempt}`);
  return found;
}
async function expectGivenBack(box: string): Promise<void> {
  await expect.poll(() => statesIn(box)).toEqual(['ready 0']);
}

function requestOf(box: string, input: object, path = '/v1/read', head = ''): string {
  const body = JSON.stringify(input);
  return `POST ${path} HTTP/1.1\r\n${head}Host: localhost\r\nDreamos-Agent: ${box}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** One who does not read what comes until he is told to. */
function ask(box: string, input: object = { waitMs: 20_000 }): Socket {
  const socket = connect(served.socket);
  socket.on('error', () => undefined);
  socket.pause().write(requestOf(box, input));
  return socket;
}

/** Comes when its client would be answered. */
async function claimed(box: string): Promise<void> {
  await expect.poll(() => statesIn(box)).toEqual(['inflight 1']);
}

test('who goes while he waits takes nothing, and what comes then is there for the next one', async () => {
  const socket = ask('box-0');
  await pause(100);
  socket.destroy();
  await pause(50);
  await mail('box-0');
  await pause(100);
  expect(await statesIn('box-0')).toEqual(['ready 0']);
  expect(await readNext(as('box-0'), 'box-0')).toMatchObject({ attempt: 1 });
});

test('who goes without having read his answer has it given back, and no attempt is used up', async () => {
  await mail('box-0');
  const socket = ask('box-0');
  await claimed('box-0');
  await pause(100);
  socket.destroy();
  await expectGivenBack('box-0');
});

test('who has read his answer and ends keeps what he got, and so does who asks again', async () => {
  await mail('box-0');
  await mail('box-1');
  const ends = ask('box-0').resume();
  await once(ends, 'data');
  ends.end();
  let read = (): void => undefined;
  const first = new Promise<void>((resolve) => (read = resolve));
  const goesOn = connect({
    path: served.socket,
    onread: {
      buffer: Buffer.alloc(65_536),
      callback: () => {
        read();
        return false;
      },
    },
  });
  goesOn.write(requestOf('box-1', {}));
  await first;
  await mail('box-2');
  // Of this one he reads nothing, so it alone is given back.
  goesOn.write(requestOf('box-2', {}));
  await claimed('box-2');
  await pause(50);
  goesOn.destroy();
  await expectGivenBack('box-2');
  expect([await statesIn('box-0'), await statesIn('box-1')]).toEqual([['inflight 1'], ['inflight 1']]);
});

test('who frees his connection long after his answer keeps it, and what he has acked stays acked', async () => {
  await mail('box-0');
  await mail('box-1');
  const [late, quick] = [ask('box-0'), ask('box-1')];
  await claimed('box-0');
  await claimed('box-1');
  const { receipt } = (await once(quick.resume(), 'data').then(([data]) =>
    JSON.parse(String(data).split('\r\n\r\n')[1] ?? ''),
  )) as { receipt: string };
  await ack(as('box-1'), receipt);
  quick.destroy();
  await pause(1200);
  late.destroy();
  await pause(200);
  expect([await statesIn('box-0'), await statesIn('box-1')]).toEqual([['inflight 1'], ['archived 1']]);
});

/** One whose question was answered, and who has read nothing of that yet. */
async function answered(head = ''): Promise<Socket> {
  const socket = connect(served.socket);
  socket.on('error', () => undefined);
  socket.pause().write(requestOf('planner', { to: 'box-0', body: 'why', waitMs: 20_000 }, '/v1/request', head));
  const question = await readNext(as('box-0'), 'box-0', { waitMs: 10_000 });
  await reply(as('box-0'), question?.receipt ?? '', { body: 'so' });
  await expect.poll(() => statesIn('planner')).toContain('inflight 1');
  return socket;
}

test('what a request was answered is finished when its client asks again or ends, and not before', async () => {
  const socket = await answered();
  await pause(1300);
  expect(await statesIn('planner')).toEqual(['inflight 1']);
  socket.resume().write('GET /v1/who HTTP/1.1\r\nHost: localhost\r\nDreamos-Agent: planner\r\n\r\n');
  await expect.poll(() => statesIn('planner')).toEqual(['archived 1']);
  socket.destroy();
});

test('a client that has read its answer and ends has it finished, also where the server was to end', async () => {
  for (const head of ['', 'Connection: close\r\n']) {
    const socket = await answered(head);
    await pause(200);
    expect((await statesIn('planner')).filter((state) => state.startsWith('inflight'))).toHaveLength(1);
    socket.resume().end();
    await expect.poll(() => statesIn('planner')).toEqual(head === '' ? ['archived 1'] : ['archived 1', 'archived 1']);
  }
});

test('who dies without having read what he was answered has it back as mail', async () => {
  for (const head of ['', 'Connection: close\r\n']) {
    const socket = await answered(head);
    await pause(1200);
    const done = (await statesIn('planner')).filter((state) => state.startsWith('archived'));
    socket.destroy();
    await expect.poll(async () => (await statesIn('planner')).sort()).toEqual([...done, 'ready 0']);
    const { receipt } = (await readNext(as('planner'), 'planner')) ?? {};
    await ack(as('planner'), receipt ?? '');
  }
});

test('an answer whose connection the server has cut is left to its lease, and holds no server up', async () => {
  const sockets = [await answered(), await answered('Connection: close\r\n')];
  await pause(100);
  const begun = performance.now();
  await served.stop();
  expect(performance.now() - begun).toBeLessThan(9000);
  expect(await statesIn('planner')).toEqual(['inflight 1', 'inflight 1']);
  for (const socket of sockets) socket.destroy();
  await served.begin();
});
