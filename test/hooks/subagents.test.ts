import { beforeEach, expect, test } from 'vitest';
import { createRig, type Rig } from '../commands/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
  await hook('SessionStart');
  await hook('BeforeAgent', { prompt: 'go' });
});

const hook = async (event: string, fields: object = {}): Promise<string> =>
  (
    await rig.dreamos('hook gemini --as reviewer', {
      stdin: JSON.stringify({ session_id: 's1', cwd: '/', hook_event_name: event, ...fields }),
    })
  ).out;
const delegating = { tool_name: 'invoke_agent', tool_input: { agent_name: 'generalist', prompt: 'x' } };
const shell = { tool_name: 'run_shell_command' };
const told = /1 unread message/;

test('Gemini CLI tells a subagent’s steps as its agent’s: they are silent until it has its result', async () => {
  expect(await hook('BeforeTool', delegating)).toBe('');
  await rig.sent();
  expect(await hook('AfterTool', shell)).toBe('');
  expect(await hook('AfterTool', shell)).toBe('');
  expect(await hook('AfterTool', delegating)).toMatch(told);
});

test('where its user stops a subagent, the end of the turn or the next prompt tells', async () => {
  await hook('BeforeTool', delegating);
  await rig.sent();
  expect(await hook('AfterAgent')).toMatch(told);
  await hook('BeforeTool', delegating);
  await rig.sent();
  expect(await hook('BeforeAgent', { prompt: 'again' })).toMatch(/2 unread messages/);
  await rig.sent();
  expect(await hook('AfterTool', shell)).toMatch(/3 unread messages/);
});

test('before any other tool of Gemini CLI a hook says nothing, and changes nothing', async () => {
  await rig.sent();
  const before = await rig.root.store.reach.sessions();
  expect(await hook('BeforeTool', { tool_name: 'write_file', tool_input: { file_path: 'a' } })).toBe('');
  expect(await rig.root.store.reach.sessions()).toEqual(before);
});
