import type { Answer, Parcel, Tell, Told } from '../../carriers/port.ts';
import { serveFarEnd } from '../../carriers/ssh/far-end.ts';
import type { Context } from '../../cli/context.ts';
import { errorCodes } from '../../contract/error-codes.ts';
import { createReceiver } from '../../core/bridge/receive.ts';
import { joined } from '../../core/wait/joined.ts';
import { DreamosError, type ErrorCode } from '../../model/errors.ts';
import { absolute, usage } from '../../model/refusals.ts';

export interface ReceiveFlags {
  listen?: string;
  key?: string;
}

/** After these it would answer the same for ever: the next one looks for the root anew. */
const away: ReadonlySet<string> = new Set<ErrorCode>(['ROOT_MOVED', 'ROOT_NOT_FOUND']);

export async function receiveCommand(context: Context, { listen, key }: ReceiveFlags): Promise<void> {
  const { around, output, signal } = context;
  const serve = listen === undefined ? undefined : await listener(context, listen, key);
  if (!serve && key !== undefined) throw usage('--key is for --listen: on stdin nobody is asked for one.', example);
  const session = await context.session();
  const receiver = createReceiver(session);
  context.endsBySignal = true;
  const letGo = around.holdExit(() => undefined);
  const ends = new AbortController();
  let gone: Extract<Answer, { is: 'later' }> | undefined;
  const endIfGone = (answers: readonly (Answer | Told)[]): void => {
    gone ??= answers.find((one) => one.is === 'later' && away.has(one.code)) as typeof gone;
    if (!gone || ends.signal.aborted) return;
    if (!serve) session.warn(`${gone.reason} This takes no more; the next one looks for it anew.`);
    ends.abort();
  };
  const way = {
    take: async (parcels: readonly Parcel[]) => {
      const answers = await receiver.take(parcels);
      endIfGone(answers);
      return answers;
    },
    signal: joined(signal, ends.signal).signal,
  };
  try {
    if (serve) {
      const { createTell } = await import('../../core/bridge/tell.ts');
      const { ask, watch } = createTell(session);
      const tell: Tell = {
        ask: async (asked, peer) => {
          const told = await ask(asked, peer);
          endIfGone([told]);
          return told;
        },
        watch,
      };
      await serve({ ...way, tell, warn: (message) => session.warn(message) });
    } else await serveFarEnd({ ...way, input: around.stdin, write: (text) => output.data(text) });
  } finally {
    await receiver.close();
    letGo();
  }
  // No bridge starts the next one: whoever keeps it running has to see that it ended.
  if (serve && gone) {
    const code = gone.code as ErrorCode;
    throw new DreamosError(errorCodes[code].kind, code, gone.reason, { hint: 'The same again looks for it anew' });
  }
}

const example = 'dreamos receive --listen tcp://192.0.2.2:5555 --key ~/.config/dreamos/zeromq';

type Way = Pick<
  Parameters<typeof import('../../carriers/zeromq/listen.ts').listenForBridges>[1],
  'take' | 'tell' | 'signal' | 'warn'
>;

async function listener(
  context: Context,
  address: string,
  key: string | undefined,
): Promise<(way: Way) => Promise<void>> {
  const { checkAddress } = await import('../../carriers/zeromq/socket.ts');
  checkAddress(address, example, true);
  if (key === undefined) throw usage('Keys say who may connect, so --listen needs a file of them: --key.', example);
  // Where there is no root, no keys are made.
  await context.session();
  const { loadZeromq } = await import('../../carriers/zeromq/package.ts');
  const zmq = await loadZeromq();
  const { curveKeys, expectPeers } = await import('../../carriers/zeromq/keys.ts');
  const keys = await curveKeys(absolute(context.around.cwd(), key, 'SOURCE_NOT_FOUND'), zmq.curveKeyPair);
  expectPeers(keys);
  const { listenForBridges } = await import('../../carriers/zeromq/listen.ts');
  const onUp = (at: string): Promise<void> => context.output.note(`Listening at ${at}.`);
  return (way) => listenForBridges(zmq, { ...way, address, keys, onUp });
}
