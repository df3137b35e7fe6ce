/**
 * The one gate: what agents call of the core, by whatever face, is an operation of the table (src/contract/operations.ts), and
 * where a root has a policy it is asked here, before the operation begins, with its name and who acts. Its body gets a session
 * without a gate: what it calls in turn is its own work. So is what dreamos does by itself (chores, schedules, recovery): that has
 * sessions that never had one.
 *
 * Without a policy the way through costs a look for its file, and that at most every 50 ms; what is called within them goes on as it
 * was, and passes the gate again with what it calls. What follows events asks for each, also before there is a policy.
 *
 * Where a server has opened the root, the gate is the way to it: operations are handed over by their names.
 */
import type { OperationName } from '../../contract/operations.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Store } from '../../storage/port/store.ts';
import { keepMs } from './looks.ts';
import type { Call, Gate, Session } from './root.ts';

/** What knows policies; loaded where there is one. */
interface PolicyRoom {
  enter(session: Session, call: Call): Promise<Session>;
}

/** @param room what the native program leaves to Node, so it is asked before anything is written */
export function gateOver(store: Store, clock: Session['clock'], room: () => Promise<PolicyRoom>): Gate {
  let noneAt = -Infinity;
  const isNone = async (): Promise<boolean> => {
    const none = !(await hasPolicy(store));
    if (none) noneAt = clock.uptime();
    return none;
  };
  const isOpen = (): boolean => clock.uptime() - noneAt < keepMs;
  const pass = async (session: Session, call: Call): Promise<Session> => {
    const { gate: _, ...inner } = session;
    const looks = call.lasting === 'looks';
    if (looks || !(await isNone())) return (await room()).enter(inner, call);
    if (call.lasting === undefined) return inner;
    const again = async (): Promise<Session | undefined> =>
      (await isNone()) ? undefined : (await room()).enter(inner, call);
    return { ...inner, checkAgain: () => (isOpen() ? undefined : again()) };
  };
  return {
    isOpen,
    enter: (session, call) =>
      // Whoever puts the first one in force goes by it at once.
      changing.has(call.operation) ? pass(session, call).finally(() => (noneAt = -Infinity)) : pass(session, call),
  };
}

/** One that cannot be used is one, too. */
async function hasPolicy({ documents }: Store): Promise<boolean> {
  try {
    return (await documents.get('policy')) !== undefined;
  } catch (error) {
    if (error instanceof DreamosError && error.code === 'CONFIG_INVALID') return true;
    throw error;
  }
}

type Said = Omit<Call, 'operation'>;

/** A function of the core with its name in the table. */
export interface Named {
  readonly operation: OperationName;
}

// oxlint-disable-next-line typescript/no-explicit-any -- what an operation takes is its own
type Of<Result> = (session: Session, ...rest: any[]) => Result;

/** What a call says of itself, by its arguments. */
type About<Body> =
  Said | (Body extends (session: Session, ...rest: infer Rest) => unknown ? (...rest: Rest) => Said : never);

/**
 * @param about may say what is not to be asked of each mailbox that the storage meets
 * @param handed by what a server knows the function, where the name is another one's already
 */
export function operation<Body extends Of<Promise<unknown>>>(
  name: OperationName,
  body: Body,
  about?: About<Body>,
  handed: string = name,
): Body & Named {
  const isQuick = quick(name, about);
  const gated: Of<Promise<unknown>> = (session, ...rest: unknown[]) => {
    const { gate } = session;
    if (gate === undefined || (isQuick && gate.isOpen())) return body(session, ...rest);
    if (gate.away) return gate.away.here.has(name) ? body(session, ...rest) : gate.away.do(session, handed, rest);
    const call = said(about, rest);
    if (call.lasting === undefined && !changing.has(name) && gate.isOpen()) return body(session, ...rest);
    return gate.enter(session, { operation: name, ...call }).then((own) => body(own, ...rest));
  };
  return Object.assign(gated as Body, { operation: name });
}

type Items = AsyncGenerator<unknown, unknown, undefined>;

/** As `operation`, for what comes one after the other. */
export function eachOf<Body extends Of<Items>>(
  name: OperationName,
  body: Body,
  about?: About<Body>,
  handed: string = name,
): Body & Named {
  const gated: Of<Items> = (session, ...rest: unknown[]) => {
    const { gate } = session;
    if (gate === undefined || gate.away?.here.has(name)) return body(session, ...rest);
    if (gate.away) return gate.away.each(session, handed, rest);
    return enterAndGo(session, { operation: name, ...said(about, rest) }, (own) => body(own, ...rest));
  };
  return Object.assign(gated as Body, { operation: name });
}

async function* enterAndGo(session: Session, call: Call, body: (session: Session) => Items): Items {
  return yield* body((await session.gate?.enter(session, call)) ?? session);
}

/** What changes the policy itself. */
const changing: ReadonlySet<OperationName> = new Set(['policy.set', 'policy.rollback', 'policy.remove']);

/** Whether nothing has to be known of a call to let it pass while there is no policy: a send is counted in microseconds. */
function quick(name: OperationName, about: unknown): boolean {
  return !changing.has(name) && typeof about !== 'function' && (about as Said | undefined)?.lasting === undefined;
}

/** @param about as of `operation` */
function said(about: unknown, rest: readonly unknown[]): Said {
  return typeof about === 'function'
    ? (about as (...rest: unknown[]) => Said)(...rest)
    : ((about as Said | undefined) ?? {});
}

/** For a face that does something of the table which is no function of the core. @throws FORBIDDEN */
export async function admit(session: Session, name: OperationName, about: Said = {}): Promise<Session> {
  return (await session.gate?.enter(session, { operation: name, ...about })) ?? session;
}

/** Whose mailbox a call is about that names one first. */
export function ofMailbox(mailbox: string | undefined): Said {
  return { named: mailbox === undefined ? undefined : [mailbox] };
}

/** As ofMailbox, for what goes on for long. */
export function lastingIn(mailbox: string): Said {
  return { named: [mailbox], lasting: 'claims' };
}

export const ofOwn: Said = { own: true };
