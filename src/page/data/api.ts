/** Calls the server. Every request carries the token; nothing is cached but by the browser, which asks again. */
import { signal } from '@preact/signals';
import { forgetToken, token } from '../base/token.ts';
import type { Acts, Looks } from './answers.ts';
import { asProblem, Problem, problemIn } from './problem.ts';

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** Who the person is: the token's agent. */
export const me = signal<string | undefined>(undefined);
/** The server lets nobody change anything. */
export const isReadOnly = signal(false);
/** The root's folder. */
export const where = signal('');
/** What an operation warned of: the newest. */
export const warning = signal<string | undefined>(undefined);

/** Claims and changes nothing. @throws Problem */
export function look<Name extends keyof Looks>(
  name: Name,
  query: Query = {},
  ending?: AbortSignal,
): Promise<Looks[Name]> {
  return call(`${pathOf(name)}${queryText(query)}`, { method: 'GET', ...(ending && { signal: ending }) });
}

/** @param input the library's draft, or arguments by name @throws Problem */
export function act<Name extends keyof Acts>(name: Name, input: object): Promise<Acts[Name]> {
  return call(pathOf(name), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
}

function pathOf(name: string): string {
  return `/v1/${name.replace('.', '/')}`;
}

function queryText(query: Query): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '') continue;
    said.set(name, Array.isArray(value) ? value.join(',') : String(value));
  }
  const text = said.toString();
  return text && `?${text}`;
}

/** A request with the token; what is no success is thrown. @throws Problem, and AbortError */
export async function request(path: string, init: RequestInit): Promise<Response> {
  const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${token.value}` };
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, cache: 'no-store', credentials: 'omit', redirect: 'error' });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw asProblem(error);
  }
  if (response.status === 401) forgetToken();
  if (!response.ok) throw await problemIn(response);
  const warned = response.headers.get('dreamos-warning');
  if (warned) warning.value = (JSON.parse(decodeURIComponent(warned)) as string[]).join('\n');
  return response;
}

/** Asks the server whom it takes the person for, and what he may. @throws Problem */
export async function askWho(): Promise<void> {
  const who = await call<{ agent: string | null; readOnly: boolean; root: string }>('/v1/-/page', { method: 'GET' });
  me.value = who.agent ?? undefined;
  isReadOnly.value = who.readOnly;
  where.value = who.root;
}

async function call<T>(path: string, init: RequestInit): Promise<T> {
  const response = await request(path, init);
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Problem({ code: 'NO_JSON', detail: 'The answer broke off.', status: response.status });
  }
}
