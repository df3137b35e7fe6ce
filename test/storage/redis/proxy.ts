import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Where a connection is cut: before the k-th command reaches the server, or behind it, before its answer comes. */
export interface Cut {
  readonly at: number;
  readonly side: 'before the command' | 'before its answer';
  /** What happens on the server before it is noticed. */
  readonly meanwhile?: (() => Promise<unknown>) | undefined;
}

export interface Proxy {
  readonly address: string;
  /** How many commands have come so far. */
  commands(): number;
  /** From now on, once. */
  cut(cut: Cut | undefined): void;
  /** Ends every connection that there is. */
  dropAll(): void;
  close(): Promise<void>;
}

/** Between a client and a server on unix sockets: it counts commands, and cuts. */
export async function startProxy(to: string, path: string): Promise<Proxy> {
  let [count, planned]: [number, Cut | undefined] = [0, undefined];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const behind = connect(to);
    const parser = new Commands();
    // So many answers are dropped with the connection: it ends as soon as the first of them comes.
    let isDropping = false;
    let meanwhile: Cut['meanwhile'];
    const end = (): void => {
      client.destroy();
      behind.destroy();
    };
    for (const one of [client, behind]) {
      sockets.add(one);
      one.on('error', end);
      one.on('close', () => {
        sockets.delete(one);
        end();
      });
    }
    client.on('data', (data) => {
      for (const command of parser.add(data)) {
        count++;
        const isMeant = planned?.at === count;
        if (isMeant && planned?.side === 'before the command') return end();
        behind.write(command);
        if (isMeant) [isDropping, meanwhile] = [true, planned?.meanwhile];
      }
    });
    behind.on('data', (data) => {
      if (isDropping) void (meanwhile?.() ?? Promise.resolve()).finally(end);
      else client.write(data);
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    address: `redis+unix://${path}`,
    commands: () => count,
    cut: (cut) => {
      [count, planned] = [0, cut];
    },
    dropAll: () => {
      for (const one of sockets) one.destroy();
    },
    close: async () => {
      for (const one of sockets) one.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Takes what a client writes apart into whole commands, as bytes. */
class Commands {
  #rest = Buffer.alloc(0);

  add(data: Buffer): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, data]);
    const commands: Buffer[] = [];
    for (let end = this.#endOfFirst(); end !== undefined; end = this.#endOfFirst()) {
      commands.push(this.#rest.subarray(0, end));
      this.#rest = this.#rest.subarray(end);
    }
    return commands;
  }

  /** `*2\r\n$3\r\nGET\r\n$1\r\na\r\n` */
  #endOfFirst(): number | undefined {
    let at = 0;
    const number = (): number | undefined => {
      const end = this.#rest.indexOf('\r\n', at);
      if (end < 0) return undefined;
      const value = Number(this.#rest.toString('latin1', at + 1, end));
      at = end + 2;
      return value;
    };
    const words = number();
    if (words === undefined) return undefined;
    for (let i = 0; i < words; i++) {
      const length = number();
      if (length === undefined) return undefined;
      at += length + 2;
    }
    return at <= this.#rest.length ? at : undefined;
  }
}
