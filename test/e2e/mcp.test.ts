/** `dreamos mcp` as a process of its own, with a client at its streams that behaves, that is killed, or that is none. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { describe, expect } from 'vitest';
import { starts } from './runtime.ts';
import { pause, project, type Rig, test, until } from './rig.ts';

interface Text {
  readonly text: string;
}

async function connect(rig: Rig, words: readonly string[] = ['--as', 'reviewer'], mode: 'auto' | 'legacy' = 'auto') {
  const [file = '', ...before] = starts;
  const transport = new StdioClientTransport({
    command: file,
    args: [...before, 'mcp', ...words],
    cwd: rig.dir,
    env: { PATH: process.env['PATH'] ?? '', HOME: rig.dir },
    stderr: 'pipe',
  });
  let err = '';
  transport.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  await client.connect(transport);
  return {
    client,
    err: () => err,
    call: async (name: string, input: Record<string, unknown> = {}) => {
      const result = await client.callTool({ name, arguments: input });
      return { ...result, text: (result.content as Text[])[0]?.text ?? '' };
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

const line = (message: object) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`;
const opening =
  line({
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
  }) + line({ method: 'notifications/initialized' });
const call = (id: number, name: string, input: object = {}) =>
  line({ id, method: 'tools/call', params: { name, arguments: input } });

/** A client in a process of its own, so that it can be killed. */
function doomedClient(rig: Rig, said: string) {
  const client = rig.worker('mcp-client.mjs', { starts: [...starts, 'mcp', '--as', 'reviewer'], said });
  return { client, out: () => client.lines().slice(1), serverPid: () => Number(client.lines()[0]) };
}

const has = (lines: readonly string[], id: number): boolean => lines.some((one) => one.includes(`"id":${id}`));

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const ready = async (rig: Rig) => (await rig.dreamos('status reviewer --json')).json[0];

describe.concurrent('dreamos mcp', () => {
  for (const mode of ['legacy', 'auto'] as const) {
    test(`serves a client that begins as ${mode}`, async ({ rig }) => {
      const id = await rig.sent('send reviewer hello --as planner');
      await using server = await connect(rig, ['--as', 'reviewer'], mode);
      expect((await server.client.listTools()).tools).toHaveLength(18);
      expect((await server.call('mail_read', { wait: '20s' })).text).toMatch(/```\nhello\n```/);
      expect((await server.call('mail_ack')).structuredContent).toMatchObject({ id, state: 'archived' });
      const waiting = server.call('mail_read', { wait: '20s' });
      await rig.sent(['send', 'reviewer', 'pushed', '--as', 'planner']);
      expect((await waiting).text).toContain('pushed');
      expect(await server.call('mail_send', { to: 'ghost', body: 'x' })).toMatchObject({ isError: true });
      expect(server.err()).toBe('');
    });
  }

  test('starts where nobody is registered under its name, and where there is no root', async ({ rig, bare }) => {
    await using misspelt = await connect(rig, ['--as', 'reviewr']);
    expect((await misspelt.call('mail_read')).text).toContain('"AGENT_NOT_FOUND"');
    await using rootless = await connect(bare, ['--as', 'reviewer']);
    const refused = await rootless.call('mail_status');
    expect(JSON.parse(refused.text)).toMatchObject({
      error: { code: 'ROOT_NOT_FOUND', hint: expect.any(String) as string },
    });
    await bare.dreamos('init reviewer');
    expect((await rootless.call('mail_status')).text).toContain('You are reviewer.');
  });

  test('takes nothing for a client that is killed while it waits, and ends with it', async ({ rig }) => {
    const doomed = doomedClient(rig, opening + call(1, 'mail_read', { wait: '50s' }));
    await until('the server has answered', () => has(doomed.out(), 0));
    await pause(300);
    await doomed.client.kill('SIGKILL');
    await until('the server has ended', () => !isRunning(doomed.serverPid()));
    await rig.sent('send reviewer late --as planner');
    expect(await ready(rig)).toMatchObject({ ready: 1, inflight: 0 });
  });

  test('loses nothing to a client that is killed at the moment in which mail comes', async ({ rig }) => {
    const doomed = Array.from({ length: 6 }, () => doomedClient(rig, opening + call(1, 'mail_read', { wait: '50s' })));
    for (const { out } of doomed) await until('the server has answered', () => has(out(), 0));
    await pause(300);
    const ids = await Promise.all(
      doomed.map(async ({ client }, i) => {
        const sending = rig.sent(['send', 'reviewer', `mail ${i}`, '--as', 'planner']);
        await pause(40 * i);
        await client.kill('SIGKILL');
        return sending;
      }),
    );
    for (const { serverPid } of doomed) await until('the server has ended', () => !isRunning(serverPid()));
    // Who was told of one long enough before it was killed may have taken it; on a quiet machine nobody was.
    const held = (await rig.dreamos('list reviewer --state inflight --json')).json as readonly { id: string }[];
    const told = doomed.flatMap(({ out }) => out()).join('\n');
    expect(held.filter(({ id }) => !told.includes(id))).toEqual([]);
    expect(await ready(rig)).toMatchObject({ ready: 6 - held.length, inflight: held.length });
    for (let left = 6 - held.length; left > 0; left--) {
      const { json } = await rig.dreamos('read reviewer --json');
      expect(json[0]).toMatchObject({ attempt: 1 });
      expect(ids).toContain(json[0]?.message.id);
    }
  });

  test('has nothing on stdout but the protocol, whatever it is told', async ({ rig }) => {
    const said = `${opening}no JSON\n{"jsonrpc":"2.0"}\n[]\n${call(7, 'mail_status')}${line({ id: 8, method: 'no/such' })}`;
    const server = rig.start('mcp --as reviewer', { stdin: '' });
    expect(await server.ended).toMatchObject({ code: 0, out: '' });
    const { client, out } = doomedClient(rig, said);
    await until('it has answered', () => has(out(), 7) && has(out(), 8));
    for (const one of out()) expect(JSON.parse(one)).toMatchObject({ jsonrpc: '2.0' });
    expect(out().find((one) => one.includes('"id":7'))).toContain('You are reviewer.');
    expect(client.err().match(/^Warning: A line on stdin is no message/gm)).toHaveLength(2);
  });

  test('ends at once when it is told to, and gives back what is under way', async ({ rig }) => {
    await rig.sent('send reviewer hello --as planner');
    const doomed = doomedClient(rig, opening + call(1, 'mail_read'));
    await until('it is read', () => has(doomed.out(), 1));
    process.kill(doomed.serverPid(), 'SIGTERM');
    await until('the server has ended', () => !isRunning(doomed.serverPid()));
    expect(await ready(rig)).toMatchObject({ ready: 1, inflight: 0 });
    await doomed.client.kill('SIGKILL');
  });

  test('is in a bundle of at most 450 KB', () => {
    expect(statSync(join(project, 'dist/mcp.cjs')).size).toBeLessThan(450 * 1024);
  });
});
