import { chownSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { afterEach, expect, test } from 'vitest';
import { connectRoot } from '../../../src/core/remote/connect.ts';
import { ownVersion } from '../../../src/core/remote/protocol.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { status } from '../../../src/core/look/status.ts';
import { removeScratch, scratch } from '../../scratch.ts';

let server: Server | undefined;
/** What each call has said, from 1. */
let heard: string[] = [];
let answered = 0;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  removeScratch();
});

/** Answers each call in its turn; `undefined`: breaks off. */
async function answering(...lines: (object | undefined)[]): Promise<string> {
  const socket = join(scratch(), 's');
  [heard, answered] = [[], 0];
  const all = [{ end: { path: '/root', version: ownVersion } }, ...lines];
  server = createServer((request, response) => {
    let said = '';
    const at = ++answered;
    request.on('data', (chunk) => (heard[at] = said += String(chunk)));
    request.once('data', () => {
      const line = all.shift();
      response.writeHead(200, { 'content-type': 'application/jsonl' });
      if (line) response.write(`${JSON.stringify(line)}\n`);
      else request.socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server?.listen(socket, resolve));
  return `unix:${socket}`;
}

const who = { as: 'planner', env: {}, pid: 1 };

test('a server of another version is refused, with both', async () => {
  const socket = join(scratch(), 's');
  server = createServer((_, response) => {
    response.end(`${JSON.stringify({ end: { path: '/root', version: '9.9.9' } })}\n`);
  });
  await new Promise<void>((resolve) => server?.listen(socket, resolve));
  await expect(connectRoot(`unix:${socket}`, who)).rejects.toMatchObject({
    kind: 'unreachable',
    code: 'SERVER_DIFFERS',
    message: expect.stringMatching(new RegExp(`9\\.9\\.9.*${ownVersion}`)),
  });
});

test('what is none of ours is refused', async () => {
  const socket = join(scratch(), 's');
  server = createServer((_, response) => response.writeHead(404).end('nothing here'));
  await new Promise<void>((resolve) => server?.listen(socket, resolve));
  await expect(connectRoot(`unix:${socket}`, who)).rejects.toMatchObject({ code: 'SERVER_DIFFERS' });
});

test('what breaks off without a word has done nothing', async () => {
  const socket = join(scratch(), 's');
  server = createServer((request) => request.socket.destroy());
  await new Promise<void>((resolve) => server?.listen(socket, resolve));
  await expect(connectRoot(`unix:${socket}`, who)).rejects.toMatchObject({
    code: 'SERVER_UNREACHABLE',
    message: `No server answers at unix:${socket}: what listens there goes away without an answer.`,
  });
});

test('a server that goes away in the middle: a look is made again, a send is uncertain, and else it is told', async () => {
  const session = await connectRoot(await answering(undefined, { end: [] }, undefined, undefined), who);
  expect(await status(session)).toEqual([]);
  await expect(send(session, { to: 'reviewer', body: 'a' })).rejects.toMatchObject({ code: 'SEND_UNCERTAIN' });
  await expect(ack(session, 'receipt')).rejects.toMatchObject({
    code: 'SERVER_UNREACHABLE',
    message: expect.stringContaining('it may have been done, or not'),
  });
});

test('of a claim it is said on its own connection that it has arrived, before anybody has it; of nothing it is not', async () => {
  const delivery = { end: { mailbox: 'planner', receipt: 'a', message: {} } };
  const session = await connectRoot(await answering({ end: { '~': 'undefined' } }, delivery), who);
  expect(await readNext(session, 'planner')).toBeUndefined();
  expect(await readNext(session, 'planner')).toMatchObject({ receipt: 'a' });
  await expect.poll(() => heard[3]).toMatch(/\n\{"said":"have"\}\n$/);
  expect(heard[2]).not.toContain('"said"');
});

test('a path that the system would cut is refused', async () => {
  const long = `unix:/${'a'.repeat(103)}`;
  await expect(connectRoot(long, who)).rejects.toMatchObject({
    code: 'USAGE',
    message: 'The path of a socket has at most 103 bytes, and this one has 104.',
  });
});

test('a path that begins where somebody is is told to be whole', async () => {
  await expect(connectRoot('unix:run/socket', who)).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('whole path') as string,
  });
});

test.runIf(geteuid?.() === 0)('a socket of another user is not talked to', async () => {
  const name = await answering({ end: [] });
  chownSync(name.slice('unix:'.length), 65_534, 65_534);
  await expect(connectRoot(name, who)).rejects.toMatchObject({
    code: 'SERVER_UNREACHABLE',
    message: expect.stringContaining('belongs to another user (uid 65534)'),
  });
});

test('an address of HTTP is told what commands go through', async () => {
  await expect(connectRoot('http://127.0.0.1:7420', { env: {}, pid: 1 })).rejects.toMatchObject({
    code: 'USAGE',
    message: 'Commands and the library go through a unix socket only, and "http://127.0.0.1:7420" is none.',
    hint: expect.stringContaining('DREAMOS_SERVER=unix:') as string,
  });
});
