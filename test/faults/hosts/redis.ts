import { errorOf, type Ended, pause, type Rig, type Terms } from '../../e2e/rig.ts';
import { durable, startServer, type TestServer } from '../../storage/redis/server.ts';
import type { Host } from './network.ts';

/** Of the one that is begun by `redisOn`. */
export const placeOf = ({ address }: Host): string => `${address}:6379`;

export function redisOn({ address, within }: Host, more: readonly string[] = []): Promise<TestServer> {
  const reached = ['--port', '6379', '--bind', address, '--protected-mode', 'no'];
  return startServer([...durable, ...reached, ...more], within);
}

export interface Senders {
  /** The ids of what was confirmed, each as often as it was told. */
  readonly confirmed: readonly string[];
  /** The codes of what was not, each with its exit code. */
  readonly refused: ReadonlySet<string>;
  /** How many were refused. */
  readonly refusals: () => number;
  /** Those that are under way are sent to their end. */
  end(): Promise<void>;
}

/** What one-shot commands send to the reviewer, one after the other, `count` at a time; what is refused is sent again under its key. */
export function keepSending(rig: Rig, terms: Terms, count = 2): Senders {
  const confirmed: string[] = [];
  const refused = new Set<string>();
  let refusals = 0;
  let isOver = false;
  const sendAll = async (who: number): Promise<void> => {
    for (let n = 0; !isOver; n++) {
      const words = ['send', 'reviewer', `m${n} of ${who}`, '--as', 'planner', '--dedupe-key', `${who}-${n}`, '--json'];
      for (;;) {
        const ended = await rig.dreamos(words, terms);
        if (ended.code === 0) {
          confirmed.push(ended.json[0]?.id ?? '');
          break;
        }
        refused.add(codeOf(ended));
        refusals++;
      }
      await pause(50);
    }
  };
  const sending = Promise.all(Array.from({ length: count }, (_, who) => sendAll(who)));
  // It is awaited at the end.
  sending.catch(() => undefined);
  return {
    confirmed,
    refused,
    refusals: () => refusals,
    end: async () => {
      isOver = true;
      await sending;
    },
  };
}

/** `ENGINE_UNREACHABLE 8` */
const codeOf = (ended: Ended): string => `${errorOf(ended).code} ${ended.code}`;

export async function idsOf(rig: Rig, state: string, terms: Terms): Promise<string[]> {
  const { json } = await rig.dreamos(`list reviewer --state ${state} --limit 100000 --json`, terms);
  return json.map(({ id }) => id);
}
