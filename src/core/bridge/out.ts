/** From one mailbox to another root: claimed here, stored there, acked here. A kill anywhere leaves it claimed, so that it comes again. */
import { joined } from '../wait/joined.ts';
import { type Answer, CarrierDown } from '../../carriers/port.ts';
import type { AgentCard } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { seal } from '../../model/message.ts';
import type { Delivery } from '../../storage/port/mail.ts';
import type { Session } from '../root/root.ts';
import { keepLease } from '../take/keep-lease.ts';
import { createReader } from '../take/read.ts';
import { ackClaim, nack } from '../take/settle.ts';
import { takeUp } from '../take/take-up.ts';
import { persist } from '../wait/persist.ts';
import { createWaiter } from '../wait/wait.ts';
import { createRests } from '../work/rests.ts';
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

/** @throws AGENT_NOT_FOUND: it was renamed or deleted meanwhile; what the storage throws */
export async function carryFrom(session: Session, card: AgentCard, options: OutOptions): Promise<void> {
  const { line, window, once, signal } = options;
  const claims = await persist(session, { leftMs: options.leftMs, signal }, () => takeUp(session, card.name));
  if (claims === undefined) return;
  const waiter = createWaiter(session, card.name);
  const rests = createRests(session);
  const running = new Set<Promise<void>>();
  let bytes = 0;
  const failures: unknown[] = [];
  const stop = new AbortController();
  const ends = joined(signal, stop.signal);
  const end = ends.signal;
  const begin = (delivery: Delivery): void => {
    const size = Buffer.byteLength(delivery.message.body);
    bytes += size;
    const one = carry(session, delivery, options, rests)
      .catch((error: unknown) => {
        failures.push(error);
        stop.abort();
      })
      .finally(() => {
        bytes -= size;
        running.delete(one);
      });
    running.add(one);
  };
  try {
    const reader = await createReader(session, card, {}, () => claims.token());
    while (!end.aborted) {
      if (running.size >= window || bytes >= mostBytes) await Promise.race(running);
      else if ((await line.current()) === undefined) break;
      else {
        const delivery = await reader.next(waiter, { waitMs: once ? 0 : Infinity, signal: end });
        if (delivery) begin(delivery);
        // Behind the ordering keys of what is under way there may be more.
        else if (once && running.size > 0) await Promise.race(running);
        else if (once) break;
      }
    }
  } finally {
    await Promise.all(running);
    await claims.close();
    await waiter.close();
    ends.end();
  }
  if (failures.length > 0) throw failures[0];
}

type Rests = ReturnType<typeof createRests>;

async function carry(session: Session, delivery: Delivery, options: OutOptions, rests: Rests): Promise<void> {
  const { peer, told } = options;
  const lease = keepLease(session, delivery, undefined, () => undefined);
  let answer: Answer | CarrierDown;
  let receipt = delivery.receipt;
  try {
    answer = await answerTo(session, delivery, options);
  } finally {
    receipt = await lease.end();
  }
  try {
    await persist(session, { leftMs: options.leftMs }, async () => {
      const under = (await session.checkAgain?.()) ?? session;
      await settle(under, { ...delivery, receipt }, answer, options, rests);
    });
  } catch (error) {
    if (!(error instanceof DreamosError) || error.kind !== 'conflict') throw error;
    // Stored or not, whoever has it now brings it there once more, and it is known there by its id.
    return told({ event: 'lost', id: delivery.message.id, mailbox: delivery.mailbox, peer, reason: error.message });
  }
  await told(carriedAs(delivery, peer, answer));
}

async function answerTo(
  session: Session,
  { message, mailbox }: Delivery,
  options: OutOptions,
): Promise<Answer | CarrierDown> {
  const { id } = message;
  const returned = options.returns.take(id, mailbox);
  if (returned) return { is: 'refused', ...returned };
  if (message.task)
    return { is: 'refused', code: 'NOT_CARRIED', reason: 'a task stays in the root in which it was made' };
  try {
    const { leftMs, received } = options;
    const hops = (await persist(session, { leftMs }, () => received.hopsOf(id, mailbox))) + 1;
    const connection = await options.line.current();
    if (!connection) return new CarrierDown('the bridge was stopped');
    return await connection.publish({ id, to: mailbox, hops, bytes: seal(message) });
  } catch (error) {
    if (error instanceof CarrierDown) return error;
    throw error;
  }
}

async function settle(
  session: Session,
  delivery: Delivery,
  answer: Answer | CarrierDown,
  { peer }: OutOptions,
  rests: Rests,
): Promise<void> {
  const { receipt, mailbox } = delivery;
  if (answer instanceof CarrierDown) {
    await nack(session, receipt, { free: true, delayMs: 0, reason: `${peer}: ${answer.message}` });
  } else if (answer.is === 'stored') {
    rests.forget(delivery);
    await ackClaim(session, receipt, session.acting ?? mailbox, { forwardedTo: peer });
  } else {
    const reason = answer.is === 'refused' ? refusedBy(peer, answer) : notNow(peer, answer);
    const how = answer.is === 'refused' ? { dead: true } : { free: true, delayMs: await rests.next(delivery) };
    await nack(session, receipt, { ...how, reason });
  }
}
