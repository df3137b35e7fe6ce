/** What the refusals of all areas are made of. */
import { isAbsolute, resolve } from 'node:path';
import { mostAtOnce } from './basics/limits.ts';
import { DreamosError, type ErrorCode } from './errors.ts';

/** What was asked for cannot be done by anybody. @param hint what to type next */
export function usage(message: string, hint?: string): DreamosError {
  return new DreamosError('usage', 'USAGE', message, { hint });
}

/** As a hint: where the options are described. The command says its own help instead. */
export const reference = 'dreamos help reference';

export function tooManyAtOnce(): DreamosError {
  return usage(`These are more than ${mostAtOnce} messages for one call.`, 'Send them in several calls.');
}

/** Of data that is no message. */
export function messageInvalid(message: string, hint?: string, cause?: unknown): DreamosError {
  return new DreamosError('invalid', 'MESSAGE_INVALID', message, { hint, cause });
}

/** @param half of a surrogate pair, whose other half is missing */
export function halfCharacter(field: string, half: string): DreamosError {
  return messageInvalid(
    `"${field}" has half a character in it: ${JSON.stringify(half)}, whose other half is missing.`,
    'Send the whole character, or leave it out: other readers of JSON stop at it.',
  );
}

export function notFound(code: ErrorCode, message: string, hint?: string): DreamosError {
  return new DreamosError('not-found', code, message, { hint });
}

/** A path that was named, or the current folder itself. @throws not-found with this code: it begins in a folder that is gone */
export function absolute(cwd: string | undefined, path: string, code: ErrorCode): string {
  if (cwd !== undefined || isAbsolute(path)) return resolve(cwd ?? '/', path);
  const message =
    path === '.'
      ? 'The current folder has been removed.'
      : `"${path}" begins in the current folder, which has been removed.`;
  throw new DreamosError('not-found', code, message, {
    hint: 'Go to one that is there (cd), or name the whole path: `root` or DREAMOS_ROOT for the root.',
  });
}

/** As a hint: the known name that was most likely meant, if any is near enough, and what else to do. */
export function meantOr(name: string, known: readonly string[], otherwise: string): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? otherwise : `Did you mean "${nearest}"? If not: ${otherwise}`;
}

/** The known name that a mistyped one most likely means, if any is near enough to be no guess. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  let nearest: string | undefined;
  let least = Math.max(1, Math.min(3, Math.floor(wanted.length / 3))) + 1;
  for (const candidate of known) {
    if (Math.abs(wanted.length - candidate.length) >= least) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest;
}

// Insertions, deletions, replacements and swaps of neighbours, each one step.
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let steps = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        steps = Math.min(steps, (before[j - 2] ?? 0) + 1);
      }
      row.push(steps);
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
