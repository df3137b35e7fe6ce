/**
 * A dialog opens at a random moment around our Enter, or around our first key, again and again, before a real tmux: is it ever
 * approved, by Enter or by a digit of the sentence?
 */
import { DreamosError } from '../../src/model/errors.ts';
import { inPane } from '../../src/wake/in-pane.ts';
import { createRigOn } from '../core/rig.ts';
import type { Ringer } from '../../src/wake/ringer.ts';
import { pause } from '../e2e/rig.ts';
import { createTmux, type TmuxRig } from './tmux-rig.ts';

export interface Races {
  readonly races: number;
  readonly approved: readonly string[];
  /** How often it was rung, and how often a dialog was there afterwards. */
  readonly rung: number;
  readonly dialogs: number;
  /** Why it was not, and how often. */
  readonly refused: Readonly<Record<string, number>>;
}

/** `turn`: around Enter a turn begins, as by another prompt, and the agent works for a while before it asks. */
export type Around = 'enter' | 'typing' | 'turn';

/** Milliseconds: after the first key, of which Enter follows 200 ms at the earliest; and after the last look before it. */
const workMs = 250;
const within = { enter: [0, 700], typing: [0, 100], turn: [0, 700] } as const;

/** @param panes so many side by side */
export async function race(races: number, around: Around, panes: number): Promise<Races> {
  const clock = { now: () => Date.now(), uptime: () => performance.now() };
  const { root: session } = await createRigOn(clock);
  const lanes: { tmux: TmuxRig; ringer: Ringer }[] = [];
  const before = process.env['TMUX'];
  const refused: Record<string, number> = {};
  let rung = 0;
  let dialogs = 0;

  async function once({ tmux, ringer }: (typeof lanes)[number], i: number): Promise<void> {
    const why = await ringer.hindrance();
    try {
      if (why !== undefined) throw new Error(`before: ${why}`);
      if (around === 'typing') await tmux.tmux('send-keys', '-t', tmux.pane, 'C-t');
      await ringer.ring(`dreamos: reviewer has ${i + 1} unread messages. \`dreamos read\` shows the next one.`);
      rung++;
    } catch (error) {
      const said = error instanceof DreamosError ? error.message.replace(/%\d+/, 'the pane') : String(error);
      refused[said] = (refused[said] ?? 0) + 1;
    }
    // So long that a dialog that was to open has.
    await pause(within[around][1] + workMs);
    if ((await tmux.shown()).includes('Do you want')) dialogs++;
    await tmux.tmux('send-keys', '-t', tmux.pane, 'C-r');
    await pause(100);
  }

  try {
    for (let i = 0; i < panes; i++) {
      // Every other one is drawn over in its place, and its cursor tells nothing.
      const screen = { dialogAt: within[around], worksMs: around === 'turn' ? workMs : 0, inPlace: i % 2 === 1 };
      const tmux = await createTmux({ screen });
      process.env['TMUX'] = tmux.env.TMUX;
      lanes.push({ tmux, ringer: (await inPane(session, 'reviewer', tmux.pane, /^\u276f\s*$/m)).ringer });
    }
    let next = 0;
    await Promise.all(
      lanes.map(async (lane) => {
        while (next < races) await once(lane, next++);
      }),
    );
    const approved = lanes.flatMap(({ tmux }) => tmux.done()).filter((line) => line.startsWith('approved'));
    return { races, approved, rung, dialogs, refused };
  } finally {
    if (before === undefined) delete process.env['TMUX'];
    else process.env['TMUX'] = before;
    for (const { tmux } of lanes) await tmux.close();
  }
}
