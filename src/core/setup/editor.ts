import { DreamosError } from '../../model/errors.ts';

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

export function refused(path: string, why: string, snippet: string, mode: 'add' | 'strip'): DreamosError {
  const hint =
    mode === 'add'
      ? `Put this in by hand, or mend the file and run it again:\n${snippet}`
      : 'Take out by hand what runs dreamos, or mend the file and run it again.';
  return new DreamosError('invalid', 'HOST_FILE_REFUSED', `${path} was left as it is: ${why}.`, { hint });
}
