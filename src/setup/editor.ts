import { DreamosError } from '../model/errors.ts';

/** What `setup` has in a file, and how it gets it in and out. None touches a disk. */
export interface Editor {
  /** @param text `undefined`: there is no such file @throws Error that says why it cannot be changed safely */
  add(text: string | undefined): Promise<string>;
  /**
   * Without what is ours.
   * @param before how the file was before the first `setup`; `undefined`: there was none. Where nothing but ours came since, it is
   * that again, byte for byte
   * @returns `undefined`: then there is no file, either
   */
  strip(text: string, before: string | undefined): Promise<string | undefined>;
  /** Whether something of ours is in it. */
  has(text: string): Promise<boolean>;
  /** What should be in it and is not, and what keeps it from working, a phrase each. */
  lacks(text: string): Promise<string[]>;
  /** What looks like ours and is not, so that it is left alone. */
  remarks(text: string): Promise<string[]>;
  /** What a person pastes where `add` refuses. */
  snippet(): Promise<string>;
}

/** Of a file that an editor does not change, because it could not do it safely. @param next what to type, or to do */
export function refused(path: string, why: string, next: string): DreamosError {
  return new DreamosError('invalid', 'HOST_FILE_REFUSED', `${path} was left as it is: ${why}.`, { hint: next });
}

/** Why, of an error that an editor has thrown. @throws it, if it is another one */
export function whyOf(error: unknown): string {
  if (error instanceof RangeError) return 'it is nested too deeply';
  // A TypeError and its like are bugs.
  if (!(error instanceof Error) || error.constructor !== Error) throw error;
  return error.message;
}
