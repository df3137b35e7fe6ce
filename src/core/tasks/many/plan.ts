import { DreamosError } from '../../../model/errors.ts';
import type { TaskFields } from '../../../model/message.ts';
import type { CheckedDraft } from '../../send/draft.ts';
import type { TaskDraft } from '../create.ts';
import type { Placed } from '../list.ts';

export interface Planned {
  /** For who is told what is wrong with it: `Line 3`. */
  readonly name: string;
  readonly key?: string | undefined;
  readonly id: string;
  readonly draft: TaskDraft;
  /** Whole ids, also of what is planned. */
  readonly task: TaskFields;
  /** It goes to the archive. */
  readonly done?: boolean;
  /** Who gets it first, if he is an agent here and can take it. */
  readonly assignee?: string | undefined;
  /** It was made before. */
  readonly there?: Placed | undefined;
}

/** By id, of those that have to wait, what they wait for. */
export type Waits = ReadonlyMap<string, readonly string[]>;
/** By id, of those that are to be made. */
export type Drafts = ReadonlyMap<string, CheckedDraft>;

export function queueOf(drafts: Drafts, { id }: Planned): string {
  return drafts.get(id)?.to as string;
}

/** What goes wrong with one of many. */
export async function named<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof DreamosError ? wrongOne(name, error, 'Nothing was made.') : error;
  }
}

export function wrongOne(name: string, error: DreamosError, then: string): DreamosError {
  return new DreamosError(error.kind, error.code, `${name}: ${error.message} ${then}`, {
    hint: error.hint,
    cause: error,
  });
}
