/** A server as a process, and requests to it. */
import { request } from 'node:http';
import { join } from 'node:path';
import type { Line, Rig, Running } from './rig.ts';

export const socketOf = (rig: Rig): string => join(rig.root, 'server.sock');

/** @returns once it listens, what it has said */
export async function served(rig: Rig, words = ''): Promise<Running & { readonly about: Line }> {
  const server = rig.start(`serve --json ${words}`.trim());
  await until('it listens', () => server.lines().length > 0, server.ended);
  return { ...server, about: JSON.parse(server.lines()[0] ?? '') as Line };
}

export async function until(what: string, holds: () => boolean, ended?: Promise<unknown>): Promise<void> {
  let over: unknown;
  void ended?.then((end) => (over = end));
  for (const end = Date.now() + 30_000; !holds();) {
    if (over !== undefined || Date.now() > end) throw new Error(`not: ${what}; ${JSON.stringify(over)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function ask(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
  // oxlint-disable-next-line typescript/no-explicit-any -- a test knows what it asked for
): Promise<{ status: number; value: any }> {
  return new Promise((resolve, reject) => {
    const headers = { 'dreamos-agent': 'planner', ...(body !== undefined && { 'content-type': 'application/json' }) };
    const asked = request({ socketPath, method, path, headers, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => (text += String(chunk))).on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, value: text === '' ? undefined : JSON.parse(text) }),
      );
    });
    asked.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}
