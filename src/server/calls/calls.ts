/** A call of a client of dreamos' own (core/remote/protocol.ts): the same function of the core, in a session of who asks. */
import { operations } from '../../contract/operations.ts';
import { withoutOption } from '../../contract/remote/through-server.ts';
import { asDreamosError } from '../../cli/errors.ts';
import { isEach, noted } from '../../core/audit/noted.ts';
import { isAudited, onlyLooks as isLookToAudit } from '../../core/audit/what.ts';
import { sessionOn } from '../../core/open-root.ts';
import {
  handedOver,
  type Hello,
  hello,
  keepReplyCall,
  type Line,
  ownVersion,
  type Question,
  storeCall,
  takeUpCall,
} from '../../core/remote/protocol.ts';
import { notAway, otherVersion } from '../../core/remote/refusals.ts';
import { fromJson, toJson } from '../../core/remote/wire.ts';
import { admit } from '../../core/root/operation.ts';
import type { Root, Session } from '../../core/root/root.ts';
import { keepReply } from '../../core/send/reply.ts';
import { nack } from '../../core/take/settle.ts';
import { joined } from '../../core/wait/joined.ts';
import { mostDocumentLevels } from '../../model/basics/limits.ts';
import { usage } from '../../model/refusals.ts';
import { onlyLooks } from '../route/refusal.ts';
import { createConsumers } from './consumers.ts';
import { lookedUp } from './looks.ts';
import { calls } from './table.ts';

export interface CallsOptions {
  readonly root: Root;
  /** Only what looks is done. */
  readonly readOnly: boolean;
  /** Aborted when the server ends. */
  readonly ending: AbortSignal;
}

interface Asked {
  /** Of who asks, as a request has it. */
  readonly session: Session;
  readonly question: Question;
  /** Aborted when the signal of its client has come. */
  readonly ended: AbortSignal;
  /** Aborted when nobody hears its answer any more: its client has gone, or the server ends. */
  readonly gone: AbortSignal;
  /** Aborted when its client has gone. */
  readonly left: AbortSignal;
  /** Writes one line. @returns when the next may be written */
  readonly write: (line: Line) => Promise<void>;
}

export interface Calls {
  /**
   * Writes all of its lines; never rejects.
   * @returns gives back what the answer has handed over, for where it did not arrive; `undefined`: it hands nothing over
   */
  answer(asked: Asked): Promise<(() => Promise<void>) | undefined>;
}

export function createCalls({ root, readOnly, ending }: CallsOptions): Calls {
  const consumers = createConsumers();

  return { answer };

  async function answer(asked: Asked): Promise<(() => Promise<void>) | undefined> {
    const { question, ended, gone, write } = asked;
    const { acting, proved = false, env } = asked.session;
    const { call } = question;
    const until = joined(ended, gone, ending);
    try {
      if (question.v !== ownVersion) throw otherVersion('this socket', ownVersion);
      const session = sessionOn(root, {
        ...(acting !== undefined && { as: acting }),
        proved,
        ...(question.label !== undefined && { label: question.label }),
        // Whoever has the root's files may set for himself what he likes.
        env: !proved && question.env ? { ...env, ...question.env } : env,
        warn: (warn) => void write({ warn }),
      });
      const args = argumentsOf(asked, until.signal);
      const made = await begun(session, asked, args);
      let result: unknown = made;
      if (isEach(made)) result = await writeEach(made, asked);
      consumers.note(session, call, args, result);
      const isCutShort = ending.aborted && !ended.aborted && result === undefined;
      await write(isCutShort ? { ending: true } : { end: toJson(result) });
      return backFrom(session, call, result);
    } catch (error) {
      await write({ error: toJson(asDreamosError(error)) });
      return undefined;
    } finally {
      until.end();
    }
  }

  /** @returns what it gives, or what gives it bit by bit */
  async function begun(
    session: Session,
    { question: { call }, ended, gone, left }: Asked,
    args: readonly unknown[],
  ): Promise<unknown> {
    if (call === hello)
      return {
        path: root.path,
        version: ownVersion,
        ...(session.acting !== undefined && { agent: session.acting }),
      } satisfies Hello;
    if (readOnly && call === takeUpCall) throw onlyLooks('work');
    if (readOnly && call === keepReplyCall) throw onlyLooks('reply');
    if (call === takeUpCall)
      return consumers.stay(session, String(args[0]), String(args[1]), { until: ended, gone, left });
    if (call.startsWith(storeCall)) return lookedUp(session, call.slice(storeCall.length), args);
    if (call === keepReplyCall)
      return keepReply(await admit(session, 'reply'), String(args[0]), args[1] as Parameters<typeof keepReply>[2]);
    const load = Object.hasOwn(calls, call) ? calls[call] : undefined;
    if (!load)
      throw usage(`"${call}" is not done through a server.`, 'Open the root itself: `open` instead of `connect`');
    const run = await load();
    const { operation } = run;
    const isLook = operations[operation].effect === 'looks' || isDry(call, args);
    if (readOnly && !isLook) throw onlyLooks(isForWork(call, args) ? 'work' : operation);
    const without = withoutOption[operation];
    if (without && args.some((one) => fieldOf(one, without.option))) throw notAway(operation, `then ${without.why}`);
    // Else what is done would be noted nowhere, by a word that the operation does not read.
    if (!isLook && isAudited(operation) && isLookToAudit(operation, args))
      throw usage(`"${operation}" is no dry run by these arguments.`, 'Leave `dryRun` and `check` out');
    return noted(session, operation, args, () => run(session, ...args));
  }
}

