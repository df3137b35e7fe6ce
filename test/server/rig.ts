/** A root on disk and its server in this process; requests go through the unix socket. */
import { type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { initRoot } from '../../src/core/open-root.ts';
import { serve, type ServeOptions } from '../../src/server/serve.ts';
import { scratch } from '../scratch.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Its JSON; `undefined`: it has none. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test knows what it asked for
  readonly value: any;
}

export interface Asked {
  readonly as?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Its JSON is sent; a text as it is. */
  readonly body?: unknown;
}

/** @param agents who has a mailbox; who uses it closes it */
export async function createServed(agents: readonly string[], options: Partial<ServeOptions> = {}) {
  const dir = scratch();
  const { root } = await initRoot({ root: dir, agents });
  const socket = join(dir, 's');
  const begin = () => serve(root, { socket, ...options });
  let served = await begin();

  const ask = (method: string, path: string, { as, headers, body }: Asked = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const kind = body === undefined ? {} : { 'content-type': 'application/json' };
      const said = { ...(as !== undefined && { 'dreamos-agent': as }), ...kind, ...headers };
      const json = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const sent = request({ socketPath: socket, method, path, headers: said, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk)).on('error', reject);
        response.on('end', () => {
          const isJson = (response.headers['content-type'] ?? '').split(';')[0]?.endsWith('json') ?? false;
          const { statusCode: status = 0, headers: got } = response;
          resolve({ status, headers: got, text, value: isJson && text !== '' ? JSON.parse(text) : undefined });
        });
      });
      sent.on('error', reject);
      sent.end(json);
    });

  return {
    dir,
    socket,
    root,
    about: served.about,
    get: (path: string, asked?: Asked) => ask('GET', path, asked),
    post: (path: string, body: unknown, asked?: Asked) => ask('POST', path, { ...asked, body }),
    ask,
    stop: (graceMs?: number) => served.close(graceMs),
    /** Behind `stop`. */
    begin: async () => void (served = await begin()),
    close: async (graceMs?: number) => {
      await served.close(graceMs);
      await root.close();
    },
  };
}
