/** The calls of dreamos' own clients, beside the routes: nothing of it is anybody's interface. */
import type { ServerResponse } from 'node:http';
import { callPath, type Line, type Question, type Said } from '../../core/remote/protocol.ts';
import { usage } from '../../model/refusals.ts';
import type { Mount, ProvedExchange } from '../route/mount.ts';
import { createArrival, type Ends } from './arrival.ts';
import { createCalls, type CallsOptions } from './calls.ts';

export function callMounts(options: CallsOptions & Ends): Mount[] {
  const calls = createCalls(options);
  return [{ method: 'POST', path: callPath, run: answer }];

  async function answer(
    { session, signal }: Parameters<Mount['run']>[0],
    { talk, outgoing }: ProvedExchange,
  ): Promise<undefined> {
    const ended = new AbortController();
    const arrival = createArrival(outgoing, options);
    const hear = (said: unknown): void => {
      const { said: what } = (said ?? {}) as Partial<Said>;
      if (what === 'end') ended.abort();
      if (what === 'have') arrival.have();
    };
    const question = questionIn(await talk(hear));
    if (question.isEnded) ended.abort();
    try {
      outgoing.writeHead(200, { 'content-type': 'application/jsonl', 'cache-control': 'no-store' });
      const giveBack = await calls.answer({
        session,
        question,
        ended: ended.signal,
        gone: signal,
        left: arrival.left,
        write: (line) => written(outgoing, line),
      });
      if (giveBack && (await arrival.heard()) === 'left') await giveBack();
    } finally {
      outgoing.end();
    }
    return undefined;
  }
}

/** @throws USAGE */
function questionIn(line: unknown): Question {
  const question = line as Partial<Question> | null;
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
