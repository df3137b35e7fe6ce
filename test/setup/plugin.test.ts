/** OpenCode's plugin, loaded as a module, with a stand-in for OpenCode and for `dreamos hook opencode`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { pluginText } from '../../src/setup/plugin.ts';
import { signedEditor } from '../../src/setup/text-editors.ts';
import { scratch } from '../scratch.ts';

interface Hooks {
  event(of: { event: { type: string; properties?: object } }): Promise<void>;
  'chat.message'(input: object, output: { message: object; parts: object[] }): Promise<void>;
  'tool.execute.before'(input: object, output: object): Promise<void>;
  'tool.execute.after'(input: object, output: { output?: string }): Promise<void>;
  'shell.env'(input: object, output: { env: Record<string, string> }): Promise<void>;
}

/** @param body what dreamos does, in sh: `$said` is what it was told, `$*` its words */
async function loaded(body: string, wishes = { wake: true, guard: true }, as: string | null = 'reviewer') {
  const dir = scratch();
  const program = join(dir, "it's a dreamos");
  if (body !== '') {
    const note = `said=$(cat); printf '%s %s\\n' "$*" "$said" >> '${join(dir, 'log')}'`;
    writeFileSync(program, `#!/bin/sh\n${note}\n${body}\n`, { mode: 0o755 });
  }
  mkdirSync(join(dir, 'plugins'));
  const file = join(dir, 'plugins', 'dreamos.mjs');
  writeFileSync(file, await signedEditor(pluginText({ program, as: as ?? undefined }, wishes)).snippet());
  const promptAsync = vi.fn<(of: object) => Promise<object>>(async () => ({}));
  const client = { session: { promptAsync } };
  const module = (await import(pathToFileURL(file).href)) as Record<string, (of: object) => Promise<Hooks>>;
  expect(Object.keys(module)).toEqual(['DreamosMail']);
  const hooks = await module['DreamosMail']?.({ client, directory: dir });
  if (!hooks) throw new Error('it gives no hooks');
  const log = (): string[] =>
    existsSync(join(dir, 'log')) ? readFileSync(join(dir, 'log'), 'utf8').trim().split('\n') : [];
  return { hooks, promptAsync, log, dir };
}

const says = `case "$*" in *--wait*) exit 0;; *) printf '{"text":"mail"}';; esac`;
const until = (isSo: () => boolean): Promise<void> => vi.waitFor(() => expect(isSo()).toBe(true), { timeout: 20_000 });

