import { beforeEach, expect, test } from 'vitest';
import { createRig, type Rig } from '../commands/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const hook = async (host: string, event: string, session: string, fields: object = {}, caller = 7) =>
  (
    await rig.dreamos(`hook ${host} --as reviewer`, {
      stdin: JSON.stringify({ session_id: session, cwd: '/', hook_event_name: event, ...fields }),
      caller,
    })
  ).out;
const begins = (host: string, session: string, source: string, caller = 7) =>
  hook(host, 'SessionStart', session, { source }, caller);
const sessions = async (): Promise<string[]> =>
  (await rig.root.store.reach.sessions()).map(({ session }) => session).sort();

test('a session goes on as whose it was under the new id that its tool gives it to clear it', async () => {
  await begins('claude', 's1', 'startup');
  await rig.dreamos('hook bind planner --host claude --session s1');
  await rig.sent('send planner hello --as reviewer');
  expect(await hook('claude', 'PostToolBatch', 's1')).toMatch(/planner has 1 unread message/);
  await hook('claude', 'SessionEnd', 's1', { reason: 'clear' });
  expect(await begins('claude', 's2', 'clear')).toMatch(/planner has 1 unread message/);
  expect(await sessions()).toEqual(['s2']);
});

test('one that is cleared is over, also where its tool does not say so', async () => {
  await begins('codex', 's1', 'startup');
  await begins('codex', 'other', 'startup', 8);
  await begins('codex', 's2', 'clear');
  expect(await sessions()).toEqual(['other', 's2']);
});

test('of two in one process and folder it is not to be told which was cleared, and both go on', async () => {
  await begins('codex', 's1', 'startup');
  await begins('codex', 's2', 'startup');
  await begins('codex', 's3', 'clear');
  expect(await sessions()).toEqual(['s1', 's2', 's3']);
});

test('one that ends is over', async () => {
  await begins('claude', 's1', 'startup');
  await hook('claude', 'SessionEnd', 's1', { reason: 'prompt_input_exit' });
  expect(await sessions()).toEqual([]);
});

test('Gemini CLI is told anew when its user has it compress, and not each time that it might', async () => {
  await begins('gemini', 's1', 'startup');
  await rig.sent();
  expect(await hook('gemini', 'BeforeAgent', 's1', { prompt: 'go' })).toMatch(/1 unread message/);
  expect(await hook('gemini', 'PreCompress', 's1', { trigger: 'auto' })).toBe('');
  expect(await hook('gemini', 'AfterTool', 's1')).toBe('');
  expect(await hook('gemini', 'PreCompress', 's1', { trigger: 'manual' })).toBe('');
  expect(await rig.root.store.reach.sessions()).toMatchObject([{ session: 's1', state: 'busy' }]);
  expect(await hook('gemini', 'AfterTool', 's1')).toMatch(/1 unread message/);
});
