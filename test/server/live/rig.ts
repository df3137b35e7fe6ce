/** Clients that read what goes on, as slowly as they like, and some that die. */
import { type IncomingMessage, request } from 'node:http';

interface Event {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string | undefined;
  readonly retry: string | undefined;
}

export interface Reading {
  readonly status: number;
  readonly type: string;
  readonly response: IncomingMessage;
  /** All that has come. */
  text(): string;
  /** Blocks of Server-Sent Events that are whole, comments left out. */
  events(): readonly Event[];
  /** Lines of JSON that are whole. */
  lines(): any[]; // oxlint-disable-line typescript/no-explicit-any -- a test knows what it asked for
  /** Comes when it holds. */
  until(holds: () => boolean, ms?: number): Promise<void>;
  readonly ended: Promise<void>;
  /** As one who is killed. */
  destroy(): void;
}

export interface Opening {
  readonly as?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** It does not read until it is told to. */
  readonly paused?: true;
}

export function open(socketPath: string, path: string, { as, headers, paused }: Opening = {}): Promise<Reading> {
  return new Promise((resolve, reject) => {
    const said = { ...(as !== undefined && { 'dreamos-agent': as }), ...headers };
    const sent = request({ socketPath, path, headers: said, agent: false });
    sent.on('error', reject).on('response', (response) => resolve(reading(response, paused)));
    sent.end();
  });
}

export const asEvents = { accept: 'text/event-stream' };

function reading(response: IncomingMessage, paused: boolean | undefined): Reading {
  let text = '';
  let changed = (): void => undefined;
  const events: Event[] = [];
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
    const blocks = `${rest}${chunk}`.split('\n\n');
    rest = blocks.pop() ?? '';
    events.push(...blocks.filter((block) => !block.startsWith(':')).map(eventIn));
    changed();
  });
  if (paused) response.pause();
  const ended = new Promise<void>((resolve) => {
    response.on('error', () => undefined).on('close', () => resolve());
  });
  return {
    status: response.statusCode ?? 0,
    type: response.headers['content-type'] ?? '',
    response,
    text: () => text,
    events: () => events,
    lines: () =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    until: async (holds, ms = 10_000) => {
      const end = performance.now() + ms;
      while (!holds()) {
        if (performance.now() > end) throw new Error(`${ms} ms have passed; so far: ${text.slice(-2000)}`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, 100);
          changed = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    },
    ended,
    destroy: () => response.socket.destroy(),
  };
}

function eventIn(block: string): Event {
  const fields = new Map(block.split('\n').map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)]));
  return { id: fields.get('id'), event: fields.get('event'), data: fields.get('data'), retry: fields.get('retry') };
}
