/** From one mailbox to another root: claimed here, stored there, acked here. A kill anywhere leaves it claimed, so that it comes again. */
import { joined } from '../wait/joined.ts';
import { type Answer, CarrierDown } from '../../carriers/port.ts';
import type { AgentCard } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { seal } from '../../model/message.ts';
import { once as lazily } from '../../model/schema.ts';
import type { Delivery } from '../../storage/port/mail.ts';
import type { Session } from '../root/root.ts';
import { keepLease } from '../take/keep-lease.ts';
import { createManyReader } from '../take/many.ts';
import { nack } from '../take/settle.ts';
import { takeUp } from '../take/take-up.ts';
import { createBell } from '../wait/bell.ts';
import { persist } from '../wait/persist.ts';
import { createWaiter } from '../wait/wait.ts';
import { createRests } from '../work/rests.ts';
import { type Acks, createAcks } from './acks.ts';
import type { Line } from './line.ts';
import type { Received } from './received.ts';
import type { Returns } from './returned.ts';
import { carriedAs, notNow, refusedBy, type Told } from './told.ts';

export interface OutOptions {
  readonly peer: string;
  readonly line: Line;
  /** So many messages are under way at a time. */
  readonly window: number;
  /** Ends when nothing is ready any more. */
  readonly once: boolean;
  /** Claims nothing more; what is under way is finished. */
  readonly signal: AbortSignal;
  /** For how long what its root's engine refuses, which is away, is tried again; milliseconds. */
  readonly leftMs: () => number;
  readonly received: Received;
  readonly returns: Returns;
  readonly told: (told: Told) => Promise<void>;
}

/** Of bodies that are under way; more than this of one mailbox only if a single one is larger. */
const mostBytes = 32 * 1024 * 1024;
/** The most that are claimed in one step. */
const mostTogether = 64;

/** @throws AGENT_NOT_FOUND: it was renamed or deleted meanwhile; what the storage throws */
export async function carryFrom(session: Session, card: AgentCard, options: OutOptions): Promise<void> {
  const { line, window, once, signal } = options;
  const claims = await persist(session, { leftMs: options.leftMs, signal }, () => takeUp(session, card.name));
  if (claims === undefined) return;
  const waiter = createWaiter(session, card.name);
  const acks = createAcks(session, session.acting ?? card.name, options.peer, options.leftMs);
  const around = { options, acks, rests: createRests(session) };
  /** Rung when one of them is over. */
  const over = createBell();
  let running = 0;
  let bytes = 0;
  const failures: unknown[] = [];
  const stop = new AbortController();
  const ends = joined(signal, stop.signal);
  const end = ends.signal;
  const begin = (delivery: Delivery, hops: Hops): void => {
    const size = Buffer.byteLength(delivery.message.body);
    bytes += size;
    running++;
    void carry(session, delivery, hops, around)
      .catch((error: unknown) => {
        failures.push(error);
        stop.abort();
      })
      .finally(() => {
        bytes -= size;
        running--;
        over.ring();
      });
  };
  try {
    const reader = createManyReader(session, card, () => claims.token());
    while (!end.aborted) {
      if (running >= window || bytes >= mostBytes) await over.rest(Infinity);
      else if ((await line.current()) === undefined) break;
      else {
        const underWay = running;
        const room = { count: Math.min(mostTogether, window - running), bytes: mostBytes - bytes };
        const some = await reader.next(waiter, room, { waitMs: once ? 0 : Infinity, signal: end });
        if (some) {
          const hops = hopsOf(session, some, options);
          for (const delivery of some) begin(delivery, hops);
        }
        // Behind the ordering keys of what is under way there may be more.
        else if (once && underWay > 0) await over.rest(Infinity);
        else if (once) break;
      }
    }
  } finally {
    while (running > 0) await over.rest(Infinity);
    await claims.close();
    await waiter.close();
    ends.end();
  }
  if (failures.length > 0) throw failures[0];
}

/** How many roots what was claimed together has left, by its ids. */
type Hops = () => Promise<ReadonlyMap<string, number>>;

/** They are looked for once, by the first that asks. */
function hopsOf(session: Session, some: readonly Delivery[], { leftMs, received }: OutOptions): Hops {
  const [{ mailbox } = { mailbox: '' }] = some;
  const ids = some.map(({ message: { id } }) => id);
  return lazily(() => persist(session, { leftMs }, () => received.hops(ids, mailbox)));
}

interface Around {
  readonly options: OutOptions;
  readonly acks: Acks;
  readonly rests: ReturnType<typeof createRests>;
}

async function carry(session: Session, delivery: Delivery, hops: Hops, around: Around): Promise<void> {
  const { peer, told, leftMs } = around.options;
  const lease = keepLease(session, delivery, undefined, () => undefined);
  let answer: Answer | CarrierDown;
  let receipt = delivery.receipt;
  try {
    answer = await answerTo(delivery, hops, around.options);
  } finally {
    receipt = await lease.end();
  }
  try {
    if (!(answer instanceof CarrierDown) && answer.is === 'stored') {
      around.rests.forget(delivery);
      await around.acks.add(receipt);
    } else {
      const said = answer;
      await persist(session, { leftMs }, async () => {
        const under = (await session.checkAgain?.()) ?? session;
        await giveBack(under, { ...delivery, receipt }, said, around);
      });
    }
  } catch (error) {
    if (!(error instanceof DreamosError) || error.kind !== 'conflict') throw error;
    // Stored or not, whoever has it now brings it there once more, and it is known there by its id.
    return told({ event: 'lost', id: delivery.message.id, mailbox: delivery.mailbox, peer, reason: error.message });
  }
  await told(carriedAs(delivery, peer, answer));
}

async function answerTo(
  { message, mailbox }: Delivery,
  hops: Hops,
  options: OutOptions,
): Promise<Answer | CarrierDown> {
  const { id } = message;
  const returned = options.returns.take(id, mailbox);
  if (returned) return { is: 'refused', ...returned };
  if (message.task)
    return { is: 'refused', code: 'NOT_CARRIED', reason: 'a task stays in the root in which it was made' };
  try {
    const left = (await hops()).get(id) ?? 0;
    const connection = await options.line.current();
    if (!connection) return new CarrierDown('the bridge was stopped');
    return await connection.publish({ id, to: mailbox, hops: left + 1, bytes: seal(message) });
  } catch (error) {
    if (error instanceof CarrierDown) return error;
    throw error;
  }
}

async function giveBack(
  session: Session,
  delivery: Delivery,
  answer: Exclude<Answer, { is: 'stored' }> | CarrierDown,
  { options: { peer }, rests }: Around,
): Promise<void> {
  const { receipt } = delivery;
  if (answer instanceof CarrierDown) {
    await nack(session, receipt, { free: true, delayMs: 0, reason: `${peer}: ${answer.message}` });
  } else {
    const reason = answer.is === 'refused' ? refusedBy(peer, answer) : notNow(peer, answer);
    const how = answer.is === 'refused' ? { dead: true } : { free: true, delayMs: await rests.next(delivery) };
    await nack(session, receipt, { ...how, reason });
  }
}
