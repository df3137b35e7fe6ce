/**
 * The whole of a terminal: its other screen, its keys one by one, its size. Whatever ends this process, the terminal is as it
 * was before. Of a page only the lines are written that are not there yet.
 */
import { harmless } from '../harmless.ts';
import type { Surroundings } from '../surroundings.ts';

export interface Size {
  readonly rows: number;
  readonly columns: number;
}

export interface Screen {
  size(): Size;
  /** As many lines as the screen has rows, which may have colours; none is wider than it. */
  draw(lines: readonly string[]): void;
  /** As Ctrl-Z. */
  stop(): void;
  leave(): void;
}

interface Listener {
  key(key: string): void;
  /** All of it has to be drawn anew, maybe in another size. */
  redraw(): void;
  /** Nobody sits there any more. */
  gone(error?: Error): void;
}

const csi = '\u001B[';
// The other screen, no cursor, and what is too long is cut by the terminal; then back.
const begin = `${csi}?1049h${csi}?25l${csi}?7l${csi}2J`;
const end = `${csi}?7h${csi}?25h${csi}?1049l`;

export function takeTerminal(around: Surroundings, on: Listener): Screen {
  const { stdin, stdout } = around;
  let shown: readonly string[] = [];
  let isInside = false;
  const write = (text: string): void => void stdout.write(text, (error) => error && on.gone(error));
  const enter = (): void => {
    stdin.setRawMode?.(true);
    write(begin);
    isInside = true;
    shown = [];
    on.redraw();
  };
  const leave = (): void => {
    if (!isInside) return;
    isInside = false;
    write(end);
    stdin.setRawMode?.(false);
  };
  const onData = (text: string): void => keysIn(text).forEach((key) => on.key(key));
  const onEnd = (): void => on.gone();
  const hold = around.holdTerminal(leave, enter);
  stdout.on('error', () => undefined);
  stdout.on('resize', () => {
    if (!isInside) return;
    write(`${csi}2J`);
    shown = [];
    on.redraw();
  });
  stdin.setEncoding('utf8').on('data', onData).on('end', onEnd);
  enter();
  return {
    size: () => ({ rows: stdout.rows || 24, columns: stdout.columns || 80 }),
    draw: (lines) => {
      if (!isInside) return;
      const changed = lines.flatMap((line, row) => (line === shown[row] ? [] : `${csi}${row + 1};1H${csi}2K${line}`));
      if (changed.length > 0) write(changed.join(''));
      shown = lines;
    },
    stop: () => hold.stop(),
    leave: () => {
      leave();
      hold.letGo();
      stdin.off('data', onData).off('end', onEnd).pause();
    },
  };
}

const named: Readonly<Record<string, string>> = {
  ...{ '\r': 'enter', '\n': 'enter', '\t': 'tab', '\u007F': 'backspace', '\b': 'backspace', '\u001B': 'escape' },
  ...{ '\u0003': 'ctrl-c', '\u001A': 'ctrl-z', '\u000C': 'ctrl-l' },
  ...{ '[A': 'up', '[B': 'down', '[H': 'home', '[F': 'end', '[1~': 'home', '[4~': 'end' },
  ...{ '[5~': 'pageup', '[6~': 'pagedown', '[Z': 'backtab' },
};

/** What was pressed: a character, or the name of a key. A terminal sends the bytes of one key at once. */
export function keysIn(text: string): string[] {
  // oxlint-disable-next-line no-control-regex -- keys are what this looks for
  const pressed = text.match(/\u001B[[O][\d;]*[A-Za-z~]|[^]/gu) ?? [];
  return pressed.flatMap((one) => {
    const name = named[one.length > 1 && one.startsWith('\u001B') ? `[${one.slice(2)}` : one];
    return name ?? (harmless(one) === one ? one : []);
  });
}
