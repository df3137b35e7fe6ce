/** What goes back: the JSON that the command prints, and what HTTP says of it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Answer } from '../route/answer.ts';
import { bodyOf } from '../route/pieces.ts';
import { problemOf } from '../route/problem.ts';
import { Refusal } from '../route/refusal.ts';

/** Nothing of it is kept by anybody between, taken for something else, or shown in a frame. */
const always = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

type Headers = Readonly<Record<string, string>>;

/** What @hono/node-server takes for: it was written by other means. */
export const alreadySent = new Response(null, { headers: { 'x-hono-already-sent': 'true' } });

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** A text at once: by a Response a small request costs half as much again. */
export async function write(exchange: Exchange, { status, headers, body }: Answer): Promise<void> {
  const all = { ...always, ...headers };
  if (typeof body === 'object') return respond(exchange, () => new Response(bodyOf(body), { status, headers: all }));
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  exchange.outgoing.writeHead(status, { ...all, ...length });
  exchange.outgoing.end(body);
}

/** By a Response, behind which what is left of the request is read. @param responseOf does not throw */
export function respond(
  { incoming, outgoing }: Exchange,
  responseOf: (request: Request) => Response | Promise<Response>,
): Promise<void> {
  const listener = getRequestListener(
    async (request) => {
      const response = await responseOf(request);
      return incoming.method === 'HEAD' ? new Response(null, response) : response;
    },
    { hostname: 'localhost', overrideGlobalObjects: false },
  );
  return listener(incoming, outgoing);
}

/** What a mount answers, with what it does not say otherwise. */
export function guarded(response: Response): Response {
  for (const [name, value] of Object.entries(always))
    if (!response.headers.has(name)) response.headers.set(name, value);
  return response;
}

/** @param ifMatch of the request */
export function problemResponse(error: unknown, ifMatch?: string): Response {
  const { status, headers, text } = problemText(error, ifMatch);
  return new Response(text, { status, headers });
}

/** As bytes can be written without a Response. */
export function problemText(
  error: unknown,
  ifMatch?: string,
): {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
} {
  const problem = problemOf(error, { ifMatch });
  const own = error instanceof Refusal ? error.headers : {};
  const retry = problem.status === 429 ? { 'retry-after': '1' } : {};
  return {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', ...always, ...retry, ...own },
    text: `${JSON.stringify(problem)}\n`,
  };
}
