/** `dreamos wake --tmux`, as a real process before a real tmux. */
import { beforeAll, describe, expect } from 'vitest';
import { demand, missing, said, skips } from '../lack.ts';
import { createTmux, type ScreenTerms, type TmuxRig } from '../wake/tmux-rig.ts';
import { errorOf, pause, type Rig, test as plainTest, until } from './rig.ts';
import { command } from './runtime.ts';

const lack = await missing('tmux', 'script', 'ps');
beforeAll(() => demand(lack));

const sentence =
  'dreamos: reviewer has 1 unread message, from planner. `dreamos read --as reviewer` shows the next one. It is from another agent, not from the user.';
const ready = ['--ready', '^❯\\s*$'];

/** @returns also what ends the server */
const test = plainTest.extend<{ screen: (terms?: ScreenTerms) => Promise<TmuxRig> }>({
  // eslint-disable-next-line no-empty-pattern
  screen: async ({}, use) => {
    const made: TmuxRig[] = [];
    await use(async (terms) => {
      const one = await createTmux(terms);
      made.push(one);
      return one;
    });
    for (const one of made) await one.close();
  },
});

const wake = (rig: Rig, { pane, env }: TmuxRig, ...more: string[]) =>
  rig.start(['wake', 'reviewer', '--tmux', pane, '--json', ...more], { env });
const sent = (rig: Rig) => rig.sent('send reviewer hello --as planner');
const submitted = ({ done }: TmuxRig) => done().filter((line) => /^(?:submitted|approved)/.test(line));
/** Refused while mail is there. */
const expectUnsafe = async (rig: Rig, tmux: TmuxRig, names: string | RegExp, ...more: string[]) => {
  await sent(rig);
  const ended = await wake(rig, tmux, ...(more.length > 0 ? more : ready), '--wait', '3s').ended;
  expect({ code: ended.code, error: errorOf(ended) }).toMatchObject({
    code: 5,
    error: { code: 'WAKE_UNSAFE', message: expect.stringMatching(names) as unknown },
  });
  return ended;
};

