import type { Readable } from 'node:stream';
import { messageInvalid } from '../../model/refusals.ts';
import type { Answer, Parcel } from '../port.ts';
import { answerLine, type Framed, hello, mostLineBytes, parcelIn } from './frames.ts';
import { createSplitter } from './lines.ts';

export interface FarEnd {
  readonly input: Readable;
  /** Resolves when the stream has taken it. */
  readonly write: (text: string) => Promise<void>;
  readonly take: (parcels: readonly Parcel[]) => Promise<readonly Answer[]>;
  /** Takes no more; what is being taken is answered. */
  readonly signal: AbortSignal;
}

// What lies ready is stored in one call, and so shares its syncs.
const mostTogether = 100;
const bytesTogether = 4 * 1024 * 1024;
/** So much is read ahead. */
const aheadBytes = 2 * bytesTogether;

/** Answers what a bridge brings until its input ends. @throws MESSAGE_INVALID: a line is no frame */
export async function serveFarEnd({ input, write, take, signal }: FarEnd): Promise<void> {
  await write(`${hello}\n`);
  const queue: Framed[] = [];
  let queued = 0;
  let storing: Promise<void> | undefined;
  const failures: unknown[] = [];

  const next = (): Framed[] => {
    let bytes = 0;
    const isTaken = ({ parcel }: Framed): boolean => (bytes += parcel.bytes.length) <= bytesTogether;
    let count = 1;
    isTaken(queue[0] as Framed);
    while (count < queue.length && count < mostTogether && isTaken(queue[count] as Framed)) count++;
    return queue.splice(0, count);
  };
  const store = async (): Promise<void> => {
    while (queue.length > 0 && !signal.aborted) {
      const some = next();
      for (const { parcel } of some) queued -= parcel.bytes.length;
      const answers = await take(some.map(({ parcel }) => parcel));
      await write(some.map(({ n }, i) => answerLine(n, answers[i] as Answer)).join(''));
    }
  };
  const begin = (): void => {
    storing ??= store()
      .catch((error: unknown) => {
        failures.push(error);
        input.destroy();
      })
      .finally(() => (storing = undefined));
  };

  const splitter = createSplitter(mostLineBytes);
  const stop = (): void => void input.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of input as AsyncIterable<Uint8Array | string>) {
      for (const line of splitter.add(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)) {
        const framed = parcelIn(line);
        if (!framed)
          throw messageInvalid(`This is no frame of a bridge: ${line.toString('utf8', 0, 60)}`, 'dreamos help bridges');
        queue.push(framed);
        queued += framed.parcel.bytes.length;
      }
      begin();
      if (queued > aheadBytes) await storing;
      if (failures.length > 0 || signal.aborted) break;
    }
  } catch (error) {
    // An input that was destroyed here ends so, too.
    if (!signal.aborted && failures.length === 0) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    await storing;
  }
  if (failures.length > 0) throw failures[0];
}
