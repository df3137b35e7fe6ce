import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { answerClientError, isAnswered, staysOpen } from '../../../src/server/http/client-errors.ts';
import { removeScratch, scratch } from '../../scratch.ts';
import { dial, rawly } from '../raw.ts';

let server: Server;
let socket: string;
beforeEach(async () => {
  socket = join(scratch(), 's');
  // So soon is a request that is not whole too late here.
  const limits = { headersTimeout: 50, requestTimeout: 50, connectionsCheckingInterval: 50 };
  server = createServer(limits, (incoming, outgoing) => {
    isAnswered(incoming.socket, outgoing);
    if (incoming.url === '/talk') staysOpen(incoming.socket);
    outgoing.writeHead(200);
    incoming.on('data', (chunk) => void outgoing.write(`heard ${String(chunk)}`)).once('end', () => outgoing.end('!'));
  });
  server.on('clientError', answerClientError);
  await new Promise<void>((resolve) => void server.listen(socket, resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  removeScratch();
});

const head = (path: string): string => `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n`;

test('a talk goes on beyond the time that a request has, and is ended by its client', async () => {
  const talking = dial(socket);
  let text = '';
  const ended = new Promise<void>((resolve) => void talking.on('close', () => resolve()));
  talking.on('data', (chunk) => (text += String(chunk)));
  talking.write(`${head('/talk')}one`);
  await new Promise((resolve) => setTimeout(resolve, 400));
  talking.write('two');
  talking.write('six');
  await expect.poll(() => text, { timeout: 10_000 }).toMatch(/heard one[^]*heard two[^]*six[^]*!/);
  talking.destroy();
  await ended;
});

test.each([
  ['any other request is too late then, without a word within its answer', `${head('/other')}one`, /^(?!.*408)/s],
  ['so is a head, which is said', 'POST /other HTTP/1.1\r\n', /^HTTP\/1\.1 408 /],
  ['what is no HTTP is said to be none', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['a head that is too long', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
])('%s', async (_, sent, said) => {
  const { text, ended } = await rawly(socket, sent, 2000);
  expect(text).toMatch(said);
  expect(ended).toBe(true);
});
