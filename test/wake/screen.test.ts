import { describe, expect, test } from 'vitest';
import { asks, composedIn, screenOf, timesIn, works } from '../../src/wake/screen.ts';

const e = '\u001B';
const rule = '─'.repeat(40);

/** As `capture-pane -e` gave them, cut to what matters, with where the cursor was. */
const captured = {
  'Claude Code 2.1.332': {
    empty: [
      `${e}[38;5;244m${rule}\n${e}[39m❯\u00a0${e}[7m \n${e}[0m${e}[38;5;244m${e}[49m${rule}\n${e}[39m  ${e}[38;5;246m? for shortcuts`,
      2,
      1,
    ],
    draft: [`${rule}\n❯\u00a0a draft of\n  mine${e}[7m \n${e}[0m${rule}`, 6, 2],
    dialog: [
      `${e}[38;5;153m${rule}\n${e}[39m Do you want to proceed?\n ${e}[38;5;153m❯${e}[39m ${e}[38;5;246m1. ${e}[38;5;153mYes${e}[39m\n   2. No\n ${e}[38;5;246mEsc to cancel`,
      1,
      2,
    ],
  },
  'Codex 0.171.0': {
    empty: [
      `${e}[0m${e}[39m${e}[49m\n${e}[1m›${e}[0m${e}[39m${e}[49m ${e}[2mAsk Codex to do anything${e}[0m${e}[39m${e}[49m\n\n  ${e}[38;5;223mgpt-5 default`,
      2,
      1,
    ],
    draft: [`\n${e}[1m›${e}[0m${e}[39m${e}[49m a draft of mine\n\n  ${e}[38;5;223mgpt-5 default`, 17, 1],
  },
  'Gemini CLI 0.61.0': {
    empty: [
      `${e}[2m${e}[38;5;244m${rule}\n${e}[0m${e}[39m${e}[49m\n ${e}[38;5;183m> ${e}[7m${e}[39m ${e}[0m${e}[38;5;248m${e}[48;5;240m Type your message or @path/to/file${e}[39m\n${e}[49m`,
      3,
      2,
    ],
    draft: [`${rule}\n\n ${e}[38;5;183m> ${e}[38;5;231ma draft of mine${e}[7m${e}[39m ${e}[0m\n`, 18, 2],
    works: [
      ` ${e}[38;5;218m⠹${e}[39m ${e}[3mThinking...${e}[0m (esc to cancel, 53s)\n${rule}\n > ${e}[7m ${e}[0m Type your message or @path/to/file\n`,
      3,
      2,
    ],
  },
  'cursor-agent, as others describe it': {
    empty: [` ┌──────────────────────────┐\n │ → Add a follow-up        │\n └──────────────────────────┘`, 0, 2],
    draft: [` ┌──────────────────────────┐\n │ → a draft of mine        │\n └──────────────────────────┘`, 0, 2],
  },
} satisfies Record<string, Record<string, [string, number, number]>>;

const read = ([text, x, y]: readonly [string, number, number] | (string | number)[]) =>
  screenOf(String(text), { x: Number(x), y: Number(y) });

describe.each(Object.entries(captured))('the composer of %s', (_, screens) => {
  test('is empty with what it suggests in it', () => {
    expect(composedIn(read(screens.empty))).toBe('');
    expect(asks(read(screens.empty))).toBe(false);
  });

  test('holds a draft', () => {
    expect(composedIn(read(screens.draft))).toBe('adraftofmine');
  });
});

test('a dialog is no composer that is empty, and asks; an agent at work does not', () => {
  expect(composedIn(read(captured['Claude Code 2.1.332'].dialog))).not.toBe('');
  expect(asks(read(captured['Claude Code 2.1.332'].dialog))).toBe(true);
  const atWork = read(captured['Gemini CLI 0.61.0'].works);
  expect({ works: works(atWork), asks: asks(atWork) }).toEqual({ works: true, asks: false });
  const codex = screenOf('• Working (3s • esc to interrupt)\n\n› \n  ? for shortcuts', { x: 2, y: 2 });
  expect({ works: works(codex), asks: asks(codex) }).toEqual({ works: true, asks: false });
});

test.each([
  'Overwrite? (y/N)',
  'Continue? [yes/no]',
  'Do you trust the files in this folder?',
  '› 1. Yes, proceed (y)\n  2. No',
  'Press Enter to confirm or Esc to cancel',
  'Allow command?',
])('%j asks', (text) => {
  expect(asks(screenOf(text, { x: 0, y: 0 }))).toBe(true);
});

test.each(['1. First\n2. Second', 'What does it do? It sorts.', '> an old prompt', 'press ? for shortcuts'])(
  '%j does not ask',
  (text) => {
    expect(asks(screenOf(text, { x: 0, y: 0 }))).toBe(false);
  },
);

test('a quotation, or a prompt with the cursor elsewhere, is no empty composer', () => {
  expect(composedIn(screenOf('>\nsomething', { x: 3, y: 1 }))).not.toBe('');
  expect(composedIn(screenOf('❯ \n\n', { x: 0, y: 2 }))).toBeUndefined();
  expect(composedIn(screenOf('❯ \n\n', { x: 0, y: 0 }))).toBeUndefined();
});

test('faint is faint until it ends, and no number of a colour', () => {
  const { bright } = screenOf(`${e}[38;5;2ma${e}[48;2;2;2;2mb${e}[2mc\nd${e}[22me${e}[1;2mf${e}[mg`, { x: 0, y: 0 });
  expect(bright).toEqual(['ab ', ' e g']);
});

test('a line is found however it is broken and framed', () => {
  const screen = screenOf('│ > one two │\n│   three   │\n', { x: 0, y: 0 });
  expect(timesIn(screen, 'one two three')).toBe(1);
  expect(composedIn({ ...screen, cursor: { x: 12, y: 1 } })).toBe('onetwothree');
});
