/**
 * Operations handed over to a server. What only looks, or waits, is asked again where the server went away meanwhile: it may have
 * been begun anew; streams go on (streams.ts). What changes something is not, since it may have been done.
 */
import { type OperationName, operations } from '../../contract/operations.ts';
import { notThroughServer, withoutOption } from '../../contract/remote/through-server.ts';
import { environmentName, settingKeys } from '../../model/settings.ts';
import type { Away, Session, TakenAway } from '../root/root.ts';
import { createBell } from '../wait/bell.ts';
import { createGrowingRest } from '../wait/growing-rest.ts';
import { ask, type Server } from './ask.ts';
import { sendSeveral, withJson } from './drafts.ts';
import { hello, type Line, ownVersion, type Question, storeCall, takeUpCall } from './protocol.ts';
import { Gone, isAway, isBusy, notAway, uncertain, unreachable, wentAway } from './refusals.ts';
import { goingOn, isStream } from './streams.ts';
import { fromJson, toJson } from './wire.ts';

/** Milliseconds between two tries to reach a server that may be beginning anew. */
const restMs = 200;
/** So often a look is tried again. */
const mostLooks = 3;
/** Milliseconds between two tries at a server that has said that it takes no more just now, and for how long that is tried. */
const busyRestMs = 500;
const mostBusyMs = 10_000;
/** For so long a worker waits for a server to be there again, and the longest rest of his between two tries; milliseconds. */
const mostRestMs = 60_000;
const longestRestMs = 1000;

export function createAway(server: Server): Away {
  const silent = `The server at ${server.name} does not answer; it is asked again as long as there is time.`;
  return { here: new Set(['work', 'consume']), do: begin, doSurely, each, takeUp };

  async function begin(session: Session, name: string, args: readonly unknown[]): Promise<unknown> {
    if (name !== 'sendAll') return act(session, name, args);
    const [drafts, ...rest] = args;
    return sendSeveral(drafts as Iterable<unknown>, (leaving) => act(session, name, [leaving, ...rest]));
  }

  /** What settles may be done twice: the second time it is told that it was done. */
  async function doSurely(session: Session, name: string, args: readonly unknown[]): Promise<unknown> {
    const until = session.clock.uptime() + (settling.includes(name) ? mostRestMs : 0);
    const rests = createGrowingRest(session.ids, longestRestMs);
    for (;;) {
      try {
        return await (settling.includes(name) ? call : act)(session, name, args);
      } catch (error) {
        if (!isAway(error) || session.clock.uptime() >= until)
          throw error instanceof Gone ? goneWhile(server, name) : error;
        session.warn(silent);
        await rests.rest(until - session.clock.uptime());
      }
    }
  }

  async function act(session: Session, name: string, args: readonly unknown[]): Promise<unknown> {
    const operation = operationOf(name);
    const until = session.clock.uptime() + waitOf(args);
    const busyUntil = Math.max(until, session.clock.uptime() + mostBusyMs);
    for (let looks = 1; ;) {
      try {
        return await call(session, name, withWait(args, until - session.clock.uptime()));
      } catch (error) {
        const isUp = isWaiting(operation) && session.clock.uptime() < until && !signalIn(args)?.aborted;
        const isHarmless =
          name.startsWith(storeCall) || (operation !== undefined && operations[operation].effect === 'looks');
        if (isBusy(error)) {
          // Nothing was done.
          await restWhileBusy(session, error, busyUntil, signalIn(args));
          if (!signalIn(args)?.aborted) continue;
          if (isWaiting(operation)) return undefined;
          throw error;
        }
        if (isUp && isAway(error)) {
          session.warn(silent);
        } else if (!(error instanceof Gone)) throw error;
        else if (!isHarmless || looks >= mostLooks) throw goneWhile(server, name);
        looks++;
        await createBell().rest(restMs, signalIn(args));
        if (isUp && signalIn(args)?.aborted) return undefined;
      }
    }
  }

  /** @throws Gone */
  async function call(session: Session, name: string, args: readonly unknown[]): Promise<unknown> {
    for await (const line of lines(session, name, args)) {
      if ('end' in line) return fromJson(line.end);
      if (line.ending) throw new Gone('the server ends');
    }
    throw new Gone('there was no last line');
  }

  async function* each(
    session: Session,
    name: string,
    args: readonly unknown[],
  ): AsyncGenerator<unknown, unknown, undefined> {
    const once = (asked: readonly unknown[]) => onceEach(session, name, asked);
    try {
      return yield* isStream(name) ? goingOn(session, name, args, { warning: silent, once }) : once(args);
    } catch (error) {
      throw error instanceof Gone ? goneWhile(server, name) : error;
    }
  }

  /** @throws Gone */
  async function* onceEach(
    session: Session,
    name: string,
    args: readonly unknown[],
  ): AsyncGenerator<unknown, unknown, undefined> {
    for (const until = session.clock.uptime() + mostBusyMs; ;) {
      try {
        for await (const line of lines(session, name, args)) {
          if (line.ending) throw new Gone('the server ends');
          if ('end' in line) return fromJson(line.end);
          if ('item' in line) yield fromJson(line.item);
        }
        throw new Gone('there was no last line');
      } catch (error) {
        if (!isBusy(error) || signalIn(args)?.aborted) throw error;
        await restWhileBusy(session, error, until, signalIn(args));
      }
    }
  }

  /** Its lines but for what is told by the way. */
  async function* lines(
    session: Session,
    name: string,
    args: readonly unknown[],
  ): AsyncGenerator<Line, void, undefined> {
    const operation = (operationOf(name) ?? '') as OperationName;
    const why = notThroughServer[operation];
    if (why !== undefined) throw notAway(name, why);
    const without = withoutOption[operation];
    if (without && optionsIn(args, without.option)?.[without.option]) throw notAway(name, `then ${without.why}`);
    const functions: ((...args: unknown[]) => unknown)[] = [];
    let signal: AbortSignal | undefined;
    const packed = toJson(withNames(withJson(operation, args)), {
      nameOf: (one) => functions.push(one) - 1,
      onSignal: (one) => (signal = one),
    });
    const question: Question = {
      v: ownVersion,
      call: name,
      args: packed,
      ...(signal?.aborted && { isEnded: true }),
      ...(session.label !== undefined && { label: session.label }),
      ...settingsOf(session.env),
    };
    for await (const line of ask(server, session, question, signal)) {
      if (line.warn !== undefined) session.warn(line.warn);
      else if (line.call) await functions[line.call.name]?.(...(fromJson(line.call.args) as unknown[]));
      else if ('error' in line) throw fromJson(line.error);
      else yield line;
    }
  }

  async function takeUp(session: Session, mailbox: string): Promise<TakenAway> {
    const end = new AbortController();
    const begun = createBell();
    let id = '';
    const once = async (): Promise<void> => {
      id = session.ids.token();
      for await (const line of lines(session, takeUpCall, [mailbox, id, { signal: end.signal }]))
        if ('item' in line) begun.ring();
    };
    // That it is not to be had is nobody's trouble: what is claimed without it has its lease.
    const staying = (async () => {
      for (let isOver = false; !isOver && !end.signal.aborted;) {
        await once().catch((error: unknown) => (isOver = !isAway(error)));
        begun.ring();
        await createBell().rest(restMs, end.signal);
      }
    })();
    await begun.rest(mostRestMs);
    return {
      consumer: () => id,
      close: async () => {
        end.abort();
        await staying;
      },
    };
  }
}

