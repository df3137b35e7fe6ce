/**
 * A claim that an answer hands over is given back at once, free, when its client has gone before he had the answer. What a client
 * that dies has not read the kernel tells of: the connection ends with an error, on a unix socket and on TCP alike. One that ends
 * without had read it. Whoever is frozen, and dies later, keeps his claim until its lease ends. What is settled with it is settled
 * only once its client asks again or ends his connection: of one that this server ends nobody knows.
 */
import type { Socket } from 'node:net';
import type { Session } from '../../core/root/root.ts';
import { createHanded, type Handed } from '../../core/take/handed.ts';
import type { HandOvers } from '../route/handing.ts';

/** An answer that was written and may not have been read. */
interface Written {
  readonly handed: Handed<string>;
  /** And what is done with each when it has arrived. */
  readonly receipts: ReadonlyMap<string, 'ack' | undefined>;
}

/** So long a connection that ends with such an answer waits for its client to end it, too; milliseconds. */
const lingerMs = 10_000;

/** @param tell of a claim that could not be given back: its lease will end */
export function createHandOvers(tell: (error: unknown) => void): HandOvers {
  /** Of each connection, those that were written since its client last asked. */
  const written = new Map<Socket, Written[]>();
  const working = new Set<Promise<void>>();
  const work = (session: Session) => async (what: (session: Session) => Promise<unknown>) => {
    const running = what(session).then(() => undefined, tell);
    working.add(running);
    await running;
    working.delete(running);
  };
  const over = (socket: Socket, how: 'arrived' | 'giveBack' | 'leave'): void => {
    const all = written.get(socket) ?? [];
    written.delete(socket);
    for (const { handed, receipts } of all) for (const receipt of receipts.keys()) handed[how](receipt);
  };
  const wrote = (socket: Socket, one: Written): void => {
    written.set(socket, [...(written.get(socket) ?? []), one]);
    // Whoever lives on has read by then what he is to settle himself, and if not, he has lost a lease.
    for (const [receipt, settle] of one.receipts) if (settle === undefined) one.handed.wrote(receipt);
  };
  const listened = new WeakSet<Socket>();
  const listen = (socket: Socket): void => {
    if (listened.has(socket)) return;
    listened.add(socket);
    let hasEnded = false;
    socket.once('end', () => {
      if (wasReset(socket)) over(socket, 'giveBack');
      hasEnded = written.has(socket);
    });
    socket.once('close', (hadError) => over(socket, hadError ? 'giveBack' : hasEnded ? 'arrived' : 'leave'));
  };
  return {
    of: (session, outgoing) => {
      const receipts = new Map<string, 'ack' | undefined>();
      const handed = createHanded<string>(work(session));
      const { socket } = outgoing;
      // Whoever asks again has read what was written before.
      if (socket) over(socket, 'arrived');
      const watch = (): void => {
        let isWritten = false;
        if (socket) listen(socket);
        outgoing.once('finish', () => {
          isWritten = true;
          if (socket) wrote(socket, { handed, receipts });
        });
        outgoing.once('close', () => {
          if (isWritten) return;
          for (const receipt of receipts.keys()) handed.giveBack(receipt);
        });
      };
      return {
        hands: (receipt, settle) => {
          if (receipts.size === 0) watch();
          receipts.set(receipt, settle);
          handed.note(receipt, receipt, settle);
          if (outgoing.closed || !socket || socket.destroyed) handed.giveBack(receipt);
          else if (settle !== undefined) endsBehindClient(socket);
        },
        // What the kernel has to tell of the connection comes with the next turn.
        look: async () => {
          if (receipts.size > 0) await new Promise((resolve) => void setImmediate(resolve));
        },
      };
    },
    end: async () => {
      for (const socket of [...written.keys()]) over(socket, 'leave');
      await Promise.all(working);
    },
  };
}

/** Node closes a connection with its last answer, and would not hear whether that was read. */
function endsBehindClient(socket: Socket): void {
  socket.destroySoon = () => {
    socket.end();
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    socket.once('close', () => clearTimeout(timer));
  };
}

/**
 * On TCP who has gone just before his answer was written is seen to end as if he had read it; but what is sent to nobody resets the
 * connection, and a connection that was reset has no other end any more.
 */
function wasReset({ localPort, remotePort }: Socket): boolean {
  return localPort !== undefined && remotePort === undefined;
}
