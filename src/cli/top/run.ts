/** The live page: what happens and what is pressed come together here, and each leads to one drawing. */
import type { Overview } from '../../contract/look.ts';
import { followOverview } from '../../core/overview/overview.ts';
import type { Session } from '../../core/root/root.ts';
import { joined } from '../../core/wait/joined.ts';
import type { Context } from '../context.ts';
import { cutLine } from '../fit.ts';
import { harmless } from '../harmless.ts';
import { createBoard } from './board.ts';
import { takeTerminal } from './terminal.ts';

export interface TopOptions {
  /** Not drawn more often than that for what happens. */
  readonly intervalMs: number;
  /** Of every pane that has it. */
  readonly order: string | undefined;
}

/** Below it a page says nothing. */
const leastRows = 12;
const leastColumns = 50;
/** Ages are told in seconds. */
const tickMs = 1000;
/** As every command ends by Ctrl-C, which comes as a key here. */
const interrupted = 130;

export async function runTop(context: Context, session: Session, { intervalMs, order }: TopOptions): Promise<void> {
  const { around, output } = context;
  const paint = await output.paint();
  const ended = new AbortController();
  const { signal } = joined(context.signal, ended.signal);
  const warnings = new Set<string>();
  let overview: Overview | undefined;
  let unseen: string | undefined;
  let failure: Error | undefined;
  const fail = (error: unknown): void => {
    failure ??= error instanceof Error ? error : new Error(String(error));
    ended.abort();
  };
  const board = createBoard(session, paint, order);

  const draw = (): void => {
    const { rows, columns } = screen.size();
    if (rows < leastRows || columns < leastColumns) {
      const text = `This takes ${leastColumns} x ${leastRows} characters, and here are ${columns} x ${rows}.`;
      return screen.draw([...[cutLine(text, columns)], ...Array<string>(rows - 1).fill('')]);
    }
    const lines = overview
      ? board.lines(overview, {
          rows: rows - 1,
          columns,
          nowMs: session.store.now(),
          paint,
          root: session.path,
          unseen,
        })
      : ['Looking…'];
    const filled = [...lines, ...Array<string>(rows).fill('')].slice(0, rows - 1);
    const warning = [...warnings].at(-1);
    const last = warning === undefined ? overview && board.footer() : `Warning: ${harmless(warning)}`;
    screen.draw([...filled, paint.dim(cutLine(last ?? '', columns))]);
  };

  // One key after the other, also while something is being opened.
  let pressed: Promise<void> = Promise.resolve();
  const press = async (key: string): Promise<void> => {
    if (signal.aborted) return;
    if (key === 'ctrl-c') context.endWith(interrupted);
    if (key === 'ctrl-z') return screen.stop();
    if (key === 'ctrl-c' || (await board.press(key, overview)) === 'quit') return ended.abort();
    draw();
  };
  const screen = takeTerminal(around, {
    key: (key) => {
      pressed = pressed.then(() => press(key)).catch(fail);
    },
    redraw: () => queueMicrotask(draw),
    gone: (error) => (error ? fail(error) : ended.abort()),
  });
  output.divert((warning) => warnings.add(warning));
  const ticks = setInterval(draw, Math.max(tickMs, intervalMs));
  try {
    for await (const next of followOverview(session, { signal, leastMs: intervalMs })) {
      unseen = next.mailboxes.length === 0 ? await context.unseen() : undefined;
      overview = next;
      await board.refresh();
      draw();
    }
  } finally {
    clearInterval(ticks);
    screen.leave();
    output.divert();
    for (const warning of warnings) await output.warn(warning);
  }
  if (failure) throw failure;
}
