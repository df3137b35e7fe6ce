import type { FailureJson } from '../contract/system.ts';
import { DreamosError, type ErrorKind } from '../model/errors.ts';
import { nearestName, usage } from '../model/refusals.ts';

export const exitCodes: Record<ErrorKind, number> = {
  bug: 1,
  usage: 2,
  nothing: 3,
  'not-found': 4,
  conflict: 5,
  invalid: 6,
  disk: 7,
  unreachable: 8,
  denied: 9,
};

export function exitCodeOf(error: unknown): number {
  return exitCodes[asDreamosError(error).kind];
}

/** Ctrl-C came before the command could do anything; there is nothing to tell. */
export class Interrupted extends Error {}

/** Whatever was thrown, as the one error that people and programs are told. */
export function asDreamosError(error: unknown): DreamosError {
  if (error instanceof DreamosError) return error;
  if (isCommanderError(error)) return usageError(error.message);
  const message = error instanceof Error ? error.message : String(error);
  if (isErrno(error) && diskErrnos.has(error.code)) {
    return new DreamosError('disk', 'DISK_FAILED', `The disk failed: ${message}.`, { cause: error });
  }
  return new DreamosError('bug', 'UNEXPECTED', `Something unexpected happened: ${message}`, {
    hint: 'This is a bug in dreamos. DREAMOS_DEBUG=1 shows where.',
    cause: error,
  });
}

/** What a program gets on stderr with --json: one line, the same shape for every error. */
export function errorJson(error: DreamosError, line?: number): FailureJson {
  return {
    error: {
      code: error.code,
      message: error.message,
      hint: error.hint ?? null,
      ...(line !== undefined && { line }),
    },
  };
}

const diskErrnos = new Set(['ENOSPC', 'EIO', 'EACCES', 'EPERM', 'EROFS', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM']);

function isErrno(error: unknown): error is Error & { code: string } {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string';
}

/** By its code, so that this file need not load commander. */
export function isCommanderError(error: unknown): error is Error & { code: string; exitCode: number } {
  return isErrno(error) && error.code.startsWith('commander.');
}

function usageError(text: string): DreamosError {
  const [first = ''] = text.replace(/^error: /, '').split('\n');
  const { meant } = misspelt(text) ?? {};
  const hint = meant === undefined ? undefined : `Did you mean ${meant}?`;
  const message = `${first.charAt(0).toUpperCase()}${first.slice(1)}${/[.?!]$/.test(first) ? '' : '.'}`;
  return usage(message, hint);
}

/** What commander says: `error: unknown option '--foo'\n(Did you mean --for?)`. */
export function misspelt(text: string): { readonly typed: string; readonly meant: string } | undefined {
  const [first = '', ...rest] = text.split('\n');
  const [, typed = ''] = /'([^']*)'/.exec(first) ?? [];
  const [, named = ''] = /^\(Did you mean (?:one of )?(.*)\?\)$/.exec(rest.join(' ')) ?? [];
  const candidates = named.split(', ').filter(Boolean);
  // commander takes half of a word for near enough (`post`: list).
  const nearest = nearestName(bare(typed), candidates.map(bare));
  const meant = candidates.find((one) => bare(one) === nearest && one !== '--help');
  return meant === undefined ? undefined : { typed, meant };
}

function bare(word: string): string {
  return word.replace(/^-+/, '');
}
