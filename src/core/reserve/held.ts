import type { Reservation, ReservationCheck } from '../../contract/reach.ts';
import { sameAgent } from '../../model/agent.ts';
import { isoTime } from '../../model/clock.ts';
import type { DreamosError } from '../../model/errors.ts';
import { resolveAgent } from '../agents/agents.ts';
import { actorOf } from '../root/names.ts';
import type { Session } from '../root/root.ts';
import { overlap } from './overlap.ts';
import { keyOf, type Place, placeIn, placesOf } from './place.ts';
import { lost, refused } from './refusals.ts';
import { changeReservations, isInForce, loadReservations, othersOf } from './reservations.ts';
import { checkedFor, type ReserveOptions } from './reserve.ts';
import { ofOwn, operation } from '../root/operation.ts';

export interface CheckOptions extends Pick<ReserveOptions, 'shared' | 'cwd'> {
  /** The paths are names of files as they stand, and no patterns. */
  readonly literal?: boolean;
}

/** Whether the acting agent may change these; nobody has to be acting. Writes nothing. */
export const checkReservations = operation('reservations.check', checkReservationsBody);

async function checkReservationsBody(
  session: Session,
  paths: string | readonly string[],
  { shared = false, cwd, literal = false }: CheckOptions = {},
): Promise<ReservationCheck[]> {
  const places = await placesOf(session, [paths].flat(), cwd, literal);
  const all = await loadReservations(session);
  const agent = session.acting;
  const othersIn = othersOf(session, all, { agent, shared });
  const mine = all
    .filter((one) => agent !== undefined && sameAgent(one.agent, agent) && isInForce(session, one))
    .map((one) => placeIn(session, one).pattern);
  return places.map((place) => {
    const held = othersIn(place);
    const isMine = mine.some((pattern) => overlap(place.pattern, pattern));
    return { path: place.path, state: held.length > 0 ? 'held' : isMine ? 'mine' : 'free', held };
  });
}

/**
 * What a check is refused with, as a reservation would be; `undefined`: nothing of it is held.
 * @param toWait what is typed to have what is held as soon as it is free
 */
export function refusedBy(
  session: Session,
  checks: readonly ReservationCheck[],
  toWait: string,
): DreamosError | undefined {
  const conflicts = checks.filter(({ held }) => held.length > 0);
  return conflicts.length === 0
    ? undefined
    : refused(
        session,
        conflicts.map(({ path, held }) => ({ place: placeIn(session, { path }), held })),
        `To have it as soon as it is free: ${toWait}`,
      );
}

export type RenewOptions = Pick<ReserveOptions, 'forMs' | 'cwd'>;

/** @param paths all that the acting agent has, if not given */
export const renewReservations = operation('reservations.renew', renewReservationsBody, ofOwn);

async function renewReservationsBody(
  session: Session,
  paths?: string | readonly string[],
  { forMs, cwd }: RenewOptions = {},
): Promise<(Reservation | DreamosError)[]> {
  const lastsMs = checkedFor(forMs);
  return changeMine(session, paths, cwd, 'renews', (one) => {
    const until = Math.max(Date.parse(one.until), session.store.now() + lastsMs);
    return { ...one, until: isoTime(until) };
  });
}

export type ReleaseOptions = Pick<ReserveOptions, 'cwd'>;

/** @param paths all that the acting agent has, if not given */
export const releaseReservations = operation('reservations.release', releaseReservationsBody, ofOwn);

async function releaseReservationsBody(
  session: Session,
  paths?: string | readonly string[],
  { cwd }: ReleaseOptions = {},
): Promise<(Reservation | DreamosError)[]> {
  return changeMine(session, paths, cwd, 'releases', () => undefined);
}

/**
 * Changes those that the acting agent has. One that is over is told as lost, and those that hold are changed all the same.
 * @param change `undefined`: it is no more, and neither is what was lost and is told so
 */
async function changeMine(
  session: Session,
  paths: string | readonly string[] | undefined,
  cwd: string | undefined,
  does: string,
  change: (one: Reservation) => Reservation | undefined,
): Promise<(Reservation | DreamosError)[]> {
  const named = paths === undefined ? undefined : await placesOf(session, [paths].flat(), cwd);
  const { name: agent } = await resolveAgent(session, actorOf(session, does));
  const look = (all: readonly Reservation[]) => {
    const mine = all.filter((one) => sameAgent(one.agent, agent));
    const othersIn = othersOf(session, all, { agent, shared: false });
    const places: readonly Place[] = named ?? mine.map((one) => placeIn(session, one));
    const after = new Map<Reservation, Reservation | undefined>();
    const results = places.map((place): Reservation | DreamosError => {
      const one = mine.find(({ path }) => keyOf(path) === place.key);
      const changed = one && change(one);
      if (one && (changed === undefined || isInForce(session, one))) after.set(one, changed);
      if (one && isInForce(session, one)) return changed ?? one;
      return lost(session, place.path, agent, one, othersIn(place)[0]);
    });
    return { after, results };
  };
  let { after, results } = look(await loadReservations(session));
  if (after.size > 0)
    await changeReservations(session, (all) => {
      ({ after, results } = look(all));
      return all.flatMap((one) => (after.has(one) ? (after.get(one) ?? []) : one));
    });
  return results;
}
