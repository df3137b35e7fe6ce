import { joined } from '../wait/joined.ts';
import { type Carrier, CarrierDown, type Connection } from '../../carriers/port.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Session } from '../root/root.ts';
import { troubleIsOver, warnOnce } from '../root/trouble.ts';
import { createBell } from '../wait/bell.ts';

/** A carrier's connection that is made anew whenever it breaks: what comes by it comes only while it is open. */
export interface Line {
  /** Waits for one. @returns `undefined`: the signal has come @throws what a new try cannot mend, and with `once` also what it could */
  current(): Promise<Connection | undefined>;
  /** What is under way ends with CarrierDown. */
  close(): Promise<void>;
}

export interface LineOptions {
  readonly peer: string;
  readonly signal: AbortSignal;
  /** One try; PEER_UNREACHABLE, if it fails. */
  readonly once: boolean;
  /** It has broken, or cannot be made: why. */
  readonly onDown: (reason: string) => void;
  /** Before anybody gets it. */
  readonly onUp: (connection: Connection) => Promise<void>;
  /** While nobody waited for it, something failed that a new try cannot mend. */
  readonly onFailed: (error: unknown) => void;
}

const firstRestMs = 100;
const longestRestMs = 30_000;
/** One that breaks again and again is told of once, until it has held for so long. */
const heldMs = 60_000;

export function keepLine(session: Session, carrier: Carrier, options: LineOptions): Line {
  const { peer, signal, once, onDown, onUp, onFailed } = options;
  const about = `the way to ${peer}`;
  const ended = new AbortController();
  const ends = joined(signal, ended.signal);
  const end = ends.signal;
  let open: Connection | undefined;
  /** In a row, without an answer in between, or one that has held. */
  let tried = 0;
  let opening: Promise<Connection | undefined> | undefined;

  const tell = (why: string): void => {
    warnOnce(session, about, `${peer} cannot be reached by ${carrier.words}, which is tried again and again: ${why}`);
    onDown(why);
  };
  const connect = async (): Promise<Connection | undefined> => {
    const bell = createBell();
    while (!end.aborted) {
      if (tried > 0) {
        const nominal = Math.min(longestRestMs, firstRestMs * 2 ** Math.min(tried - 1, 10));
        await bell.rest(nominal * (0.5 + session.ids.fraction() / 2), end);
      }
      tried++;
      try {
        const made = answering(await carrier.connect(end));
        await onUp(made);
        const since = session.clock.uptime();
        open = made;
        void made.ended.then((why) => {
          if (session.clock.uptime() - since >= heldMs) {
            troubleIsOver(session, about);
            tried = 0;
          }
          if (open !== made) return;
          open = undefined;
          if (end.aborted) return;
          tell(why);
          if (!once) reopen().catch(onFailed);
        });
        return made;
      } catch (error) {
        if (!(error instanceof CarrierDown)) throw error;
        if (end.aborted) return undefined;
        if (once) throw unreachable(peer, carrier, error);
        tell(error.message);
      }
    }
    return undefined;
  };

  const answering = (made: Connection): Connection => {
    let isAnswered = false;
    const answered = (): void => {
      isAnswered = true;
      tried = 0;
    };
    return {
      ...made,
      publish: (parcel) => {
        const answer = made.publish(parcel);
        if (!isAnswered) void answer.then(answered, () => undefined);
        return answer;
      },
    };
  };

  const current = async (): Promise<Connection | undefined> => {
    if (open) return open;
    opening ??= connect().finally(() => (opening = undefined));
    return opening;
  };

  /** Also where it has broken before `connect` was over. */
  const reopen = async (): Promise<void> => {
    await opening;
    await current();
  };

  return {
    current,
    close: async () => {
      ended.abort();
      await opening?.catch(() => undefined);
      ends.end();
      const last = open;
      open = undefined;
      await last?.close();
    },
  };
}

function unreachable(peer: string, { words }: Carrier, cause: CarrierDown): DreamosError {
  const message = `${peer} cannot be reached by ${words}: ${cause.message}`;
  return new DreamosError('unreachable', 'PEER_UNREACHABLE', message.replace(/([^.])$/, '$1.'), {
    hint: cause.hint ?? 'What waits for it stays here. Once it can be reached, the same again carries it.',
    cause,
  });
}
