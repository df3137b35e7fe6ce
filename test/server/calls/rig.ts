/** Sessions that work through a server, which is in this process with its root on disk. */
import { request } from 'node:http';
import { connectRoot } from '../../../src/core/remote/connect.ts';
import {
  callPath,
  type Line,
  lineBytesHeader,
  ownVersion,
  type Question,
  type Said,
} from '../../../src/core/remote/protocol.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { createServed } from '../rig.ts';

export async function createConnected(agents: readonly string[] = ['planner', 'reviewer']) {
  const served = await createServed(agents);
  const warnings: string[] = [];
  const connect = (as?: string, env: NodeJS.ProcessEnv = {}): Promise<Session> =>
    connectRoot(`unix:${served.socket}`, {
      ...(as !== undefined && { as }),
      env,
      pid: process.pid,
      warn: (message) => void warnings.push(message),
    });
  return { ...served, connect, warnings };
}

export interface Calling {
  /** Its first line. */
  readonly begun: Promise<Line>;
  /** Its last one. */
  readonly end: Promise<Line>;
  /** As of a process that dies. */
  kill(): void;
}

/**
 * A call as another client than dreamos' own may make it; as dreamos' own it says that its answer has arrived. @param args as they
 * travel @param silent `true`: it does not; else until when
 */
export function calling(
  socketPath: string,
  call: string,
  args: unknown,
  silent: boolean | Promise<unknown> = false,
): Calling {
  const line = `${JSON.stringify({ v: ownVersion, call, args } satisfies Question)}\n`;
  const headers = { 'content-type': 'application/jsonl', [lineBytesHeader]: Buffer.byteLength(line) };
  const sent = request({ socketPath, method: 'POST', path: callPath, headers, agent: false });
  sent.write(line);
  let begin: (line: Line) => void = () => undefined;
  const begun = new Promise<Line>((resolve) => (begin = resolve));
  const end = new Promise<Line>((resolve, reject) => {
    sent.on('error', reject).on('response', (response) => {
      let text = '';
      response.on('error', reject).setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        const lines = text.split('\n').slice(0, -1);
        if (lines[0] !== undefined) begin(JSON.parse(lines[0]) as Line);
        const last = JSON.parse(lines.at(-1) ?? '{}') as Line;
        if (!('end' in last || 'error' in last)) return;
        const say = (): void => void sent.end(`${JSON.stringify({ said: 'have' } satisfies Said)}\n`);
        if (silent === false) say();
        else if (silent !== true) void silent.then(say);
        resolve(last);
      });
      response.on('end', () => (response.statusCode === 200 ? undefined : reject(new Error(text))));
    });
  });
  end.catch(() => undefined);
  return { begun, end, kill: () => void sent.destroy() };
}

export function callAt(socketPath: string, call: string, args: unknown): Promise<Line> {
  return calling(socketPath, call, args).end;
}
