/**
 * Who works on which files: all reservations of a root are one document, so that several of one call are one rename, and a
 * storage without files has them by the same port. (A file for each, with its end in its name, would be told apart without
 * a reader, but all or nothing over several would need a lock, and its token a place of its own.) Nothing has to run for
 * one to end: whoever looks judges by its time.
 */
import * as z from 'zod/mini';
import { type Reservation, reservation } from '../../contract/reach.ts';
import { sameAgent } from '../../model/agent.ts';
import { dayMs } from '../../model/basics/limits.ts';
import { isOver } from '../../model/clock.ts';
import { schema } from '../../model/schema.ts';
import type { Session } from '../root/root.ts';
import { changeDocument, invalidDocument } from '../root/documents.ts';
import { overlap } from './overlap.ts';
import { type Place, placeIn } from './place.ts';
import { operation } from '../root/operation.ts';

/** A reservation is never longer, so that an agent that died keeps nobody from his work for days. */
export const mostMs = dayMs;
/** One that is over is kept for so long, so that who comes late is told since when. */
const keptMs = dayMs;

const documentSchema = schema(() =>
  z.looseObject({ lastToken: z.int().check(z.nonnegative()), reservations: z.array(reservation()) }),
);
type Document = z.infer<ReturnType<typeof documentSchema>>;

/** Those that hold, by path. @throws CONFIG_INVALID */
export const listReservations = operation('reservations.list', listReservationsBody);

async function listReservationsBody(session: Session): Promise<Reservation[]> {
  const inForce = (await loadReservations(session)).filter((one) => isInForce(session, one));
  return inForce.sort((a, b) => (a.path < b.path || (a.path === b.path && a.token < b.token) ? -1 : 1));
}

/** Also those that are over, as long as they are kept. @throws CONFIG_INVALID: taken for empty, two would have one file */
export async function loadReservations(session: Session): Promise<readonly Reservation[]> {
  return (await parse(session, (await session.store.documents.get('reservations'))?.value)).reservations;
}

/**
 * Read, change, write, as one step, without what was over long ago.
 * @param change gets a maker of tokens; what it throws changes nothing
 */
export async function changeReservations(
  session: Session,
  change: (all: readonly Reservation[], newToken: () => number) => readonly Reservation[],
): Promise<void> {
  await changeDocument(session.store.documents, 'reservations', async (value) => {
    const before = await parse(session, value);
    // Never less than the time: after a restore, which knows only the tokens of its backup, they go on behind the others.
    let lastToken = before.lastToken;
    const newToken = (): number => (lastToken = Math.max(lastToken + 1, Math.trunc(session.store.now())));
    const reservations = change(before.reservations, newToken).filter((one) => !isLongOver(session, one));
    return { ...before, lastToken, reservations };
  });
}

export function isInForce({ store }: Session, { until }: Reservation): boolean {
  return !isOver(Date.parse(until), store.now(), mostMs);
}

/**
 * What others have.
 * @param agent `undefined`: nothing is its own @param shared only what is not shared keeps it from there
 * @returns what of it keeps the agent from a place
 */
export function othersOf(
  session: Session,
  all: readonly Reservation[],
  { agent, shared }: { readonly agent: string | undefined; readonly shared: boolean },
): (place: Place) => Reservation[] {
  const others = all
    .filter((one) => isInForce(session, one) && !(shared && one.shared))
    .filter((one) => agent === undefined || !sameAgent(one.agent, agent))
    .map((one) => ({ one, pattern: placeIn(session, one).pattern }));
  return (place) => others.filter(({ pattern }) => overlap(place.pattern, pattern)).map(({ one }) => one);
}

/** Of an agent that is deleted. @returns their paths, those that held */
export async function endReservationsOf(session: Session, agent: string): Promise<string[]> {
  const isIts = (one: Reservation): boolean => sameAgent(one.agent, agent);
  let ended = (await loadReservations(session)).filter(isIts);
  if (ended.length > 0)
    await changeReservations(session, (all) => {
      ended = all.filter(isIts);
      return all.filter((one) => !isIts(one));
    });
  return ended.filter((one) => isInForce(session, one)).map(({ path }) => path);
}

/** Of an agent that has another name. @returns their paths, those that hold */
export async function renameInReservations(session: Session, from: string, to: string): Promise<string[]> {
  const isIts = (one: Reservation): boolean => sameAgent(one.agent, from);
  let followed = (await loadReservations(session)).filter(isIts);
  if (followed.length > 0)
    await changeReservations(session, (all) => {
      followed = all.filter(isIts);
      return all.map((one) => (isIts(one) ? { ...one, agent: to } : one));
    });
  return followed.filter((one) => isInForce(session, one)).map(({ path }) => path);
}

/** Drops those that were over long ago. @returns how many */
export async function sweepReservations(session: Session, { dryRun }: { dryRun: boolean }): Promise<number> {
  const { length } = (await loadReservations(session)).filter((one) => isLongOver(session, one));
  if (length > 0 && !dryRun) await changeReservations(session, (all) => all);
  return length;
}

function isLongOver({ store }: Session, { until }: Reservation): boolean {
  return isOver(Date.parse(until) + keptMs, store.now(), mostMs + keptMs);
}

// Who waits, or checks at each edit, gets the same document again and again.
const parsed = new WeakMap<object, Document>();
const none: Document = { lastToken: 0, reservations: [] };

async function parse({ store }: Session, document: unknown): Promise<Document> {
  if (document === undefined) return none;
  const known = typeof document === 'object' && document !== null ? parsed.get(document) : undefined;
  if (known) return known;
  const result = documentSchema.safeParse(document);
  if (!result.success) throw await invalidDocument(store.documents, 'reservations', result.error);
  parsed.set(document as object, result.data);
  return result.data;
}