describe('the plugin', () => {
  test('is about 100 lines, and begins with what it is', async () => {
    const text = await signedEditor(
      pluginText({ program: 'dreamos', as: 'a' }, { wake: true, guard: false }),
    ).snippet();
    expect(text.split('\n').length).toBeLessThan(110);
    expect(text).toMatch(/^\/\/ dreamos-setup 1 sha256:[0-9a-f]{64}\n/);
  });

  test('tells of mail at a prompt and behind a tool, in the words of the hook', async () => {
    const { hooks, log, dir } = await loaded(says);
    const parts: object[] = [];
    await hooks['chat.message']({ sessionID: 's1' }, { message: { id: 'm1' }, parts });
    expect(parts).toEqual([
      {
        id: expect.stringMatching(/^prt_/) as string,
        sessionID: 's1',
        messageID: 'm1',
        type: 'text',
        text: 'mail',
        synthetic: true,
      },
    ]);
    const output = { output: 'done' };
    await hooks['tool.execute.after']({ sessionID: 's1', tool: 'bash' }, output);
    expect(output.output).toBe('done\n\nmail');
    expect(log()).toEqual([
      `hook opencode --as reviewer {"hook_event_name":"prompt","session_id":"s1","cwd":"${dir}","wake":false}`,
      `hook opencode --as reviewer {"hook_event_name":"step","session_id":"s1","cwd":"${dir}"}`,
    ]);
  });

  test('takes for a subagent what has a parent among sessions, not a message, which has its prompt for one', async () => {
    const { hooks, log } = await loaded(says);
    const message = { id: 'm2', sessionID: 's1', parentID: 'm1' };
    await hooks.event({ event: { type: 'message.updated', properties: { sessionID: 's1', info: message } } });
    const child = { sessionID: 's2', info: { id: 's2', parentID: 's1' } };
    await hooks.event({ event: { type: 'session.created', properties: child } });
    for (const sessionID of ['s1', 's2'])
      await hooks['tool.execute.after']({ sessionID, tool: 'bash' }, { output: 'done' });
    expect(log().map((line) => /"session_id":"(\w+)"/.exec(line)?.[1])).toEqual(['s1']);
  });

  test('wakes a session that rests by what the waiter says, and calls that prompt a wake', async () => {
    const body = `case "$*" in *--wait*) echo 'you have mail'; exit 10;; esac`;
    const { hooks, promptAsync, log } = await loaded(body);
    await hooks.event({ event: { type: 'session.idle', properties: { sessionID: 's1' } } });
    await until(() => promptAsync.mock.calls.length === 1);
    expect(promptAsync.mock.calls).toEqual([
      [{ path: { id: 's1' }, body: { parts: [{ type: 'text', text: 'you have mail' }] } }],
    ]);
    await hooks['chat.message']({ sessionID: 's1' }, { message: { id: 'm' }, parts: [] });
    expect(log().at(-1)).toContain('"wake":true');
    await hooks['chat.message']({ sessionID: 's1' }, { message: { id: 'm' }, parts: [] });
    expect(log().at(-1)).toContain('"wake":false');
  });

  test('loses no sentence at a moment at which it could tell none', async () => {
    const { hooks, log } = await loaded(says);
    // Whatever it asked there would count as announced.
    await hooks.event({ event: { type: 'session.created', properties: { info: { id: 's1' } } } });
    await hooks.event({ event: { type: 'session.compacted', properties: { sessionID: 's1' } } });
    expect(log()).toEqual([]);
    const output = { output: 'x' };
    await hooks['tool.execute.after']({ sessionID: 's1' }, output);
    await hooks['tool.execute.after']({ sessionID: 's1' }, output);
    expect(log().map((line) => line.includes('"step"') && line.includes('"forgets":true'))).toEqual([true, false]);
    await hooks.event({ event: { type: 'session.deleted', properties: { info: { id: 's1' } } } });
    expect(log().at(-1)).toContain('"hook_event_name":"end"');
  });

  test.each([0, 1, 2, 127])('does not wake where the waiter ends with %i', async (code) => {
    const { hooks, promptAsync, log } = await loaded(`echo garbage; exit ${code}`);
    await hooks.event({ event: { type: 'session.idle', properties: { sessionID: 's1' } } });
    await until(() => log().length === 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(promptAsync).not.toHaveBeenCalled();
  });

  test('starts no waiter without a wish for it, and none for a subagent', async () => {
    const one = await loaded(says, { wake: false, guard: false });
    await one.hooks.event({ event: { type: 'session.idle', properties: { sessionID: 's1' } } });
    const two = await loaded(says);
    await two.hooks.event({ event: { type: 'session.created', properties: { info: { id: 's2', parentID: 's1' } } } });
    await two.hooks.event({ event: { type: 'session.idle', properties: { sessionID: 's2' } } });
    const parts: object[] = [];
    await two.hooks['chat.message']({ sessionID: 's2' }, { message: { id: 'm' }, parts });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(one.log().filter((line) => line.includes('--wait'))).toEqual([]);
    expect({ parts, log: two.log() }).toEqual({ parts: [], log: [] });
  });

  test('refuses an edit with what the guard says, and lets all else pass', async () => {
    const { hooks, log } = await loaded(`case "$*" in *--guard*) printf '{"refuse":"planner holds it"}';; esac`);
    const edit = hooks['tool.execute.before']({ tool: 'edit', sessionID: 's1' }, { args: { filePath: '/p/a.ts' } });
    await expect(edit).rejects.toThrow('planner holds it');
    expect(log().at(-1)).toMatch(/^hook opencode --guard --as reviewer .*"edit".*"files":\["\/p\/a.ts"\]\}$/);
    const patchText = '*** Begin Patch\n*** Update File: b.ts\n*** Move to: c.ts\n@@\n*** End Patch';
    await expect(
      hooks['tool.execute.before']({ tool: 'apply_patch', sessionID: 's1' }, { args: { patchText } }),
    ).rejects.toThrow('planner');
    expect(log().at(-1)).toContain('"files":["b.ts","c.ts"]');
    await hooks['tool.execute.before']({ tool: 'read', sessionID: 's1' }, { args: { filePath: 'a' } });
    await hooks['tool.execute.before']({ tool: 'edit', sessionID: 's1' }, { args: {} });
    expect(log()).toHaveLength(2);
  });

  test.each(['', 'exit 2', 'echo "{"; exit 0', 'echo "{}"; kill -9 $$', 'echo "{\\"refuse\\":\\"x\\"}"; exit 1'])(
    'goes on without a word where dreamos is missing or broken (%s)',
    async (body) => {
      const { hooks, promptAsync } = await loaded(body);
      const parts: object[] = [];
      const output = { output: 'x' };
      await hooks.event({ event: { type: 'session.created', properties: { info: { id: 's1' } } } });
      await hooks['chat.message']({ sessionID: 's1' }, { message: { id: 'm' }, parts });
      await hooks['tool.execute.before']({ tool: 'edit', sessionID: 's1' }, { args: { filePath: 'a' } });
      await hooks['tool.execute.after']({ sessionID: 's1' }, output);
      expect({ parts, output, calls: promptAsync.mock.calls }).toEqual({
        parts: [],
        output: { output: 'x' },
        calls: [],
      });
    },
  );

  test('says to the shells of the session whose it is', async () => {
    const { hooks } = await loaded(says);
    const output = { env: {} };
    await hooks['shell.env']({ cwd: '/', sessionID: 's1' }, output);
    expect(output.env).toEqual({ OPENCODE_SESSION_ID: 's1', DREAMOS_AGENT: 'reviewer' });
    const nobody = await loaded(says, { wake: true, guard: true }, null);
    const other: { env: Record<string, string> } = { env: {} };
    await nobody.hooks['shell.env']({ cwd: '/' }, other);
    expect(other.env).toEqual({});
  });
});
