import { joined } from '../../core/wait/joined.ts';
import type { Context } from '../../cli/context.ts';
import { serveFarEnd } from '../../carriers/ssh/far-end.ts';
import { createReceiver } from '../../core/bridge/receive.ts';

/** After these it would answer the same for ever: the next one looks for the root anew. */
const away: ReadonlySet<string> = new Set(['ROOT_MOVED', 'ROOT_NOT_FOUND']);

export async function receiveCommand(context: Context): Promise<void> {
  const { around, output, signal } = context;
  const session = await context.session();
  const receiver = createReceiver(session);
  context.endsBySignal = true;
  const letGo = around.holdExit(() => undefined);
  const ends = new AbortController();
  try {
    await serveFarEnd({
      input: around.stdin,
      write: (text) => output.data(text),
      take: async (parcels) => {
        const answers = await receiver.take(parcels);
        const gone = answers.find((one) => one.is === 'later' && away.has(one.code));
        if (gone?.is === 'later' && !ends.signal.aborted) {
          session.warn(`${gone.reason} This takes no more; the next one looks for it anew.`);
          ends.abort();
        }
        return answers;
      },
      signal: joined(signal, ends.signal).signal,
    });
  } finally {
    await receiver.close();
    letGo();
  }
}
