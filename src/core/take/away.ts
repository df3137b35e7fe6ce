/** Claiming from a root that a server has opened: it claims, and what is done with it is done here. */
import type { AgentCard } from '../../model/agent.ts';
import type { Filter } from '../../model/filter.ts';
import type { Delivery } from '../../storage/port/mail.ts';
import type { Away, Session } from '../root/root.ts';

interface How {
  readonly leaseMs?: number;
  readonly filter?: Filter;
  readonly by?: string;
  readonly label?: string;
  readonly unseal?: boolean;
}

type Read = (until: { readonly waitMs?: number; readonly signal?: AbortSignal }) => Promise<Delivery | undefined>;

/** Of `createReader`. @param consumer of who has taken it up */
export function readerAway(
  session: Session,
  away: Away,
  { name }: AgentCard,
  { leaseMs, filter, by, label, unseal }: How,
  consumer?: () => string,
): { attempt: Read; next(waiter: unknown, until: Parameters<Read>[0]): Promise<Delivery | undefined> } {
  const read: Read = ({ waitMs, signal }) => {
    const asked = { leaseMs, filter, by, label, unseal, waitMs, signal, consumer: consumer?.() };
    return away.do(session, 'read', [name, asked]) as Promise<Delivery | undefined>;
  };
  return { attempt: ({ signal }) => read(signal ? { signal } : {}), next: (_, until) => read(until) };
}

/** Of a worker: what its handler has done is settled, also where the server is begun anew meanwhile. */
export function surely(session: Session): Session {
  const { gate } = session;
  if (!gate?.away) return session;
  return { ...session, gate: { ...gate, away: { ...gate.away, do: gate.away.doSurely } } };
}
