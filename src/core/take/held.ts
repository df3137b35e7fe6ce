/** Who holds what. A claim's name tells whose mailbox it is of; who made it, the event log knows. */
import { sameAgent } from '../../model/agent.ts';
import { usage } from '../../model/refusals.ts';
import { listAgents } from '../agents/agents.ts';
import { claimedIn } from '../look/holders.ts';
import { sayWho } from '../root/names.ts';
import type { Session } from '../root/root.ts';
import { lookIntoEach } from '../root/trouble.ts';
import type { Entry } from '../../storage/port/look.ts';

/** A claim that nobody has settled. */
export interface Held {
  readonly entry: Entry;
  readonly receipt: string;
  /** `undefined`: the log does not know (any more). */
  readonly by: string | undefined;
  /** What its consumer calls itself. */
  readonly label: string | undefined;
  /** When it was claimed, as an ISO time. */
  readonly since: string | undefined;
}

export interface Wanted {
  readonly by?: string | undefined;
  /** All, if not given. */
  readonly mailbox?: string;
  readonly id?: string;
  /** Where more are in flight, nothing is said: who holds each costs a look into the log. */
  readonly most?: number;
}

export async function listHeld(session: Session, wanted: Wanted = {}): Promise<Held[]> {
  const { by, mailbox, id, most = Infinity } = wanted;
  const held: Held[] = [];
  const lookInto = async (name: string): Promise<void> => {
    const claims = (await claimedIn(session, name)).filter((entry) => id === undefined || id === entry.id);
    if (claims.length > most) return;
    const attempts = new Map(claims.map((entry) => [entry.id, entry.attempt]));
    const told = attempts.size === 0 ? undefined : await session.store.journal.claims(name, attempts);
    for (const entry of claims) {
      const { receipt } = entry;
      const claimed = told?.get(entry.id);
      if (receipt === undefined || (by !== undefined && !(claimed?.by && sameAgent(by, claimed.by)))) continue;
      held.push({ entry, receipt, by: claimed?.by, label: claimed?.label, since: claimed?.at });
    }
  };
  if (mailbox === undefined) {
    const names = (await listAgents(session)).map(({ name }) => name);
    await lookIntoEach(session, names, lookInto);
  } else await lookInto(mailbox);
  return held;
}

/**
 * For who does not say who he is: the only claim of a message, and whose it is.
 * @returns `undefined`: nobody holds it @throws USAGE: it is held in several mailboxes
 */
export async function onlyClaimOf(
  session: Session,
  id: string,
): Promise<{ receipt: string; mailbox: string; by: string } | undefined> {
  const claims = await listHeld(session, { id });
  const [claim, ...more] = claims;
  if (claim === undefined) return undefined;
  if (more.length === 0) return settledBy(claim);
  const whose = claims.map(({ entry }) => entry.mailbox).join(', ');
  throw usage(
    `Whose claim of ${id} is meant? It is held in several mailboxes: ${whose}.`,
    `${sayWho}; or use the receipt`,
  );
}

/** The claim of a message that this agent has made in another's mailbox. */
export async function claimElsewhere(
  session: Session,
  id: string,
  by: string,
): Promise<{ receipt: string; mailbox: string; by: string } | undefined> {
  const [claim, ...more] = await listHeld(session, { id, by });
  return claim && more.length === 0 ? settledBy(claim) : undefined;
}

function settledBy({ entry, receipt, by = entry.mailbox }: Held): { receipt: string; mailbox: string; by: string } {
  return { receipt, mailbox: entry.mailbox, by };
}