/** Where a call says that it only looks, or is only to tell what it would do: an option that it has not is none. */
const dryRunAt: Readonly<Record<string, number>> = {
  ...{ 'archive.pack': 1, 'archive.prune': 1, 'topics.prune': 1, 'tasks.createAll': 1, 'tasks.importBeads': 1 },
  ...{ 'audit.prune': 0, 'schedule.fire': 0, 'dlq.retry': 2, 'dlq.purge': 2 },
};

function isDry(call: string, args: readonly unknown[]): boolean {
  if (call === 'doctor') return !fieldOf(args[0], 'fix');
  const at = dryRunAt[call];
  if (at === undefined) return call === 'chooseDead';
  return fieldOf(args[at], 'dryRun') === true;
}

/** A worker runs at its client, who was not told to read. */
function isForWork(call: string, args: readonly unknown[]): boolean {
  return call === 'read' && fieldOf(args[1], 'consumer') !== undefined;
}

/** Of what nobody has checked yet. */
function fieldOf(one: unknown, name: string): unknown {
  return (one as Readonly<Record<string, unknown>> | null | undefined)?.[name];
}

/** What an operation takes that may wait for long: its options, which get the signal of the connection. */
const optionsAt: Readonly<Record<string, number>> = {
  ...{ watch: 0, followOverview: 0, 'tasks.next': 0, coordinate: 0, doctor: 0 },
  ...{
    listen: 1,
    'tasks.watch': 1,
    read: 1,
    peek: 1,
    request: 1,
    ask: 1,
    send: 1,
    sendAll: 1,
    'reservations.reserve': 1,
  },
  ...{ until: 2, publish: 2, reply: 2 },
};

/** What no call takes. */
const refused: ReadonlySet<string> = new Set(['error', 'bigint']);
/** What a call tells by the way; a function elsewhere would pass for a method of what is taken for a text. */
const functionsAt: ReadonlySet<string> = new Set(['onBegun', 'onProgress', 'onRole', 'onTended', 'onWarning']);

function argumentsOf({ question, write }: Asked, signal: AbortSignal): unknown[] {
  const functionOf =
    (name: unknown) =>
    (...args: unknown[]) =>
      void write({ call: { name: Number(name), args: toJson(args) } });
  const isLook = question.call.startsWith(storeCall);
  const limits = { refused, mostDataLevels: mostDocumentLevels };
  const found = isLook ? limits : { functionOf, functionsAt, signal, ...limits };
  const args = fromJson(question.args, found);
  if (!Array.isArray(args)) throw usage('A call takes a list of arguments.', 'Update dreamos on both sides.');
  const at = optionsAt[question.call];
  if (at !== undefined) args[at] = { ...(args[at] as object | undefined), signal };
  return args.map(withNames);
}

/** What its client has asked for before (core/remote/away.ts). */
function withNames(one: unknown): unknown {
  const { nameOf } = (one ?? {}) as { readonly nameOf?: unknown };
  return Array.isArray(nameOf) ? { ...(one as object), nameOf: (at: number) => String(nameOf[at]) } : one;
}

/** @returns what it returns */
async function writeEach(made: AsyncGenerator<unknown, unknown, undefined>, { write, gone }: Asked): Promise<unknown> {
  for (;;) {
    const { done, value } = await made.next();
    if (done) return value;
    await write({ item: toJson(value) });
    if (gone.aborted) return (await made.return(undefined)).value;
  }
}

/** A claim that its client was told of: where the answer has not arrived, it is given back, and uses up no attempt. */
function backFrom(session: Session, call: string, result: unknown): (() => Promise<void>) | undefined {
  const handed = handedOver(call, result);
  if (handed === undefined) return undefined;
  return async () => {
    await nack(session, handed, { free: true, delayMs: 0, reason: 'its reader has gone' }).catch(() => undefined);
  };
}
