/** Bytes as they are, to a server, and what comes back until it ends the connection or falls silent. */
import { connect, type Socket } from 'node:net';

export interface Raw {
  readonly text: string;
  /** The number of each answer. */
  readonly statuses: readonly number[];
  /** The server has ended the connection. */
  readonly ended: boolean;
}

/** @param at a unix socket, or `http://host:port` */
export function dial(at: string): Socket {
  if (!at.startsWith('http:')) return connect(at);
  const { hostname, port } = new URL(at);
  return connect(Number(port), hostname.replace(/^\[(.*)\]$/, '$1'));
}

/** @param pieces each in a write of its own @param quietMs how long nothing has to come before that is all */
export function rawly(at: string, pieces: string | readonly (string | Buffer)[], quietMs = 120): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const socket = dial(at);
    let text = '';
    let ended = false;
    const done = (): void => {
      socket.destroy();
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, number]) => Number(number));
      resolve({ text, statuses, ended });
    };
    let timer = setTimeout(done, Math.max(quietMs, 2000));
    const heard = (): void => {
      clearTimeout(timer);
      timer = setTimeout(done, quietMs);
    };
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      heard();
    });
    socket.on('close', () => {
      ended = true;
      clearTimeout(timer);
      done();
    });
    // It is cut off while it still sends.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (!['EPIPE', 'ECONNRESET'].includes(error.code ?? '')) reject(error);
    });
    socket.on('connect', () => {
      for (const piece of typeof pieces === 'string' ? [pieces] : pieces) socket.write(piece);
    });
  });
}
