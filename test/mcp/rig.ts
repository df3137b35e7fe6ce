/** A root in memory, and a client of the official SDK that talks to `dreamos mcp` on it without a process between. */
import { PassThrough, Writable } from 'node:stream';
import { Client } from '@modelcontextprotocol/client';
import { InMemoryTransport, type JSONRPCMessage } from '@modelcontextprotocol/server';
import { Context } from '../../src/cli/context.ts';
import { type ToolName, tools } from '../../src/mcp/shapes.ts';
import type { Session } from '../../src/core/root/root.ts';
import { serve } from '../../src/mcp/serve.ts';
import { systemClock } from '../../src/model/clock.ts';
import { misfits, strict } from '../contract/strict.ts';
import { createRigOn } from '../core/rig.ts';

/** As clients of today begin: by `initialize`, and by `server/discover`. */
export const eras = ['2025-06-18', '2025-11-25', '2026-07-28'] as const;
export type Era = (typeof eras)[number];

export interface Answer {
  readonly text: string;
  readonly value: Record<string, unknown>;
  /** Of what was refused. */
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | undefined;
}

type OpenRoot = (options?: { readonly as?: string }) => Promise<Session>;

export interface Terms {
  readonly as?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Instead of opening the root. */
  readonly openRoot?: OpenRoot;
}

export async function connect(era: Era = '2025-11-25', { as = 'reviewer', env = {}, openRoot }: Terms = {}) {
  const root = await createRigOn(systemClock);
  const opens: OpenRoot = async (options) => root.as(options?.as ?? env['DREAMOS_AGENT'], env);
  const stop = new AbortController();
  let err = '';
  const stderr = new Writable({ write: (chunk: Buffer, _, done) => ((err += chunk.toString()), done()) });
  const stdout = new Writable({ write: () => expectNothing() });
  const context = new Context({
    env,
    cwd: () => '/work',
    stdin: new PassThrough(),
    stdout,
    stderr,
    signal: stop.signal,
    version: () => '0.0.0',
    openRoot: openRoot ?? opens,
  } as never);
  context.options = as === '' ? {} : { as };
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const wire: JSONRPCMessage[] = [];
  const send = theirs.send.bind(theirs);
  theirs.send = async (message, options) => {
    wire.push(structuredClone(message));
    await send(message, options);
  };
  const served = serve(context, theirs);
  const modern = era === '2026-07-28';
  const client = new Client(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode: modern ? 'auto' : 'legacy' }, ...(!modern && { supportedProtocolVersions: [era] }) },
  );
  await client.connect(ours);

  /** Calls a tool; what it gives has to be exactly what its shape says. */
  async function call(name: ToolName, input: object = {}, signal?: AbortSignal): Promise<Answer> {
    const result = await client.callTool({ name, arguments: { ...input } }, signal && { signal });
    const [first] = result.content;
    const text = first?.type === 'text' ? first.text : '';
    if (result.isError) return { text, value: {}, error: (JSON.parse(text) as { error: Answer['error'] }).error };
    const value = result.structuredContent as Record<string, unknown>;
    const wrong = misfits(strict(tools[name].output()), value);
    if (wrong.length > 0) throw new Error(`${name} gave what its shape does not say: ${wrong.join('; ')}`);
    return { text, value, error: undefined };
  }

  return {
    client,
    call,
    root,
    /** What the server has said, in order. */
    wire,
    err: () => err,
    served,
    /** As a signal to the process does. */
    stop: () => stop.abort(143),
    async [Symbol.asyncDispose]() {
      await client.close();
      await served;
    },
  };
}

export type Rig = Awaited<ReturnType<typeof connect>>;

function expectNothing(): never {
  throw new Error('Something but the protocol went to stdout.');
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** How many are in each state of the reviewer's mailbox. */
export async function counts({ root }: Rig): Promise<{ ready: number; inflight: number; archived: number }> {
  const { ready, inflight, archived } = await root.root.store.look.counts('reviewer');
  return { ready, inflight, archived };
}
