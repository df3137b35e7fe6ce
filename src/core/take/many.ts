/** Several messages at a time, for who carries them on: claimed in one step, and acked in one. */
import type { AgentCard } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Delivery, Settled } from '../../storage/port/mail.ts';
import { seen } from '../agents/seen.ts';
import { auditsMail } from '../root/config-file.ts';
import type { Session } from '../root/root.ts';
import { effectiveSettings } from '../root/settings.ts';
import { isTracing, traced } from '../root/tracing.ts';
import { isEngineAway } from '../root/trouble.ts';
import type { Waiter, WaitOptions } from '../wait/wait.ts';
import { claimAs, createPauses, isSaidApart, tellReceived } from './read.ts';

/** For how many messages there is room, and for how many bytes of them: for one in any case. */
interface RoomFor {
  readonly count: number;
  readonly bytes: number;
}

/** Reads several messages at a time. What the card and the settings say by then holds for each attempt. */
export interface ManyReader {
  /** As many as are ready, and there is room for: it waits for one, and for no more. @returns `undefined`: none */
  next(waiter: Waiter, room: RoomFor, until: WaitOptions): Promise<readonly Delivery[] | undefined>;
}

/** @param card as it is now: only later attempts read it anew @param token for each claim */
export function createManyReader(session: Session, card: AgentCard, token: () => string): ManyReader {
  const unsure: Unsure = { tokens: undefined };
  const pauses = createPauses(session, card);
  return {
    next: (waiter, room, until) => {
      const attempt = async (): Promise<readonly Delivery[] | undefined> => {
        const now = await pauses.latest();
        return pauses.isPaused(now, until.waitMs) ? undefined : claimMany(session, now, { room, token, unsure });
      };
      return waiter.next(attempt, until, pauses.mostRestMs);
    },
  };
}

/** Of who tries again: the tokens of claims of which nobody knows whether they were made. By these he gets what they took. */
interface Unsure {
  tokens: readonly string[] | undefined;
}

interface ManyHow {
  readonly room: RoomFor;
  readonly token: () => string;
  readonly unsure: Unsure;
}

/** One attempt. What is not signed as the root requires it goes to the dead-letter queue. @returns `undefined`: nothing is ready */
async function claimMany(
  session: Session,
  card: AgentCard,
  { room, token, unsure }: ManyHow,
): Promise<readonly Delivery[] | undefined> {
  for (;;) {
    await session.checkAgain?.();
    const settings = await effectiveSettings(session, card);
    const audit = settings.auditsMail ? await session.audit() : undefined;
    if (isSaidApart(session, card)) await seen(session, card.name);
    const startedAt = isTracing() ? session.clock.now() : 0;
    const claim = claimAs(session, card, {}, settings);
    const count = Math.min(room.count, Math.floor(room.bytes / settings.maxMessageBytes));
    const tokens = unsure.tokens ?? Array.from({ length: Math.max(1, count) }, token);
    const { leaseMs, policy, maxAttempts, by, label } = claim;
    const how = { tokens, repeat: unsure.tokens !== undefined, leaseMs, policy, maxAttempts, by, label };
    const claimed = await session.store.mail.claimMany(card.name, how).catch((error: unknown) => {
      if (isEngineAway(error)) unsure.tokens = tokens;
      throw error;
    });
    unsure.tokens = undefined;
    if (claimed.length === 0) return undefined;
    const { signatures } = settings;
    const deliveries =
      signatures === 'off'
        ? claimed
        : await (await import('./signed.ts')).onlySignedOf(session, claimed, claim, signatures);
    // What lies behind those that were refused.
    if (deliveries.length === 0) continue;
    if (audit)
      await audit.noteMail(
        session,
        deliveries.map(({ message: { id }, mailbox }) => ({ op: 'claim', by: claim.by, id, mailbox })),
      );
    if (isTracing()) for (const delivery of deliveries) await tellReceived(session, delivery, startedAt);
    return deliveries;
  }
}

/**
 * As so many acks of what a bridge has brought to another root, none of it a task. @param forwardedTo how that is called here
 * @returns an answer for each, in their order @throws ENGINE_UNREACHABLE: nobody knows of any of them
 */
export async function ackMany(
  session: Session,
  receipts: readonly string[],
  by: string,
  forwardedTo: string,
): Promise<readonly (Settled | DreamosError)[]> {
  const { mail } = session.store;
  const audit = (await auditsMail(session)) ? await session.audit() : undefined;
  const startedAt = isTracing() ? session.clock.now() : 0;
  const answers = await mail.ackMany(receipts, { by, label: session.label, forwardedTo });
  const done = answers.flatMap((one) => (one instanceof DreamosError ? [] : one));
  if (audit && done.length > 0)
    await audit.noteMail(
      session,
      done.map(({ id, receipt }) => ({ op: 'ack', by, id, mailbox: mail.parseReceipt(receipt).mailbox })),
    );
  if (isTracing())
    for (const { id, mailbox: destination } of done)
      await traced(
        session,
        () => ({ operation: 'ack', destination, id, startedAt }),
        async () => undefined,
      );
  return answers;
}
