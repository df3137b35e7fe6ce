/** From one mailbox to another root: claimed here, stored there, acked here. A kill anywhere leaves it claimed, so that it comes again. */
import { joined } from '../wait/joined.ts';
import { type Answer, CarrierDown, type Connection, type Refusal } from '../../carriers/port.ts';
import type { AgentCard } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { type Message, seal } from '../../model/message.ts';
import type { Delivery } from '../../storage/port/mail.ts';
import type { Session } from '../root/root.ts';
import { type Claim, keepLease } from '../take/keep-lease.ts';
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
  const ask = createAsking(session, options);
  const begin = (load: Load, together: Promise<Together>): void => {
    const size = load.bytes.length;
    bytes += size;
    running++;
    void carry(session, load, together, around)
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
          const together = ask(some);
          for (const delivery of some) begin(loadOf(delivery), together);
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

/** What is asked once for all that was claimed together. */
interface Together {
  /** How many roots each has left, by its id. */
  readonly hops: ReadonlyMap<string, number>;
  /** `undefined`: the bridge was stopped. */
  readonly connection: Connection | undefined;
}

/** @returns one behind the other, so that they are published in the order of their claims */
function createAsking(session: Session, { leftMs, received, line }: OutOptions) {
  let before: Promise<unknown> = Promise.resolve();
  return (some: readonly Delivery[]): Promise<Together> => {
    const [{ mailbox } = { mailbox: '' }] = some;
    const ids = some.map(({ message: { id } }) => id);
    const asked = before.then(async () => ({
      hops: await persist(session, { leftMs }, () => received.hops(ids, mailbox)),
      connection: await line.current(),
    }));
    before = asked.catch(() => undefined);
    return asked;
  };
}

/** What of a claim is held until it is answered: its message, taken apart, would be as long again. */
interface Load extends Claim {
  readonly isTask: boolean;
  /** Of its message, as its file has them. */
  readonly bytes: Uint8Array;
  /** Why it has none. */
  readonly fault?: Refusal;
}

function loadOf({ receipt, mailbox, leaseUntil, message }: Delivery): Load {
  const { id, task } = message;
  return { receipt, mailbox, leaseUntil, message: { id }, isTask: task !== undefined, ...sealed(message) };
}

function sealed(message: Message): Pick<Load, 'bytes' | 'fault'> {
  try {
    return { bytes: seal(message) };
  } catch (error) {
    const bytes = new Uint8Array();
    if (error instanceof DreamosError) return { bytes, fault: { code: error.code, reason: error.message } };
    if (!(error instanceof RangeError)) throw error;
    // Nested deeper than the stack goes, or longer than a string may be.
    return { bytes, fault: { code: 'NOT_CARRIED', reason: `it cannot be written in JSON: ${error.message}` } };
  }
}

interface Around {
  readonly options: OutOptions;
  readonly acks: Acks;
  readonly rests: ReturnType<typeof createRests>;
}

async function carry(session: Session, load: Load, together: Promise<Together>, around: Around): Promise<void> {
  const { peer, told, leftMs } = around.options;
  const lease = keepLease(session, load, undefined, () => undefined);
  let answer: Answer | CarrierDown;
  let { receipt } = load;
  try {
    answer = await answerTo(load, together, around.options);
  } finally {
    receipt = await lease.end();
  }
  try {
    if (!(answer instanceof CarrierDown) && answer.is === 'stored') {
      around.rests.forget(load);
      await around.acks.add(receipt);
    } else {
      const said = answer;
      await persist(session, { leftMs }, async () => {
        const under = (await session.checkAgain?.()) ?? session;
        await giveBack(under, { ...load, receipt }, said, around);
      });
    }
  } catch (error) {
    if (!(error instanceof DreamosError) || error.kind !== 'conflict') throw error;
    // Stored or not, whoever has it now brings it there once more, and it is known there by its id.
    return told({ event: 'lost', id: load.message.id, mailbox: load.mailbox, peer, reason: error.message });
  }
  await told(carriedAs(load, peer, answer));
}

async function answerTo(
  { message: { id }, mailbox, isTask, bytes, fault }: Load,
  together: Promise<Together>,
  { returns }: OutOptions,
): Promise<Answer | CarrierDown> {
  const returned = returns.take(id, mailbox);
  if (returned) return { is: 'refused', ...returned };
  if (isTask) return { is: 'refused', code: 'NOT_CARRIED', reason: 'a task stays in the root in which it was made' };
  if (fault) return { is: 'refused', ...fault };
  try {
    const { hops, connection } = await together;
    if (!connection) return new CarrierDown('the bridge was stopped');
    return await connection.publish({ id, to: mailbox, hops: (hops.get(id) ?? 0) + 1, bytes });
  } catch (error) {
    if (error instanceof CarrierDown) return error;
    throw error;
  }
}

async function giveBack(
  session: Session,
  claim: Claim,
  answer: Exclude<Answer, { is: 'stored' }> | CarrierDown,
  { options: { peer }, rests }: Around,
): Promise<void> {
  const { receipt } = claim;
  if (answer instanceof CarrierDown) {
    await nack(session, receipt, { free: true, delayMs: 0, reason: `${peer}: ${answer.message}` });
  } else {
    const reason = answer.is === 'refused' ? refusedBy(peer, answer) : notNow(peer, answer);
    const how = answer.is === 'refused' ? { dead: true } : { free: true, delayMs: await rests.next(claim) };
    await nack(session, receipt, { ...how, reason });
  }
}
