/** Routes over the root of a command's rig, without a listener: what a command prints of it can be compared with what they answer. */
import { sessionOn } from '../../../src/core/open-root.ts';
import { answerOf } from '../../../src/server/route/answer.ts';
import { problemOf } from '../../../src/server/route/problem.ts';
import { type Call, methodOf, pathOf } from '../../../src/server/route/route.ts';
import { inputOf } from '../../../src/server/route/take.ts';
import { routes } from '../../../src/server/routes/all.ts';
import type { Root } from '../../../src/core/root/root.ts';
import { createRig } from '../../commands/rig.ts';

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Its JSON, or that of its lines. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test knows what it asked for
  readonly value: any;
  readonly warnings: readonly string[];
}

export interface Asking {
  readonly as?: string;
  readonly isProved?: boolean;
  readonly key?: string;
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
  readonly hands?: (receipt: string) => void;
}

/** @param root of which the routes are called */
export function callerOf(root: Root) {
  const ask = async (
    method: 'GET' | 'POST',
    address: string,
    body: { json?: string; lines?: string },
    { as, isProved: proved, key, ifMatch, ifNoneMatch, accept, signal, hands = () => undefined }: Asking = {},
  ): Promise<Answered> => {
    const url = new URL(address, 'http://x');
    const route = routes.find((one) => pathOf(one) === url.pathname && methodOf(one) === method);
    if (!route) throw new Error(`there is no ${method} ${url.pathname}`);
    const warnings: string[] = [];
    try {
      const session = sessionOn(root, {
        ...(as !== undefined && { as }),
        ...(proved !== undefined && { proved }),
        warn: (text) => void warnings.push(text),
      });
      const call: Call = {
        ...{ session, key, ifMatch, hands },
        signal: signal ?? new AbortController().signal,
      };
      const input = inputOf(route, { query: url.searchParams, ...body });
      const wanted = { accept, ifNoneMatch };
      const answer = await answerOf({ route, call, input, wanted, warnings: () => warnings });
      const text = await textOf(answer.body);
      const isLines = answer.headers['content-type'] === 'application/jsonl';
      const value = isLines ? linesIn(text) : text === '' ? undefined : (JSON.parse(text) as unknown);
      return { status: answer.status, headers: answer.headers, text, value, warnings };
    } catch (error) {
      const problem = problemOf(error, { ifMatch });
      return { status: problem.status, headers: {}, text: '', value: problem, warnings };
    }
  };
  return {
    get: (address: string, asking?: Asking) => ask('GET', address, {}, asking),
    post: (path: string, body: unknown = {}, asking?: Asking) =>
      ask('POST', path, { json: typeof body === 'string' ? body : JSON.stringify(body) }, asking),
    lines: (address: string, lines: readonly unknown[], asking?: Asking) => {
      const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
      return ask('POST', address, { lines: `${texts.join('\n')}\n` }, asking);
    },
  };
}

export async function createRouteRig(agents?: readonly string[]) {
  const rig = await createRig(agents);
  return { ...rig, ...callerOf(rig.root) };
}

export type RouteRig = Awaited<ReturnType<typeof createRouteRig>>;

async function textOf(body: string | AsyncIterable<string> | undefined): Promise<string> {
  if (typeof body !== 'object') return body ?? '';
  let text = '';
  for await (const part of body) text += part;
  return text;
}

function linesIn(text: string): unknown[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);
}
