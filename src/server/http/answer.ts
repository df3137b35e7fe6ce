/** What goes back: the JSON that the command prints, and what HTTP says of it. */
import type { ServerResponse } from 'node:http';
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

/** A text at once: with a Response around it, and a stream around that, a small request costs half as much again. */
export function write(outgoing: ServerResponse, { status, headers, body }: Answer): Response {
  if (typeof body === 'object') return new Response(bodyOf(body), { status, headers: { ...always, ...headers } });
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  outgoing.writeHead(status, { ...always, ...headers, ...length });
  outgoing.end(body);
  return alreadySent;
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
