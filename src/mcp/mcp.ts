import { ReadBuffer, serializeMessage, type Transport } from '@modelcontextprotocol/server';
import type { Context } from '../cli/context.ts';
import type { Surroundings } from '../cli/surroundings.ts';
import { serve } from './serve.ts';

/** Serves the client on stdin and stdout until it has gone. Nothing but the protocol goes to stdout. */
export async function mcpCommand(context: Context): Promise<void> {
  const { around, output } = context;
  if (around.stdin.isTTY)
    await output.note("An agent's tool starts this, and talks to it; Ctrl-D ends it. How: dreamos help tools");
  await serve(context, standardLine(around));
}

/** A message a line, over the streams of the command. */
function standardLine({ stdin, stdout }: Surroundings): Transport {
  const buffer = new ReadBuffer();
  let closed = false;
  /** @returns whether there was one */
  const deliverNext = (): boolean => {
    try {
      const message = buffer.readMessage();
      if (message !== null) line.onmessage?.(message);
      return message !== null;
    } catch {
      // What is wrong with it zod says on a page.
      line.onerror?.(new Error('A line on stdin is no message of the protocol, and is passed over.'));
      return true;
    }
  };
  const line: Transport = {
    start: async () => {
      stdout.on('error', () => void line.close());
      stdin.on('data', (bytes: Buffer) => {
        try {
          buffer.append(bytes);
          while (deliverNext());
        } catch (error) {
          // One that is too long for it: where the next one begins, nobody knows.
          line.onerror?.(error as Error);
          void line.close();
        }
      });
      stdin.on('error', () => void line.close());
      stdin.on('end', () => void line.close());
      stdin.on('close', () => void line.close());
    },
    send: (message) =>
      new Promise((resolve, reject) => {
        stdout.write(serializeMessage(message), (error) => (error ? reject(error) : resolve()));
      }),
    close: async () => {
      if (closed) return;
      closed = true;
      line.onclose?.();
    },
  };
  return line;
}
