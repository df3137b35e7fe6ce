/**
 * A bridge to another root: what lies in mailboxes of agents that live there (`at` on their cards) is carried there, and what the
 * carrier brings is stored here. It keeps nothing itself: it may be killed at any time, and several may run.
 */
import { joined } from '../wait/joined.ts';
import type { Answer, Carrier, Connection, Parcel, Take } from '../../carriers/port.ts';
import { type AgentCard, agentNamePattern, sameAgent } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import { environmentName } from '../../model/settings.ts';
import { listAgents } from '../agents/agents.ts';
import { admit } from '../root/operation.ts';
import type { Session } from '../root/root.ts';
import { createBell } from '../wait/bell.ts';
import { leftUntilStopped, persist } from '../wait/persist.ts';
import { keepLine } from './line.ts';
import { carryFrom } from './out.ts';
import { createReceiver } from './receive.ts';
import { Received } from './received.ts';
import { createReturns } from './returned.ts';
import type { Told } from './told.ts';

export interface BridgeOptions {
  readonly carrier: Carrier;
  /** Carries what is ready now, takes what has come, and ends. */
  readonly once?: boolean;
  /** Ends it: what is under way is finished. */
  readonly signal: AbortSignal;
  /** Gives back what is under way. */
  readonly hurry?: AbortSignal;
  readonly onTold?: (told: Told) => void | Promise<void>;
}

/** So many messages are under way at a time, of all mailboxes; of each at least a few. Twice what is stored together there: half of them is on its way meanwhile. */
const window = 2000;
const leastOfEach = 4;
/** The most that a claim may say. That a bridge was killed is not the message's fault: dead here, it would be there all the same. */
const mostAttempts = '1000';
/** Cards that say something new are noticed within this. */
const lookEveryMs = 2000;
/** What is under way when the signal comes has this long to be answered. */
const graceMs = 5000;

/** How often each happened. */
export type BridgeTotals = Partial<Record<Told['event'], number>>;

/** @throws USAGE, FORBIDDEN, and with `once` PEER_UNREACHABLE */
export async function bridge(opened: Session, peer: string, options: BridgeOptions): Promise<BridgeTotals> {
  if (!agentNamePattern.test(peer))
    throw usage(
      `${JSON.stringify(peer)} cannot be the name of another root.`,
      "It has to be like an agent's name: dreamos bridge host-b --via <carrier>",
    );
  const admitted = await admit(opened, 'bridge', { lasting: 'claims' });
  const env = { ...admitted.env, [environmentName('maxAttempts')]: mostAttempts };
  const session = { ...admitted, env, label: opened.label ?? `bridge:${peer}`.slice(0, 64) };
  const { carrier, once = false, signal, hurry, onTold } = options;
  const stop = new AbortController();
  const ends = joined(signal, stop.signal);
  const end = ends.signal;
  const lineEnds = joined(end, hurry);
  const totals: BridgeTotals = {};
  const told = async (one: Told): Promise<void> => {
    totals[one.event] = (totals[one.event] ?? 0) + 1;
    await onTold?.(one);
  };
  const returns = createReturns(session, peer, told);
  // What comes passes the gate for itself, as what its senders do.
  const receiver = createReceiver(opened);
  const take: Take = {
    parcels: async (parcels) => {
      const answers = await receiver.take(parcels);
      const tell = async ({ id, to: mailbox }: Parcel, answer?: Answer): Promise<void> => {
        if (answer?.is === 'stored')
          await told({ event: 'received', peer, id, mailbox, ...(answer.again && { again: true }) });
      };
      await Promise.all(parcels.map((parcel, i) => tell(parcel, answers[i])));
      return answers;
    },
    returned: (one) => returns.note(one),
  };
  const onUp = async (connection: Connection): Promise<void> => {
    await connection.consume?.(take);
    await told({ event: 'up', peer });
  };
  const onDown = (reason: string): void => void told({ event: 'down', peer, reason }).catch(() => stop.abort());
  const failures: unknown[] = [];
  const onFailed = (error: unknown): void => {
    failures.push(error);
    stop.abort();
  };
  const line = keepLine(session, carrier, { peer, signal: lineEnds.signal, once, onUp, onDown, onFailed });
  const leftMs = once ? () => 0 : leftUntilStopped(session, { signal: end, hurry }, graceMs);
  const out = { peer, line, once, signal: end, leftMs, received: new Received(session), returns, told };
  let timer: NodeJS.Timeout | undefined;
  const giveUp = (): void => void line.close();
  end.addEventListener('abort', () => (timer = setTimeout(giveUp, graceMs)), { once: true });
  hurry?.addEventListener('abort', giveUp, { once: true });
  try {
    await line.current();
    if (once) await carryOnce(session, peer, out);
    else await carryAll(session, peer, out);
    if (failures.length > 0) throw failures[0];
  } finally {
    clearTimeout(timer);
    await line.close();
    await receiver.close();
    lineEnds.end();
    ends.end();
  }
  return totals;
}

type Out = Omit<Parameters<typeof carryFrom>[2], 'window'>;

/** Those who live there; retired ones, too: what they have is still to be delivered. */
async function livingAt(session: Session, peer: string): Promise<AgentCard[]> {
  return (await listAgents(session)).filter(({ at }) => at !== undefined && sameAgent(at, peer));
}

const shareOf = (cards: readonly unknown[]): number =>
  Math.max(leastOfEach, Math.floor(window / Math.max(1, cards.length)));

async function carryOnce(session: Session, peer: string, out: Out): Promise<void> {
  const carry = async (): Promise<void> => {
    const cards = await livingAt(session, peer);
    for (const card of cards) await carryFrom(session, card, { ...out, window: shareOf(cards) });
  };
  await carry();
  const connection = await out.line.current();
  if (!connection?.drained) return;
  await connection.drained();
  // What was refused there is a dead letter only once it has been claimed.
  await carry();
}

/** A worker for each, which comes and goes with the card. */
async function carryAll(session: Session, peer: string, out: Out): Promise<void> {
  const bell = createBell();
  const workers = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  const begin = (card: AgentCard, share: number): void => {
    const leaves = new AbortController();
    const both = joined(out.signal, leaves.signal);
    const one = carryFrom(session, card, {
      ...out,
      window: share,
      signal: both.signal,
    })
      .catch((error: unknown) => {
        // Renamed or deleted: it is looked for anew.
        if (error instanceof DreamosError && error.code === 'AGENT_NOT_FOUND') return;
        failures.push(error);
        bell.ring();
      })
      .finally(() => {
        both.end();
        workers.delete(card.name);
      });
    workers.set(card.name, one);
    ends.set(card.name, leaves);
  };
  const ends = new Map<string, AbortController>();
  while (!out.signal.aborted && failures.length === 0) {
    const cards = await persist(session, out, () => livingAt(session, peer));
    if (cards === undefined) break;
    const names = new Set(cards.map(({ name }) => name));
    for (const [name, leaves] of ends) if (!names.has(name)) leaves.abort();
    for (const card of cards) if (!workers.has(card.name)) begin(card, shareOf(cards));
    await bell.rest(lookEveryMs, out.signal);
  }
  for (const leaves of ends.values()) leaves.abort();
  await Promise.all(workers.values());
  if (failures.length > 0) throw failures[0];
}
