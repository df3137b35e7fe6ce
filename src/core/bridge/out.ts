/** From one mailbox to another root: claimed here, stored there, acked here. A kill anywhere leaves it claimed, so that it comes again. */
import { joined } from '../wait/joined.ts';
import { type Answer, CarrierDown, type Connection } from '../../carriers/port.ts';
import type { AgentCard } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { seal } from '../../model/message.ts';
import type { Delivery, Settled } from '../../storage/port/mail.ts';
import type { Session } from '../root/root.ts';
import type { Claim } from '../take/keep-lease.ts';
import { createManyReader } from '../take/many.ts';
import { nack } from '../take/settle.ts';
import { takeUp } from '../take/take-up.ts';
import { createBell } from '../wait/bell.ts';
import { persist } from '../wait/persist.ts';
import { createWaiter } from '../wait/wait.ts';
import { createRests } from '../work/rests.ts';
import { ackCarried } from './acks.ts';
import { keepLeases } from './leases.ts';
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
  const around = { options, by: session.acting ?? card.name, rests: createRests(session) };
  /** Rung when one of them is over. */
  const over = createBell();
  let running = 0;
  let bytes = 0;
  const failures: unknown[] = [];
  const stop = new AbortController();
  const ends = joined(signal, stop.signal);
  const end = ends.signal;
  const ask = createAsking(session, options);
  const begin = (loads: readonly Load[], together: Promise<Together>): void => {
    let size = 0;
    for (const load of loads) size += load.bytes.length;
    bytes += size;
    running += loads.length;
    void carry(session, loads, together, around)
      .catch((error: unknown) => {
        failures.push(error);
        stop.abort();
      })
      .finally(() => {
        bytes -= size;
        running -= loads.length;
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
        if (some) begin(some.map(loadOf), ask(some));
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
}

function loadOf({ receipt, mailbox, leaseUntil, message }: Delivery): Load {
  const { id, task } = message;
  return { receipt, mailbox, leaseUntil, message: { id }, isTask: task !== undefined, bytes: seal(message) };
}

interface Around {
  readonly options: OutOptions;
  /** Who acks. */
  readonly by: string;
  readonly rests: ReturnType<typeof createRests>;
}

/** What was claimed together is settled together: mostly it is answered together, too. */
async function carry(
  session: Session,
  loads: readonly Load[],
  together: Promise<Together>,
  around: Around,
): Promise<void> {
  const leases = keepLeases(session, loads);
  let answers: readonly (Answer | CarrierDown)[];
  let receipts: readonly string[] = [];
  try {
    answers = await answersTo(loads, together, around.options);
  } finally {
    receipts = await leases.end();
  }
  const stored: Carried[] = [];
  const others: Promise<void>[] = [];
  for (const [i, { mailbox, message, leaseUntil }] of loads.entries()) {
    const answer = answers[i] as Answer | CarrierDown;
    const claim = { mailbox, message, leaseUntil, receipt: receipts[i] as string };
    if (!(answer instanceof CarrierDown) && answer.is === 'stored') stored.push({ claim, answer });
    else others.push(giveBack(session, claim, answer, around));
  }
  const settled = await Promise.allSettled([ackStored(session, stored, around), ...others]);
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
}

/** In the order of the calls. */
async function answersTo(
  loads: readonly Load[],
  together: Promise<Together>,
  { returns }: OutOptions,
): Promise<(Answer | CarrierDown)[]> {
  const { hops, connection } = await together;
  const answerTo = async ({ message: { id }, mailbox, isTask, bytes }: Load): Promise<Answer | CarrierDown> => {
    const returned = returns.take(id, mailbox);
    if (returned) return { is: 'refused', ...returned };
    if (isTask) return { is: 'refused', code: 'NOT_CARRIED', reason: 'a task stays in the root in which it was made' };
    if (!connection) return new CarrierDown('the bridge was stopped');
    try {
      return await connection.publish({ id, to: mailbox, hops: (hops.get(id) ?? 0) + 1, bytes });
    } catch (error) {
      if (error instanceof CarrierDown) return error;
      throw error;
    }
  };
  return Promise.all(loads.map(answerTo));
}

interface Carried {
  readonly claim: Claim;
  readonly answer: Extract<Answer, { is: 'stored' }>;
}

async function ackStored(session: Session, stored: readonly Carried[], { options, by, rests }: Around): Promise<void> {
  if (stored.length === 0) return;
  const { peer, leftMs, told } = options;
  const receipts = stored.map(({ claim }) => claim.receipt);
  const answers = await ackCarried(session, receipts, { by, peer, leftMs });
  const tell = ({ claim, answer }: Carried, acked?: Settled | DreamosError): Promise<void> => {
    if (acked instanceof DreamosError) return lost(claim, acked, options);
    rests.forget(claim);
    return told(carriedAs(claim, peer, answer));
  };
  await Promise.all(stored.map((one, i) => tell(one, answers[i])));
}

/** Stored or not, whoever has it now brings it there once more, and it is known there by its id. @throws what is no conflict */
async function lost({ mailbox, message: { id } }: Claim, error: unknown, { peer, told }: OutOptions): Promise<void> {
  if (!(error instanceof DreamosError) || error.kind !== 'conflict') throw error;
  await told({ event: 'lost', id, mailbox, peer, reason: error.message });
}

async function giveBack(
  session: Session,
  claim: Claim,
  answer: Exclude<Answer, { is: 'stored' }> | CarrierDown,
  { options, rests }: Around,
): Promise<void> {
  const { peer, leftMs, told } = options;
  const { receipt } = claim;
  const how = async () => {
    if (answer instanceof CarrierDown) return { free: true, delayMs: 0, reason: `${peer}: ${answer.message}` };
    if (answer.is === 'refused') return { dead: true, reason: refusedBy(peer, answer) };
    return { free: true, delayMs: await rests.next(claim), reason: notNow(peer, answer) };
  };
  try {
    await persist(session, { leftMs }, async () => {
      const under = (await session.checkAgain?.()) ?? session;
      await nack(under, receipt, await how());
    });
  } catch (error) {
    return lost(claim, error, options);
  }
  await told(carriedAs(claim, peer, answer));
}
