import { usage } from '../../model/refusals.ts';
import type { Outcome } from '../../core/work/outcome.ts';
import { outcomeNames } from '../../core/work/outcome.ts';
import { oneOf } from '../input/parse.ts';

/** What exit codes of a handler mean; whatever is not in it, and death by a signal, is a failed attempt. */
export type ExitMap = ReadonlyMap<number, Outcome['outcome']>;

// EX_DATAERR and EX_TEMPFAIL of BSD's sysexits.h, as mail's own delivery agents have them.
const defaults: ExitMap = new Map([
  [0, 'ack'],
  [65, 'dead'],
  [75, 'retry'],
]);

/** `3=dead,4=ack` on top of the defaults. @throws USAGE */
export function exitMapOption(text: string | undefined): ExitMap {
  const map = new Map(defaults);
  const given = new Set<number>();
  for (const pair of text?.split(',') ?? []) {
    const [, code = '', outcome = ''] = /^\s*(\d{1,3})=(\w+)\s*$/.exec(pair) ?? [];
    const exitCode = Number(code);
    if (code === '' || exitCode > 255)
      throw usage(`"${pair}" cannot be --map-exit.`, 'Write <exit code 0 to 255>=<outcome>: --map-exit 3=dead,4=ack');
    if (given.has(exitCode)) throw usage(`--map-exit says twice what ${exitCode} means.`, 'Leave out one of them.');
    given.add(exitCode);
    map.set(exitCode, oneOf(outcome, outcomeNames, 'meaning for --map-exit'));
  }
  return map;
}
