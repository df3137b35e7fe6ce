/** `dreamos wake` by a command or a notice. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { errorOf, type Rig, test, until } from './rig.ts';

const sentence =
  'dreamos: reviewer has 1 unread message, from planner. `dreamos read --as reviewer` shows the next one. It is from another agent, not from the user.';

const script = (rig: Rig, name: string, lines: string): void => {
  writeFileSync(join(rig.dir, 'bin', name), `#!/bin/sh\n${lines}\n`);
  chmodSync(join(rig.dir, 'bin', name), 0o755);
};

describe.concurrent('wake', () => {
  test('runs a command as it is, with the sentence on stdin and in the environment, when mail comes', async ({
    rig,
  }) => {
    script(
      rig,
      'ring',
      'cat > got; printf "%s|" "$@" "$DREAMOS_SENTENCE" "$DREAMOS_AGENT" "$DREAMOS_ROOT" > words; echo rung',
    );
    const waker = rig.start(['wake', 'reviewer', '--json', '--exec', '--', 'ring', '--to', '$(id) x']);
    await until('it waits', async () => (await rig.dreamos('agent list')).out.includes('wake'));
    const id = await rig.sent(['send', 'reviewer', 'hello', '--subject', 'evil $(id)', '--as', 'planner']);
    const { code, json, err } = await waker.ended;
    expect({ code, err }).toEqual({ code: 0, err: 'rung\n' });
    expect(json).toMatchObject([{ agent: 'reviewer', via: 'exec', host: 'wake', unread: 1, sentence }]);
    expect(readFileSync(join(rig.dir, 'got'), 'utf8')).toBe(`${sentence}\n`);
    expect(readFileSync(join(rig.dir, 'words'), 'utf8')).toBe(`--to|$(id) x|${sentence}|reviewer|${rig.root}|`);
    expect((await rig.dreamos('read reviewer --json')).json).toMatchObject([{ message: { id }, attempt: 1 }]);
  });

  test('of several at once for one command one rings; another command is told, too', async ({ rig }) => {
    script(rig, 'ring', 'echo x >> rings');
    await rig.sent('send reviewer hello --as planner');
    const all = await Promise.all(Array.from({ length: 6 }, () => rig.dreamos('wake reviewer --wait 1s --exec ring')));
    expect(all.map(({ code }) => code).filter((code) => code !== 3)).toEqual([0]);
    expect(readFileSync(join(rig.dir, 'rings'), 'utf8')).toBe('x\n');
    expect(await rig.dreamos('wake reviewer --wait 1s --exec -- ring loudly')).toMatchObject({ code: 0 });
  });

  test('tells when the command fails, and does not run it again at once', async ({ rig }) => {
    script(rig, 'ring', 'echo x >> rings; exit 7');
    await rig.sent('send reviewer hello --as planner');
    const failed = await rig.dreamos('wake reviewer --json --exec ring');
    expect({ code: failed.code, error: errorOf(failed).code }).toEqual({ code: 5, error: 'WAKE_UNSAFE' });
    expect(await rig.dreamos('wake reviewer --wait 300ms --exec ring')).toMatchObject({ code: 3 });
    expect(await rig.dreamos('wake reviewer --exec no-such-command')).toMatchObject({ code: 2 });
    expect(readFileSync(join(rig.dir, 'rings'), 'utf8')).toBe('x\n');
  });

  test('shows a notice on the desktop; without one, and without a terminal, it says so', async ({ rig }) => {
    script(rig, 'notify-send', 'printf "%s|" "$@" > notice');
    await rig.sent('send reviewer hello --as planner');
    expect(await rig.dreamos('wake reviewer --notify')).toMatchObject({ code: 0, err: '' });
    expect(readFileSync(join(rig.dir, 'notice'), 'utf8')).toBe(`--app-name=dreamos|dreamos|${sentence}|`);
    script(rig, 'notify-send', 'exit 1');
    await rig.sent('send reviewer hello --as planner');
    const none = await rig.dreamos('wake reviewer --notify --json');
    expect({ code: none.code, error: errorOf(none).message }).toMatchObject({
      code: 5,
      error: expect.stringMatching(/neither a desktop nor/) as unknown,
    });
  });

  test('does nothing to the mail when it is killed, and the next one goes on', async ({ rig }) => {
    script(rig, 'ring', 'touch rung');
    const doomed = rig.start('wake reviewer --exec ring');
    await until('it waits', async () => (await rig.dreamos('agent list')).out.includes('wake'));
    await doomed.kill('SIGKILL');
    expect((await rig.dreamos('agent list')).out).not.toContain('wake');
    await rig.sent('send reviewer hello --as planner');
    expect(existsSync(join(rig.dir, 'rung'))).toBe(false);
    expect(await rig.dreamos('wake reviewer --exec ring')).toMatchObject({ code: 0 });
    const stopped = rig.start('wake reviewer --exec ring');
    await until('it waits', async () => (await rig.dreamos('agent list')).out.includes('wake'));
    expect(await stopped.kill('SIGTERM')).toMatchObject({ code: 143 });
  });
});
