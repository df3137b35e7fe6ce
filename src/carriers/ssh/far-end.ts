import type { Readable } from 'node:stream';
import { messageInvalid } from '../../model/refusals.ts';
import { answerLine, type Framed, hello, mostLineBytes, parcelIn } from '../frames.ts';
import { createIntake } from '../intake.ts';
import type { Answer, Parcel } from '../port.ts';
import { createSplitter } from './lines.ts';

export interface FarEnd {
  readonly input: Readable;
  /** Resolves when the stream has taken it. */
  readonly write: (text: string) => Promise<void>;
  readonly take: (parcels: readonly Parcel[]) => Promise<readonly Answer[]>;
  /** Takes no more; what is being taken is answered. */
  readonly signal: AbortSignal;
}

/** Answers what a bridge brings until its input ends. @throws MESSAGE_INVALID: a line is no frame */
export async function serveFarEnd({ input, write, take, signal }: FarEnd): Promise<void> {
  await write(`${hello}\n`);
  const failures: unknown[] = [];
  const intake = createIntake<Framed>({
    store: async (some) => {
      const answers = await take(some.map(({ parcel }) => parcel));
      await write(some.map(({ n }, i) => `${answerLine(n, answers[i] as Answer)}\n`).join(''));
    },
    onFailure: (error) => {
      failures.push(error);
      input.destroy();
    },
    signal,
  });
  const splitter = createSplitter(mostLineBytes);
  const stop = (): void => void input.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of input as AsyncIterable<Uint8Array | string>) {
      for (const line of splitter.add(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)) {
        const framed = parcelIn(line);
        if (!framed)
          throw messageInvalid(`This is no frame of a bridge: ${line.toString('utf8', 0, 60)}`, 'dreamos help bridges');
        intake.add(framed);
      }
      intake.begin();
      await intake.room();
      if (failures.length > 0 || signal.aborted) break;
    }
  } catch (error) {
    // An input that was destroyed here ends so, too.
    if (!signal.aborted && failures.length === 0) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    await intake.idle();
  }
  if (failures.length > 0) throw failures[0];
}
