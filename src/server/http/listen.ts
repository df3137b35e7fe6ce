/** Listening: one server of node:http for each place where requests come in, with the limits that hold in all of them. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Door } from './access.ts';
import type { App } from './app.ts';
import { problemText } from './answer.ts';
import { answerClientError, isAnswered } from './client-errors.ts';
import { allowOf, refusalOf } from './guard.ts';
import { keepNone } from './keep-none.ts';
import type { Places } from './places.ts';
import type { Refusal } from '../route/refusal.ts';

/** A cursor over 300 mailboxes has 12,000 characters, and comes back as a header. */
const mostHeaderBytes = 256 * 1024;
/** Who sends no whole head in this time, or no whole request, is cut off. */
const headersMs = 10_000;
const requestMs = 120_000;
/** A client that asks again within a minute needs no new connection. */
const keepAliveMs = 65_000;
/** So often it is looked, of a server that ends, who has got his answer. */
const restMs = 50;
/** Of who is turned away so much is read, and for so long, that he reads his answer: what is left unread would break it off. */
const mostLeftBytes = 1024 * 1024;
const leftMs = 2000;

export interface Listener {
  readonly server: Server;
  /** Listens no more; connections that rest end now, and the others with their answers. */
  close(): Promise<void>;
  /**
   * As close, but it listens on, and keeps no process for it: Node would remove whatever is at its path by now, another server's
   * socket.
   */
  abandon(): Promise<void>;
  /** Ends what is still connected. */
  cut(): void;
}

export interface Listening {
  readonly app: App;
  readonly places: Places;
  readonly ending: AbortSignal;
}

export function createListener({ app, places, ending }: Listening, door: Door): Listener {
  const server = createServer({
    maxHeaderSize: mostHeaderBytes,
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: headersMs / 2,
  });
  server.on('connection', (socket: Socket) => places.come(socket, door));
  const take = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    isAnswered(incoming.socket, outgoing);
    // A connection that is kept would keep a server that ends.
    if (ending.aborted) outgoing.setHeader('connection', 'close');
    const { socket } = incoming;
    const turnedAway = places.begin(socket);
    outgoing.once('close', () => places.end(socket));
    if (turnedAway) return turnAway(incoming, outgoing, turnedAway);
    const refusal = refusalOf(incoming, app.known);
    if (refusal) {
      keepNone(door, outgoing);
      return refuse(outgoing, refusal);
    }
    void app.answer({ incoming, outgoing, door });
  };
  server.on('request', take);
  server.on('clientError', answerClientError);
  // Node itself would have a client that asks first send a body that nobody takes.
  server.on('checkContinue', take);
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    // Node has let go of it: a client that resets it would end the process.
    socket.on('error', () => socket.destroy());
    const allow = allowOf(app.known.get(incoming.url ?? '') ?? new Set(['GET', 'HEAD', 'POST']));
    const refused = `HTTP/1.1 405 Method Not Allowed\r\nAllow: ${allow}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
    // A client that keeps it open would keep a server that ends.
    socket.end(refused, () => socket.destroy());
  });
  return {
    server,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        const rest = setInterval(() => server.closeIdleConnections(), restMs);
        server.closeIdleConnections();
        server.once('close', () => clearInterval(rest));
      });
    },
    abandon: async () => {
      server.unref();
      for (;;) {
        server.closeIdleConnections();
        if ((await connectionsOf(server)) === 0) return;
        await new Promise((resolve) => setTimeout(resolve, restMs));
      }
    },
    cut: () => server.closeAllConnections(),
  };
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}

function turnAway(incoming: IncomingMessage, outgoing: ServerResponse, refusal: Refusal): void {
  const { headers } = incoming;
  const isBare = headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
  if (isBare || headers.expect !== undefined) return refuse(outgoing, refusal);
  let bytes = 0;
  const answer = (): void => {
    clearTimeout(timer);
    if (!outgoing.headersSent && !outgoing.destroyed) refuse(outgoing, refusal);
  };
  const timer = setTimeout(answer, leftMs);
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > mostLeftBytes) answer();
  });
  incoming.once('end', answer).once('error', answer).once('close', answer);
}

function refuse(outgoing: ServerResponse, refusal: Error): void {
  const { status, headers, text } = problemText(refusal);
  outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) });
  outgoing.end(text);
}

/** @throws what the system says */
export function listenAt(server: Server, at: string | { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const listening = (): void => {
      server.off('error', failed);
      resolve();
    };
    const failed = (error: Error): void => {
      server.off('listening', listening);
      reject(error);
    };
    server.once('error', failed).once('listening', listening);
    server.listen(typeof at === 'string' ? { path: at } : { ...at });
  });
}