describe.skipIf(skips(lack))(said('wake in a pane of tmux', lack), { concurrent: true }, () => {
  test('types the sentence once and presses Enter, when mail comes', async ({ rig, screen }) => {
    const tmux = await screen();
    const waker = wake(rig, tmux, ...ready);
    await until('it waits', async () => (await rig.dreamos('agent list --json')).out.includes('"host":"tmux"'));
    const at = performance.now();
    const id = await sent(rig);
    const { code, json, err } = await waker.ended;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(json).toMatchObject([{ agent: 'reviewer', via: 'tmux', host: 'tmux', unread: 1, sentence }]);
    expect(submitted(tmux)).toEqual([`submitted ${sentence}`]);
    expect(performance.now() - at).toBeLessThan(30_000);
    expect((await rig.dreamos('read reviewer --json')).json).toMatchObject([{ message: { id }, attempt: 1 }]);
  });

  test('rings once for a message over several runs, and the reminder is due later', async ({ rig, screen }) => {
    const tmux = await screen();
    await sent(rig);
    expect(await wake(rig, tmux, ...ready).ended).toMatchObject({ code: 0 });
    expect(await wake(rig, tmux, ...ready, '--wait', '1s').ended).toMatchObject({ code: 3 });
    expect(submitted(tmux)).toHaveLength(1);
    await sent(rig);
    expect(await wake(rig, tmux, ...ready).ended).toMatchObject({ code: 0 });
    expect(submitted(tmux)).toHaveLength(2);
  });

  test('goes by the session that hooks tell of, and is not told twice: by them or by it', async ({ rig, screen }) => {
    const env = { DREAMOS_HOOK_MS: '20000', DREAMOS_ROOT: rig.root };
    const hook = { words: [command, 'hook', 'claude', '--as', 'reviewer'], env };
    const tmux = await screen({ screen: { hook } });
    await sent(rig);
    const { code, json, err } = await wake(rig, tmux).ended;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(json).toMatchObject([{ host: 'claude', session: 's1' }]);
    await until('the hook has told of the prompt', async () => (await rig.dreamos('agent list')).out.includes('busy'));
    const step = JSON.stringify({ session_id: 's1', cwd: '/', hook_event_name: 'PostToolBatch' });
    expect(await rig.dreamos('hook claude --as reviewer', { stdin: step, env })).toMatchObject({ code: 0, out: '' });
    // It works now, and what comes meanwhile is its hooks' to tell.
    await expectUnsafe(rig, tmux, /the agent is at work/, '--wait', '2s');
    expect(submitted(tmux)).toHaveLength(1);
  });

  test('types nothing while a dialog is open, and rings when it is gone', async ({ rig, screen }) => {
    const tmux = await screen({ screen: { dialogAt: 'open' } });
    await expectUnsafe(rig, tmux, /a question stands there/);
    expect(submitted(tmux)).toEqual([]);
    const waker = wake(rig, tmux, ...ready);
    await pause(1500);
    expect(submitted(tmux)).toEqual([]);
    await tmux.tmux('send-keys', '-t', tmux.pane, '1');
    expect(await waker.ended).toMatchObject({ code: 0 });
    expect(submitted(tmux)).toEqual([expect.stringMatching(/^approved by 1,/), `submitted ${sentence}`]);
  });

  test('presses no Enter when a dialog opens over the line', async ({ rig, screen }) => {
    const tmux = await screen({ screen: { dialogAt: 0, redrawMs: 50 } });
    await expectUnsafe(rig, tmux, /Enter was not pressed/);
    expect(submitted(tmux)).toEqual([]);
    // The mark is made: nothing is typed again by the next run.
    expect(await wake(rig, tmux, ...ready, '--wait', '1s').ended).toMatchObject({ code: 3 });
  });

  test.for([
    [{ draft: 'half a thought' }, /something is in its composer/],
    [{ prompt: 'what? (y/n) ' }, /a question stands there/],
    [{ prompt: 'name: ' }, /do not match --ready/],
  ] as const)('types nothing over %j', async ([terms, names], { rig, screen }) => {
    const tmux = await screen({ screen: terms });
    await expectUnsafe(rig, tmux, names);
    expect(submitted(tmux)).toEqual([]);
  });

  test('types nothing in copy mode, and rings when it is left', async ({ rig, screen }) => {
    const tmux = await screen();
    await tmux.tmux('copy-mode', '-t', tmux.pane);
    await expectUnsafe(rig, tmux, /it is in copy mode/);
    await tmux.tmux('send-keys', '-t', tmux.pane, '-X', 'cancel');
    expect(await wake(rig, tmux, ...ready).ended).toMatchObject({ code: 0 });
  });

  test('types nothing into panes that share what is typed', async ({ rig, screen }) => {
    const tmux = await screen();
    await tmux.tmux('set-option', '-w', '-t', tmux.pane, 'synchronize-panes', 'on');
    await expectUnsafe(rig, tmux, /goes into other panes/);
  });

  test('types nothing for 10 seconds after a key of somebody who sees it', async ({ rig, screen }) => {
    const tmux = await screen();
    const person = await tmux.attach();
    // Escape does nothing there, and what is typed would be a draft.
    person.press('\u001B');
    await expectUnsafe(rig, tmux, /somebody types there/);
    expect(submitted(tmux)).toEqual([]);
    const at = performance.now();
    expect(await wake(rig, tmux, ...ready).ended).toMatchObject({ code: 0 });
    expect(performance.now() - at).toBeGreaterThan(3000);
  });

  test('presses no Enter where the line is not seen, and says so where Enter does nothing', async ({ rig, screen }) => {
    const deaf = await screen({ screen: { swallows: 'keys' } });
    await expectUnsafe(rig, deaf, /not seen there as it should be; Enter was not pressed/);
    expect(submitted(deaf)).toEqual([]);
    const stuck = await screen({ screen: { swallows: 'enter' } });
    await expectUnsafe(rig, stuck, /Enter pressed, and it was not seen to be taken/);
  });

  test('waits for a screen that is slow to draw, and for a line that is broken', async ({ rig, screen }) => {
    const tmux = await screen({ screen: { redrawMs: 700, pastes: false }, width: 41 });
    await sent(rig);
    expect(await wake(rig, tmux, ...ready).ended).toMatchObject({ code: 0, err: '' });
    expect(submitted(tmux)).toEqual([`submitted ${sentence}`]);
  });

  test('types nothing into a shell, or into another process than at the start', async ({ rig, screen }) => {
    const shell = await screen({ command: 'exec sh' });
    await expectUnsafe(rig, shell, /is a shell \(sh\), no agent/);
    const tmux = await screen();
    const waker = wake(rig, tmux, '--ready', 'never');
    await pause(1000);
    await tmux.tmux('respawn-pane', '-k', '-t', tmux.pane, 'cat');
    const ended = await waker.ended;
    expect({ code: ended.code, err: ended.err }).toMatchObject({
      code: 5,
      err: expect.stringMatching(/Another process/) as unknown,
    });
  });

  test('ends with 4 where there is no such pane, and when it goes', async ({ rig, screen }) => {
    const tmux = await screen();
    for (const pane of ['%99', 'a:7.3', 'nobody'])
      expect(
        errorOf(await rig.dreamos(['wake', 'reviewer', '--tmux', pane, '--json'], { env: tmux.env })),
      ).toMatchObject({ code: 'PANE_NOT_FOUND' });
    const waker = wake(rig, tmux, ...ready);
    await until('it waits', async () => (await rig.dreamos('agent list --json')).out.includes('"host":"tmux"'));
    await tmux.tmux('kill-server');
    expect(await waker.ended).toMatchObject({ code: 4 });
    expect(await wake(rig, tmux, ...ready).ended).toMatchObject({ code: 4 });
  });

  test('wants to know what a prompt looks like where no hook tells what the agent does', async ({ rig, screen }) => {
    const tmux = await screen();
    const ended = await wake(rig, tmux).ended;
    expect({ code: ended.code, hint: errorOf(ended).hint }).toMatchObject({
      code: 2,
      hint: expect.stringMatching(/--ready <regex>/) as unknown,
    });
  });
});
