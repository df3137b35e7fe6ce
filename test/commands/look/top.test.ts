import { PassThrough } from 'node:stream';
import { beforeEach, expect, test } from 'vitest';
import type { Session } from '../../../src/core/root/root.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { type Rig, createRig, type Terms } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const screen = { rows: 24, columns: 80 };
const NO_COLOR = '1';

test('without a terminal it prints once', async () => {
  await rig.sent(['send', 'reviewer', 'hello', '--as', 'planner', '--subject', 'needle']);
  await rig.claimed();
  const { code, out, err } = await rig.dreamos('top');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^2 agents, 0 ready, 1 held, 0 delayed, 0 dead {3}09:00:00Z {3}\/root\n/);
  expect(out).toMatch(/\nreviewer +busy +1 +0s ago +\w{8} \(15m left\)\n/);
  expect(out).toMatch(/\nmailbox +ready +held +delayed +dead +in\/min +out\/min +oldest +read\n/);
  expect(out).toMatch(/\nNothing is stuck\n/);
  expect(out).toMatch(/\ndelivered +09:00:00 +reviewer +\w{8} +from planner "needle"\n$/);
});

test('--once and --json print once on a terminal, too, and leave it as it is', async () => {
  for (const words of ['top --once', 'top --json']) {
    const { code, out } = await rig.dreamos(words, { terminal: true, screen, env: { NO_COLOR } });
    expect({ words, code }).toEqual({ words, code: 0 });
    expect(out).not.toContain('\u001B');
  }
});

test('an order that there is not is refused with those that there are', async () => {
  const { code, err } = await rig.dreamos('top --sort size --json');
  expect(code).toBe(2);
  expect(err).toContain('backlog');
});

test('--sort orders every pane that has it', async () => {
  await rig.sent();
  const first = async (words: string) => (await rig.dreamos(words)).out.match(/\nmailbox .*\n(\w+)/)?.[1];
  expect(await first('top')).toBe('reviewer');
  expect(await first('top --sort name')).toBe('planner');
});

/** Presses a key when the screen shows something, one step after the other. @returns all that was written */
async function play(steps: readonly (readonly [shows: string, then: string | (() => unknown)])[], terms: Terms = {}) {
  const stdin = new PassThrough();
  const left = [...steps];
  let seen = 0;
  const onOutput = (text: string) => {
    const [next] = left;
    if (!next || !text.slice(seen).includes(next[0])) return;
    left.shift();
    seen = text.length;
    const [, then] = next;
    setImmediate(() => (typeof then === 'string' ? stdin.write(then) : then()));
  };
  const result = await rig.dreamos('top', { stdin, terminal: true, screen, env: { NO_COLOR }, onOutput, ...terms });
  expect(left).toEqual([]);
  return result;
}

test('it takes the other screen, and q gives the first one back', async () => {
  const { code, out } = await play([['| tab pane', 'q']]);
  expect(code).toBe(0);
  expect(out.startsWith('\u001B[?1049h\u001B[?25l')).toBe(true);
  expect(out.endsWith('\u001B[?25h\u001B[?1049l')).toBe(true);
});

test('Ctrl-C ends it as every other command', async () => {
  expect((await play([['| tab pane', '\u0003']])).code).toBe(130);
});

test('what happens is on the page, and only the lines that changed are written', async () => {
  const { out } = await play([
    ['| tab pane', '\t'],
    ['mailboxes by backlog', () => rig.sent()],
    ['1 ready', 'q'],
  ]);
  const change = out.slice(out.lastIndexOf('2 agents, 1 ready'));
  expect(change).toContain('reviewer');
  // The agents have not changed.
  expect(change).not.toContain('planner   unseen');
});

test('enter opens a mailbox, then a message; esc goes back', async () => {
  await rig.sent(['send', 'reviewer', 'a\u001B[2Jbody', '--as', 'planner', '--subject', 'needle']);
  const { out } = await play([
    ['| tab pane', '\t\r'],
    ['reviewer: 1 unfinished or dead', '\r'],
    ['Words of agent "planner"', '\u001B'],
    ['reviewer: 1 unfinished or dead', '\u001B'],
    ['mailboxes by backlog', 'q'],
  ]);
  expect(out).toContain('a\\x1b[2Jbody');
  expect(out).toMatch(/> ready +\w{8} +\w+ +planner +needle/);
});

test('a filter is typed, shown and taken away', async () => {
  const ended = await play([
    ['| tab pane', '/'],
    ['/_', 'revx'],
    ['/revx_', '\u007F'],
    ['/rev_', '\r'],
    ['with "rev"', 'q'],
  ]);
  expect(ended.code).toBe(0);
});

test('s sorts by the next order, and ? tells the keys', async () => {
  const ended = await play([
    ['agents by state', 's'],
    ['agents by load', '?'],
    ['Keys', '\u001B'],
    ['agents by load', 'q'],
  ]);
  expect(ended.code).toBe(0);
});

test('a message that is gone is said where it would be', async () => {
  const id = await rig.sent();
  await rig.dreamos(`nack ${await rig.claimed()} --dead`);
  await rig.dreamos(`dlq purge reviewer ${id}`);
  const ended = await play([
    ['| tab pane', '\u001B[Z\r'],
    ['MESSAGE_NOT_FOUND', '\u001B'],
    ['events', 'q'],
  ]);
  expect(ended.code).toBe(0);
});

test('a screen that is too small is told so', async () => {
  const { out } = await play([['and here are 70 x 5', 'q']], { screen: { rows: 5, columns: 70 } });
  expect(out).toContain('This takes 50 x 12 characters');
});

test('a signal ends it, and gives the terminal back', async () => {
  const interrupt = new AbortController();
  const onOutput = (text: string) => text.includes('| tab pane') && interrupt.abort(143);
  const stdin = new PassThrough();
  const { code, out } = await rig.dreamos('top', {
    ...{ stdin, terminal: true, screen, env: { NO_COLOR }, onOutput },
    signal: interrupt.signal,
  });
  expect(code).toBe(143);
  expect(out.endsWith('\u001B[?1049l')).toBe(true);
});

test('a watch that fails ends it, gives the terminal back and then says why', async () => {
  const onRoot = ({ store }: Session): void => {
    store.journal.watch = async () => {
      throw new DreamosError('disk', 'DISK_FAILED', 'The watch failed.');
    };
  };
  const stdin = new PassThrough();
  const { code, out, err } = await rig.dreamos('top', {
    ...{ stdin, terminal: true, screen, env: { NO_COLOR }, onRoot },
  });
  expect(code).toBe(7);
  expect(out.endsWith('\u001B[?1049l')).toBe(true);
  expect(err).toContain('The watch failed.');
});
