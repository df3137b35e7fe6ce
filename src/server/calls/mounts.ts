/** The calls of dreamos' own clients, beside the routes: nothing of it is anybody's interface. */
import type { ServerResponse } from 'node:http';
import { callPath, type Line, type Question, type Said, saidPath } from '../../core/remote/protocol.ts';
import { usage } from '../../model/refusals.ts';
import type { Mount, ProvedExchange } from '../route/mount.ts';
import { createCalls, type CallsOptions } from './calls.ts';

/** What a client says of a call that goes on, by the call. */
interface Open {
  readonly ended: AbortController;
  /** Its last line has arrived. */
  have(): void;
}

/**
 * A client that is there says at once that it has an answer. One that is busy, or stopped, is not gone as long as its connection is
 * there; whoever says it later than this is told that he has nothing; milliseconds.
 */
const haveWithinMs = 60_000;

export function callMounts(options: CallsOptions): Mount[] {
  const calls = createCalls(options);
  const open = new Map<string, Open>();
  return [
    { method: 'POST', path: callPath, run: answer },
    { method: 'POST', path: saidPath, run: hear },
  ];

  async function hear({ session }: Parameters<Mount['run']>[0], { json }: ProvedExchange): Promise<Response> {
    const { id, said } = ((await json()) ?? {}) as Partial<Said>;
    const call = open.get(nameOf(session.acting, id));
    if (said === 'end') call?.ended.abort();
    else call?.have();
    return Response.json({ isKnown: call !== undefined });
  }

  async function answer(
    { session, signal }: Parameters<Mount['run']>[0],
    { json, outgoing }: ProvedExchange,
  ): Promise<undefined> {
    const question = questionIn(await json());
    const ended = new AbortController();
    if (question.isEnded) ended.abort();
    const closed = new Promise<false>((resolve) => {
      // Its end may have been told already.
      if (outgoing.destroyed) resolve(false);
      else outgoing.once('close', () => resolve(false));
    });
    let have: () => void = () => undefined;
    const had = new Promise<true>((resolve) => (have = () => resolve(true)));
    const name = nameOf(session.acting, question.id);
    open.set(name, { ended, have });
    try {
      outgoing.writeHead(200, { 'content-type': 'application/jsonl', 'cache-control': 'no-store' });
      const giveBack = await calls.answer({
        session,
        question,
        ended: ended.signal,
        gone: signal,
        write: (line) => written(outgoing, line),
      });
      if (giveBack && !(await hasArrived([had, closed]))) {
        open.delete(name);
        await giveBack();
      }
    } finally {
      open.delete(name);
      outgoing.end();
    }
    return undefined;
  }
}

/** Nobody hears of a call of another agent. */
function nameOf(agent: string | undefined, id: string | undefined): string {
  return `${agent ?? ''} ${id ?? ''}`;
}

async function hasArrived(heard: readonly Promise<boolean>[]): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), haveWithinMs).unref()));
  try {
    return await Promise.race([...heard, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @throws USAGE */
function questionIn(body: unknown): Question {
  const [question] = [body].flat() as Partial<Question>[];
  if (typeof question?.v === 'string' && typeof question.call === 'string') return question as Question;
  throw usage('This is no call of dreamos.', 'What others may call: /openapi.json');
}

/** @returns when more may be written: a client that does not read holds up what is told to him */
function written(outgoing: ServerResponse, line: Line): Promise<void> {
  if (outgoing.destroyed || outgoing.write(`${JSON.stringify(line)}\n`)) return Promise.resolve();
  return new Promise((resolve) => {
    const go = (): void => {
      outgoing.off('drain', go).off('close', go);
      resolve();
    };
    outgoing.on('drain', go).on('close', go);
  });
}
