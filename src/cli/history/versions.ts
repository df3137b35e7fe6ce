/** What the histories of settings, of cards and of the policy say on a screen, and the versions that are typed. */
import type { ConfigDifference, ConfigVersion } from '../../contract/system.ts';
import { usage } from '../../model/refusals.ts';
import type { Output } from '../output.ts';

/** @param changes what a version has changed, on one line */
export async function printHistory(
  output: Output,
  versions: readonly ConfigVersion[],
  changes: (version: ConfigVersion) => string,
): Promise<void> {
  await output.rows(versions, ['version', 'at', 'by', 'state', 'changes', 'note'], (one) => [
    String(one.version),
    one.at,
    one.byHand ? 'by hand' : (one.by ?? ''),
    one.state,
    changes(one),
    one.note ?? '',
  ]);
}

/** @param what the first column: `setting` */
export async function printDifferences(
  output: Output,
  differences: readonly ConfigDifference[],
  what: string,
): Promise<void> {
  if (differences.length === 0) await output.note('There is no difference.');
  await output.rows(differences, [what, 'from', 'to'], ({ key, from, to }) => [key, side(from), side(to)]);
}

/** A value on its side of a change. */
export const side = (value: ConfigDifference['from']): string => (value === null ? '-' : shownValue(value));

/** A list or an object on one line, as it can be typed. */
export function shownValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The number of a version, 0 for that before the first one. @param group whose versions: `config` */
export function versionOption(text: string | undefined, flag: string, group: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usage(`"${text}" cannot be ${flag}.`, `Which there are: dreamos ${group} history`);
}
