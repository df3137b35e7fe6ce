/**
 * The role of coordinator: one process at a time looks after tasks as soon as something happens, where somebody wants that;
 * all goes on without it, more slowly, by whoever looks.
 *
 * The role is a message in a mailbox of its own, and whoever has claimed it has the role: as long as its lease is renewed, and
 * given on at once when its process dies. Its claim is the fencing token: before each task that it gives away the claim is
 * looked at, so one that was paused for longer than its lease gives nothing away any more. What slips through between that
 * look and the rename is a task that goes where another would have sent it, once.
 */
import { DreamosError } from '../../model/errors.ts';
import { isQueue } from '../../model/agent.ts';
import type { Delivery } from '../../storage/port/mail.ts';
import type { Store } from '../../storage/port/store.ts';
import { changeCard, resolveAgent } from '../agents/agents.ts';
import { noteStatus } from '../agents/heartbeat.ts';
import { actorOf } from '../root/names.ts';
import type { Session } from '../root/root.ts';
import { sendChecked } from '../send/send.ts';
import { keepLease } from '../take/keep-lease.ts';
import { createReader } from '../take/read.ts';
import { nack } from '../take/settle.ts';
import { asConsumer, takeUp } from '../take/take-up.ts';
import { createBell } from '../wait/bell.ts';
import { onAbort } from '../wait/on-abort.ts';
import { createWaiter } from '../wait/wait.ts';
import { type Tended, tendAll } from './keeper.ts';
import { operation } from '../root/operation.ts';

export interface CoordinateOptions {
  /** So long the role stays with one that does not move any more; milliseconds, 10 s by default. */
  readonly leaseMs?: number;
  readonly signal?: AbortSignal;
  readonly onRole?: (role: Role) => void | Promise<void>;
  /** Called after each look that did something. */
  readonly onTended?: (tended: Tended) => void | Promise<void>;
}

interface Role {
  readonly holds: boolean;
  /** How often the role has been taken, this time included. */
  readonly token: number;
}

const roleMailbox = 'task-coordinator';
// Each time its holder dies is an attempt.
const mostAttempts = 1000;
/** For what no event tells: an agent that is gone, a lease that runs out, a role that is no more. */
const lookEveryMs = 1000;
/** Of many tasks it gives out so many between two looks at who is gone. */
const mostAtOnce = 200;

/** Ends with the signal. @throws USAGE: nobody acts; AGENT_NOT_FOUND */
export const coordinate = operation('coordinate', coordinateBody, { lasting: 'looks' });

async function coordinateBody(session: Session, options: CoordinateOptions = {}): Promise<void> {
  const { leaseMs = 10_000, signal, onRole } = options;
  const me = await resolveAgent(session, actorOf(session, 'coordinates'));
  await noteStatus(session, me, { status: 'idle' });
  const own = await asConsumer(session);
  await makeRole(own);
  const card = await resolveAgent(own, roleMailbox);
  const waiter = createWaiter(own, card.name);
  const consumer = await takeUp(own, card.name);
  try {
    const reader = await createReader(own, card, { leaseMs }, consumer.token);
    let isMissing = false;
    while (!signal?.aborted) {
      const claim = await reader.next(waiter, { waitMs: lookEveryMs, ...(signal && { signal }) });
      if (!claim) {
        // Dead, if it is not signed as the root requires it by now, and nobody would have the role again. A look that falls
        // between two places of a message does not see it; two looks in a row do not fall so.
        const wasMissing = isMissing;
        isMissing = !(await isRoleThere(own));
        if (isMissing && wasMissing && !signal?.aborted) await sendRole(own);
        continue;
      }
      isMissing = false;
      await onRole?.({ holds: true, token: claim.attempt });
      await hold(own, claim, { ...options, leaseMs });
      await onRole?.({ holds: false, token: claim.attempt });
    }
  } finally {
    await consumer.close();
    await waiter.close();
  }
}

/** The mailbox, and the one message in it. */
async function makeRole(session: Session): Promise<void> {
  await changeCard(session, roleMailbox, (before, isAssumed) => {
    if (before && !isAssumed) {
      if (!isQueue(before)) throw taken();
      return before;
    }
    return {
      name: roleMailbox,
      description: 'who has claimed its message coordinates',
      createdAt: new Date(session.clock.now()).toISOString(),
      kind: 'queue',
      settings: { maxAttempts: mostAttempts },
    };
  });
  await sendRole(session);
}

async function isRoleThere({ store }: Session): Promise<boolean> {
  return (await store.look.load(roleMailbox)).messages > 0;
}

/** If it is not there. */
async function sendRole(session: Session): Promise<void> {
  await session.store.documents.withLock(`assign.${roleMailbox}`, async () => {
    if (await isRoleThere(session)) return;
    const subject = 'the role of coordinator';
    await sendChecked(session, { to: roleMailbox, subject, body: subject, type: 'role' });
  });
}

/** As long as the role is its own. */
async function hold(
  session: Session,
  claim: Delivery,
  { leaseMs, signal, onTended }: CoordinateOptions,
): Promise<void> {
  const bell = createBell();
  // Never rung.
  const cooldown = createBell();
  let isLost = false;
  const lease = keepLease(session, claim, leaseMs, () => {
    isLost = true;
    bell.ring();
  });
  const fenced = fencedBy(session, claim.receipt);
  const wake = await session.store.journal.watch(undefined, () => bell.ring());
  const unlisten = signal && onAbort(signal, () => bell.ring());
  try {
    while (!isLost && !signal?.aborted) {
      const lookedAt = session.clock.uptime();
      const tended = await tendAll(fenced, undefined, mostAtOnce);
      const tookMs = session.clock.uptime() - lookedAt;
      if (tended.released + tended.tookOver + tended.assigned > 0) {
        await onTended?.(tended);
        continue;
      }
      await bell.rest(lookEveryMs, signal);
      // Among a thousand agents a look takes 0.2 s, and every event rings.
      await cooldown.rest(tookMs * 2, signal);
    }
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'LEASE_LOST') throw error;
  } finally {
    unlisten?.();
    await wake.close();
    const receipt = await lease.end();
    // Somebody else goes on at once.
    if (!isLost) await giveBack(session, receipt);
  }
}

async function giveBack(session: Session, receipt: string): Promise<void> {
  try {
    await nack(session, receipt, { free: true, delayMs: 0, reason: 'gives the role back' });
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    if (error.kind !== 'conflict') session.warn(`The role goes on when its lease is over: ${error.message}`);
  }
}

/** A session that gives a task away only while the claim holds. */
function fencedBy(session: Session, receipt: string): Session {
  const { mail } = session.store;
  const handOver: Store['mail']['handOver'] = async (...how) => {
    await mail.checkClaim(receipt);
    return mail.handOver(...how);
  };
  return { ...session, store: { ...session.store, mail: { ...mail, handOver } } };
}

function taken(): DreamosError {
  return new DreamosError(
    'conflict',
    'ALREADY_EXISTS',
    `An agent is called ${roleMailbox}, so nobody can coordinate.`,
    {
      hint: `Give it another name: dreamos agent rename ${roleMailbox} coordinator`,
    },
  );
}
