/** `dreamos top` as a real process in a real terminal, 80 x 24. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { demand, missing, said, skips } from '../lack.ts';
import { createTmux, type TmuxRig } from '../wake/tmux-rig.ts';
import { type Rig, test as plainTest, until } from './rig.ts';

const lack = await missing('tmux', 'stty');
beforeAll(() => demand(lack));

interface Terminal extends TmuxRig {
  press(...keys: string[]): Promise<void>;
  shows(text: string | RegExp): Promise<string>;
  /** One of tmux's variables of the pane. */
  is(variable: string): Promise<string>;
}

/** @returns a shell's terminal that runs a line, and ends with the test */
const test = plainTest.extend<{ terminal: (rig: Rig, line: string) => Promise<Terminal> }>({
  // eslint-disable-next-line no-empty-pattern
  terminal: async ({}, use) => {
    const made: TmuxRig[] = [];
    await use(async ({ dir }, line) => {
      const path = `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}`;
      const command = `cd '${dir}'; export PATH='${path}' PS1='$ '; unset DREAMOS_ROOT NO_COLOR; ${line}`;
      const tmux = await createTmux({ command, width: 80, height: 24 });
      made.push(tmux);
      return {
        ...tmux,
        press: async (...keys) => void (await tmux.tmux('send-keys', '-t', tmux.pane, ...keys)),
        shows: async (text) => {
          let shown = '';
          await until(`the screen shows ${String(text)}`, async () => {
            shown = await tmux.shown();
            return typeof text === 'string' ? shown.includes(text) : text.test(shown);
          });
          return shown;
        },
        is: async (variable) => (await tmux.tmux('display-message', '-p', '-t', tmux.pane, `#{${variable}}`)).trim(),
      };
    });
    for (const one of made) await one.close();
  },
});

/** Then says how it has ended, and what the terminal is like. */
const once = `echo before; sh -c 'echo $$ > pid; exec dreamos top'; echo ended $?; stty -a; exec sleep 600`;
const pidOf = ({ dir }: Rig): number => Number(readFileSync(join(dir, 'pid'), 'utf8'));

async function expectRestored({ shows, is }: Terminal, code: number): Promise<void> {
  const shown = await shows(`ended ${code}`);
  expect(shown).toContain('before');
  expect(shown).not.toContain('tab pane');
  await shows(/(?<!-)icanon/);
  await shows(/(?<!-)echo /);
  expect({ other: await is('alternate_on'), cursor: await is('cursor_flag') }).toEqual({ other: '0', cursor: '1' });
}

describe.skipIf(skips(lack))(said('top in a terminal', lack), () => {
  test('shows what there is, what happens, and a message, at 80 x 24', async ({ rig, terminal }) => {
    await rig.sent(['send', 'reviewer', 'a\u001B[2Jbody', '--as', 'planner', '--subject', 'needle']);
    await rig.dreamos('read reviewer');
    const screen = await terminal(rig, once);
    const page = await screen.shows('tab pane');
    expect(page).toMatch(/^2 agents, 0 ready, 1 held, 0 delayed, 0 dead /);
    expect(page).toMatch(/^> reviewer +busy +1 +\w+ ago +\w{8} \(14m left\)$/m);
    expect(page.trimEnd().split('\n')).toHaveLength(24);
    await rig.sent('send planner hello --as reviewer');
    const next = await screen.shows(/^ {2}planner +1 +0 +0 +0 +1 +0 /m);
    expect(next).toMatch(/^ {2}delivered .* planner .* from reviewer$/m);

    await screen.press('Enter');
    expect(await screen.shows('Words of agent "planner"')).toContain('a\\x1b[2Jbody');
    await screen.press('Escape', 'Tab', '/');
    await screen.shows('/_');
    await screen.press('rev', 'Enter');
    expect(await screen.shows('mailboxes by backlog with "rev"')).not.toMatch(/^ {2}planner/m);
    await screen.press('q');
    await expectRestored(screen, 0);
  });

  test('fits a terminal that changes its size, and says when it is too small', async ({ rig, terminal }) => {
    const screen = await terminal(rig, once);
    await screen.shows('tab pane');
    const resize = (x: number, y: number) => screen.tmux('resize-window', '-t', 'a', '-x', String(x), '-y', String(y));
    await resize(60, 14);
    await until('it fits', async () => {
      const lines = (await screen.shown()).trimEnd().split('\n');
      return lines.length === 14 && (lines[13] ?? '').startsWith('agents by state');
    });
    await resize(40, 8);
    await screen.shows('characters, and here');
    await resize(120, 40);
    expect((await screen.shows('q quit')).trimEnd().split('\n')).toHaveLength(40);
  });

  test.for([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const)('gives the terminal back after %s', async ([signal, code], { rig, terminal }) => {
    const screen = await terminal(rig, once);
    await screen.shows('tab pane');
    process.kill(pidOf(rig), signal);
    await expectRestored(screen, code);
  });

  test('gives the terminal back when a second signal ends it at once', async ({ rig, terminal }) => {
    const screen = await terminal(rig, once);
    await screen.shows('tab pane');
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.kill(pidOf(rig), signal);
    await screen.shows(/ended 1(?:30|43)/);
    expect({ other: await screen.is('alternate_on'), cursor: await screen.is('cursor_flag') }).toEqual({
      other: '0',
      cursor: '1',
    });
  });

  test('Ctrl-C ends it', async ({ rig, terminal }) => {
    const screen = await terminal(rig, once);
    await screen.shows('tab pane');
    await screen.press('C-c');
    await expectRestored(screen, 130);
  });

  test.for(['Ctrl-Z', 'SIGTSTP'] as const)(
    '%s stops it and gives the terminal back, and fg goes on',
    async (how, { rig, terminal }) => {
      const screen = await terminal(rig, 'exec bash --norc -i');
      await screen.press(`sh -c 'echo $$ > pid; exec dreamos top'`, 'Enter');
      await screen.shows('tab pane');
      if (how === 'Ctrl-Z') await screen.press('C-z');
      else process.kill(pidOf(rig), how);
      expect(await screen.shows('Stopped')).not.toContain('tab pane');
      expect(await screen.is('alternate_on')).toBe('0');
      await screen.press('fg', 'Enter');
      await screen.shows('tab pane');
      await screen.press('s');
      await screen.shows('agents by load');
      await screen.press('q');
      await screen.shows('Stopped');
      expect(await screen.is('alternate_on')).toBe('0');
    },
  );

  test('a root that is removed ends it, with the terminal as it was', async ({ rig, terminal }) => {
    const screen = await terminal(rig, once);
    await screen.shows('tab pane');
    await rig.shell('rm -r runtime');
    await expectRestored(screen, 4);
  });

  test('NO_COLOR draws without colours', async ({ rig, terminal }) => {
    await rig.sent('send reviewer hello --as planner');
    await rig.dreamos('read reviewer');
    const coloured = async (line: string) => {
      const screen = await terminal(rig, line);
      await screen.shows('tab pane');
      return (await screen.tmux('capture-pane', '-e', '-p', '-t', screen.pane)).includes('\u001B[');
    };
    expect(await coloured(once)).toBe(true);
    expect(await coloured(`export NO_COLOR=1; ${once}`)).toBe(false);
  });
});
