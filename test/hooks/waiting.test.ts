import { beforeEach, expect, test, vi } from 'vitest';
import { createRig, type Result, type Rig } from '../commands/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
  await hook('SessionStart', { source: 'startup' });
});

const env = { CLAUDE_CODE_ENTRYPOINT: 'cli' };
const said = (event: string, fields: object = {}): string =>
  JSON.stringify({ session_id: 's1', cwd: '/', hook_event_name: event, ...fields });
const hook = async (event: string, fields: object = {}): Promise<string> =>
  (await rig.dreamos('hook claude --as reviewer', { stdin: said(event, fields), env })).out;

/** Does `work` once somebody waits on behalf of the session. @returns how the waiting ended */
async function besideWaiting(work: () => Promise<unknown>): Promise<Result> {
  const end = new AbortController();
  let ended: Promise<Result> | undefined;
  await new Promise<void>((listens) => {
    ended = rig.dreamos('hook claude --wait --as reviewer', {
      stdin: said('Stop'),
      env,
      signal: end.signal,
      onRoot: ({ store: { journal } }) => {
        const watch = journal.watch.bind(journal);
        vi.spyOn(journal, 'watch').mockImplementation(async (...words) => {
          const wake = await watch(...words);
          listens();
          return wake;
        });
      },
    });
  });
  await work();
  setTimeout(() => end.abort(0), 300);
  return ended as Promise<Result>;
}

test('who rests is called at once', async () => {
  const { code, out } = await besideWaiting(() => rig.sent());
  expect({ code, out }).toMatchObject({ code: 10, out: expect.stringMatching(/1 unread message/) as unknown });
});

test('who rests is known to, also when the hook beside this one was cut off', async () => {
  await hook('UserPromptSubmit', { prompt: 'go' });
  const [before] = await rig.root.store.reach.sessions();
  expect(before?.state).toBe('busy');
  const { code } = await besideWaiting(() => rig.sent());
  const [after] = await rig.root.store.reach.sessions();
  expect({ code, state: after?.state }).toEqual({ code: 10, state: 'idle' });
});

test('who works is told by its next step, not called at the end of its turn', async () => {
  const { code, out } = await besideWaiting(async () => {
    rig.time.nowMs += 1000;
    await hook('UserPromptSubmit', { prompt: 'go' });
    await rig.sent();
    await new Promise((resolve) => {
      setTimeout(resolve, 200);
    });
    expect(await hook('PostToolBatch')).toMatch(/1 unread message/);
  });
  expect({ code, out }).toEqual({ code: 0, out: '' });
});

test('whose turn was interrupted is called after a minute', async () => {
  const { code, out } = await besideWaiting(async () => {
    rig.time.nowMs += 1000;
    await hook('UserPromptSubmit', { prompt: 'go' });
    await rig.sent();
    await new Promise((resolve) => {
      setTimeout(resolve, 200);
    });
    rig.time.nowMs += 61_000;
    await rig.sent();
  });
  expect({ code, out }).toMatchObject({ code: 10, out: expect.stringMatching(/2 unread messages/) as unknown });
});
