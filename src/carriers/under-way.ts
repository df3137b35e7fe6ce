import { CarrierDown } from './port.ts';

/** What was sent and is not answered yet, by its number. */
export interface UnderWay<A> {
  /** @returns its number, and what it is answered @throws CarrierDown: it has ended */
  add(): { readonly n: number; readonly answer: Promise<A> };
  answered(n: number, answer: A): void;
  /** Nothing is answered any more: what is under way ends with CarrierDown. Again, it does nothing. @returns whether it had not ended */
  end(why: string): boolean;
}

interface Waiting<A> {
  readonly resolve: (answer: A) => void;
  readonly reject: (why: Error) => void;
}

/** @param answerMs each answer shows that the other end is alive; the next one has as long again @param onSilence none came */
export function createUnderWay<A>(answerMs: number, onSilence: (why: string) => void): UnderWay<A> {
  const waiting = new Map<number, Waiting<A>>();
  let last = 0;
  let ended: string | undefined;
  let watch: NodeJS.Timeout | undefined;
  const expectAnswer = (): void => {
    if (waiting.size > 0) {
      watch ??= setTimeout(() => onSilence(`nothing was answered for ${answerMs / 1000} s`), answerMs);
      // Set anew it costs less than a new one for each answer.
      watch.refresh();
    } else {
      clearTimeout(watch);
      watch = undefined;
    }
  };
  return {
    add: () => {
      if (ended !== undefined) throw new CarrierDown(ended);
      const n = ++last;
      const answer = new Promise<A>((resolve, reject) => waiting.set(n, { resolve, reject }));
      if (waiting.size === 1) expectAnswer();
      return { n, answer };
    },
    answered: (n, answer) => {
      waiting.get(n)?.resolve(answer);
      waiting.delete(n);
      expectAnswer();
    },
    end: (why) => {
      if (ended !== undefined) return false;
      ended = why;
      clearTimeout(watch);
      for (const { reject } of waiting.values()) reject(new CarrierDown(why));
      waiting.clear();
      return true;
    },
  };
}
