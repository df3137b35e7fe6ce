import { versionIn } from './frames.ts';
import { CarrierDown } from './port.ts';
import { createUnderWay } from './under-way.ts';

/** What is said with a `dreamos receive`: its hello first, then an answer for each that is brought, by its number. */
export interface Talk<A> {
  /** Why it has ended. */
  readonly ended: Promise<string>;
  isOver(): boolean;
  /** @returns its number, and what it is answered @throws CarrierDown: it has ended */
  add(): { readonly n: number; readonly answer: Promise<A> };
  hear(line: string): void;
  /** What is under way ends with CarrierDown. Again, it does nothing. */
  end(why: string): void;
  /** @returns its hello @throws CarrierDown: it has ended before, by the signal too */
  greeted(signal: AbortSignal): Promise<string>;
}

export interface TalkOptions<A> {
  /** `undefined`: it is none. */
  readonly answerIn: (line: string) => { readonly n: number; readonly answer: A } | undefined;
  /** The hello has to come within this; milliseconds. */
  readonly helloMs: number;
  /** Of whom it is said that he has not said it: `its command has`. */
  readonly who: string;
  /** Why it ends where something else is said first, and more often than `mostChatter`. */
  readonly stranger: string;
  /** How many lines before the hello are passed over. */
  readonly mostChatter?: number;
  /** As of what is under way; milliseconds. */
  readonly answerMs: number;
  /** Once. */
  readonly onEnd: () => void;
}

export function createTalk<A>(options: TalkOptions<A>): Talk<A> {
  const { answerIn, helloMs, who, stranger, mostChatter = 0, answerMs, onEnd } = options;
  let tellEnd: (why: string) => void = () => undefined;
  let tellHello: (line: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => (tellEnd = resolve));
  const hello = new Promise<{ readonly line: string }>((resolve) => (tellHello = (line) => resolve({ line })));
  let isGreeted = false;
  let isOver = false;
  let chatter = 0;
  const end = (why: string): void => {
    if (!underWay.end(why)) return;
    isOver = true;
    tellEnd(why);
    onEnd();
  };
  const underWay = createUnderWay<A>(answerMs, end);
  return {
    ended,
    isOver: () => isOver,
    add: () => underWay.add(),
    hear: (line) => {
      if (isGreeted) {
        const said = answerIn(line);
        if (!said) return end(`this is no answer: ${line.slice(0, 60)}`);
        return underWay.answered(said.n, said.answer);
      }
      const version = versionIn(line);
      if (version === undefined) {
        if (++chatter > mostChatter) end(stranger);
      } else if (version === 1) {
        isGreeted = true;
        tellHello(line);
      } else end(`it speaks version ${version} of what bridges say, and this one 1`);
    },
    end,
    greeted: async (signal) => {
      const stop = (): void => end('the bridge was stopped');
      signal.addEventListener('abort', stop, { once: true });
      const timer = setTimeout(
        () => end(`${who} not said in ${helloMs / 1000} s that it is \`dreamos receive\``),
        helloMs,
      );
      if (signal.aborted) stop();
      const early = await Promise.race([hello, ended]);
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      if (typeof early === 'string') throw new CarrierDown(early);
      return early.line;
    },
  };
}