/** @throws it, once its time is over */
async function restWhileBusy(
  { clock }: Session,
  error: unknown,
  until: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (clock.uptime() >= until) throw error;
  await createBell().rest(busyRestMs, signal);
}

function operationOf(name: string): OperationName | undefined {
  const known = others[name] ?? name;
  return Object.hasOwn(operations, known) ? (known as OperationName) : undefined;
}

/** Functions of an operation that are called otherwise. */
const others: Readonly<Record<string, OperationName>> = {
  ask: 'request',
  blockersOf: 'tasks.show',
  checkAndSee: 'alerts.check',
  chooseDead: 'dlq.retry',
  countListed: 'list',
  editableConfig: 'config.edit',
  exportToSqlite: 'export',
  exportToStream: 'export',
  findSeen: 'show',
  followOverview: 'overview',
  glanceAt: 'dlq.list',
  taskView: 'tasks.show',
};

const settling: readonly string[] = ['ack', 'nack', 'renew', 'reply'];
const waiting: readonly string[] = ['read', 'peek', 'tasks.next', 'until'];
const sending: readonly string[] = [
  ...['send', 'sendAll', 'reply', 'request', 'publish', 'tasks.create', 'tasks.createAll', 'tasks.importBeads'],
];

function isWaiting(operation: OperationName | undefined): boolean {
  return operation !== undefined && waiting.includes(operation);
}

function goneWhile(server: Server, name: string): Error {
  if (name === hello) return unreachable(server.name, 'what listens there goes away without an answer');
  return sending.includes(operationOf(name) ?? '') ? uncertain(server.name) : wentAway(server.name, name);
}

function optionsIn(args: readonly unknown[], option: string): Record<string, unknown> | undefined {
  return args.find((one) => typeof one === 'object' && one !== null && Object.hasOwn(one, option)) as
    Record<string, unknown> | undefined;
}

function waitOf(args: readonly unknown[]): number {
  const { waitMs } = optionsIn(args, 'waitMs') ?? {};
  return typeof waitMs === 'number' ? waitMs : 0;
}

function signalIn(args: readonly unknown[]): AbortSignal | undefined {
  const { signal } = optionsIn(args, 'signal') ?? {};
  return signal instanceof AbortSignal ? signal : undefined;
}

function withWait(args: readonly unknown[], leftMs: number): readonly unknown[] {
  const waits = optionsIn(args, 'waitMs');
  const { waitMs } = waits ?? {};
  // What is no time to wait is refused there.
  if (typeof waitMs !== 'number' || !(waitMs > Math.max(0, leftMs))) return args;
  return args.map((one) => (one === waits ? { ...waits, waitMs: Math.max(0, leftMs) } : one));
}

/** What things are called by their place in a list is asked for before they leave: a server cannot ask. */
function withNames(args: readonly unknown[]): readonly unknown[] {
  const [list] = args;
  const options = optionsIn(args, 'nameOf');
  const { nameOf } = options ?? {};
  if (!Array.isArray(list) || typeof nameOf !== 'function') return args;
  const names = list.map((_, at) => (nameOf as (at: number) => string)(at));
  return args.map((one) => (one === options ? { ...options, nameOf: names } : one));
}

const settingNames = settingKeys.map(environmentName);

function settingsOf(env: NodeJS.ProcessEnv): { env?: Record<string, string> } {
  const said = settingNames.flatMap((name) => (env[name] ? [[name, env[name]] as const] : []));
  return said.length === 0 ? {} : { env: Object.fromEntries(said) };
}
