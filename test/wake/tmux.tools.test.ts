/** A pane is typed into as it was seen, and in no other state. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findPane, type Pane } from '../../src/wake/tmux.ts';
import { until } from '../e2e/rig.ts';
import { demand, missing, said, skips } from '../lack.ts';
import { createTmux, type ScreenTerms, type TmuxRig } from './tmux-rig.ts';

const lack = await missing('tmux');
beforeAll(() => demand(lack));

const before = process.env['TMUX'];
let tmux: TmuxRig;
afterEach(async () => {
  if (before === undefined) delete process.env['TMUX'];
  else process.env['TMUX'] = before;
  await tmux.close();
});
async function paneOf(terms: ScreenTerms): Promise<Pane> {
  tmux = await createTmux(terms);
  process.env['TMUX'] = tmux.env.TMUX;
  return findPane(tmux.pane);
}

describe.skipIf(skips(lack))(said('a pane of tmux', lack), () => {
  test.each([false, true])('takes nothing once a dialog is drawn, in place: %s', async (inPlace) => {
    const pane = await paneOf({ screen: { dialogAt: 0, inPlace } });
    const empty = await pane.look();
    await tmux.tmux('send-keys', '-t', tmux.pane, 'C-t');
    await until('the dialog is drawn', async () => (await tmux.shown()).includes('Do you want'));
    expect([await pane.enter(empty), await pane.type('1', empty)]).toEqual([false, false]);
    // It is the dialog that was there to be approved.
    expect(await pane.enter(await pane.look())).toBe(true);
    await until('it is approved', () => tmux.done().some((line) => line.startsWith('approved by enter')));
    expect(tmux.done()).toHaveLength(2);
  });

  test('takes what is typed, whatever stands there', async () => {
    const draft = `"a", #{b} #[c] ## [d] {e} (f) \\ $g %H *? | ^ 'h' ; e\u0301 \u6f22\u5b57 \ud83d\udc69\u200d\ud83d\udcbb #,#}`;
    const pane = await paneOf({ screen: { draft } });
    expect(await pane.enter(await pane.look())).toBe(true);
    await until('it is submitted', () => tmux.done().includes(`submitted ${draft}`));
  });

  test('is known again where more stands than a command of tmux can hold', async () => {
    const line = '\u2500'.repeat(490);
    const pane = await paneOf({
      command: `for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29; do echo $i ${line}; done; exec cat`,
      width: 500,
    });
    await until('all is there', async () => (await tmux.shown()).includes('29'));
    expect(await pane.enter(await pane.look())).toBe(true);
  });
});
