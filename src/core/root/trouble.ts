/**
 * The disk's trouble with one mailbox, for looks: they say what they see, and what they could not see or move. Nothing of
 * it is taken for empty.
 */
import { DreamosError } from '../../model/errors.ts';
import { StorageDenied } from '../../storage/port/refusals.ts';
import type { Session } from './root.ts';

/** @throws whatever it is else */
export function diskTrouble(error: unknown): DreamosError {
  if (error instanceof DreamosError && error.kind === 'disk') return error;
  throw error;
}

/** As `lookIntoAll`, for one result of each. */
export async function lookIntoEach(
  session: Session,
  names: readonly string[],
  look: (name: string) => Promise<unknown>,
  said?: Set<string>,
): Promise<void> {
  const each = async function* (name: string): AsyncGenerator {
    yield await look(name);
  };
  const looked = lookIntoAll(session, names, each, said);
  for await (const _ of looked);
}

/**
 * Looks into one mailbox or log after the other; one in disorder is said, and hides nothing of the others.
 * @param said those of which it was said before, for who looks several times
 * @throws the failure where none of them could be looked into
 */
export async function* lookIntoAll<T>(
  session: Session,
  names: Iterable<string> | AsyncIterable<string>,
  look: (name: string) => AsyncIterable<T>,
  said = new Set<string>(),
): AsyncGenerator<T, void, undefined> {
  let failure: DreamosError | undefined;
  let sawOne = false;
  for await (const name of names) {
    try {
      yield* look(name);
      sawOne = true;
    } catch (error) {
      failure ??= diskTrouble(error);
      tellOnce(session, name, error, said);
    }
  }
  if (failure && !sawOne) throw failure;
}

/** @param said as `lookIntoAll` */
export function tellOnce(session: Session, name: string, error: unknown, said: Set<string>): void {
  if (!said.has(name)) session.warn(notLookedInto(name, error));
  said.add(name);
}

export function notLookedInto(name: string, error: unknown): string {
  return `Not all of ${name} could be looked into: ${diskTrouble(error).message}`;
}

// By who hears of it: an operation's own session is another one than its caller's.
const told = new WeakMap<Session['store'], WeakMap<Session['warn'], Set<string>>>();

function toldIn({ store, warn }: Session): Set<string> {
  let byListener = told.get(store);
  if (!byListener) told.set(store, (byListener = new WeakMap()));
  let known = byListener.get(warn);
  if (!known) byListener.set(warn, (known = new Set()));
  return known;
}

/** What every look meets again is said once, until it is over. */
export function warnOnce(session: Session, about: string, message: string): void {
  const known = toldIn(session);
  if (!known.has(about)) session.warn(message);
  known.add(about);
}

/** Whether it was said, and is not over. */
export function isInTrouble(session: Session, about: string): boolean {
  return toldIn(session).has(about);
}

export function troubleIsOver(session: Session, about: string): void {
  toldIn(session).delete(about);
}

const away = 'engine';

/** Of a root that an engine keeps: that does not answer now, and may later. */
export function isEngineAway(error: unknown): boolean {
  return error instanceof DreamosError && error.code === 'ENGINE_UNREACHABLE';
}

/** Of a root that a server has opened: that is not there now. */
export function isServerAway(error: unknown): boolean {
  return error instanceof DreamosError && error.code === 'SERVER_UNREACHABLE';
}

/** All that goes on without it meets the same: it is said once for all of them. */
/** @param error as isEngineAway knows it */
export function warnEngineAway(session: Session, error: unknown): void {
  warnAway(session, `${(error as DreamosError).message} It is tried again as long as there is time.`);
}

/** @param warning says also that it is tried again */
export function warnAway(session: Session, warning: string): void {
  warnOnce(session, away, warning);
}

export function engineIsBack(session: Session): void {
  troubleIsOver(session, away);
}

/** Where the mail lies has failed, and nothing is known of what was asked for. */
export const isOfStorage = (error: DreamosError): boolean =>
  error.kind === 'disk' || error.kind === 'unreachable' || error instanceof StorageDenied;

/**
 * Of who waits behind a send. Where the mail lies has failed, or was moved, and that error says to try again: what is sent
 * would be sent twice. All else is told as it is. @param sent what is done, and what cannot be waited for @param look what to type
 */
export function behindSend(error: unknown, sent: string, look: string): unknown {
  if (!(error instanceof DreamosError) || !(isOfStorage(error) || error.code === 'ROOT_MOVED')) return error;
  const { kind, code, message } = error;
  const hint = `Do not send it again; what has become of it: ${look}`;
  return new DreamosError(kind, code, `${sent}: ${message}`, { hint, cause: error });
}

/** What is wrong with one of many. */
const isOfOne = ({ kind }: DreamosError): boolean => kind === 'disk' || kind === 'not-found';
export const isOfDisk = ({ kind }: DreamosError): boolean => kind === 'disk';
export const isAnyTrouble = (): boolean => true;

/**
 * Does what is no reason to end if it fails: that is said once, until it goes well again. That an engine is away is thrown: who
 * waits goes on as `persist` has it.
 * @param then what comes of it; why is said behind it @param isSaid else it is thrown
 */
export async function orWarnOnce<T>(
  session: Session,
  about: string,
  then: string,
  work: () => Promise<T>,
  isSaid: (error: DreamosError) => boolean = isOfOne,
): Promise<T | undefined> {
  try {
    const done = await work();
    troubleIsOver(session, about);
    return done;
  } catch (error) {
    if (!(error instanceof DreamosError) || isEngineAway(error) || !isSaid(error)) throw error;
    warnOnce(session, about, `${then}: ${error.message}`);
    return undefined;
  }
}
