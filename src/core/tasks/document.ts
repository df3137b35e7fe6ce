/** What a task's message cannot hold: who depends on it, how far it is, what came of it. */
import type { Session } from '../root/root.ts';
import { changeDocument } from '../root/documents.ts';

export interface Progress {
  readonly at: string;
  readonly by: string;
  readonly percent?: number;
  readonly note?: string;
}

export interface TaskDocument {
  readonly id: string;
  /** Where those lie that depend on it, as long as they are blocked. */
  readonly dependents?: readonly Dependent[];
  /** Since when it is done; only of one that others depend on. */
  readonly doneAt?: string;
  readonly progress?: Progress;
  /** What came of it; it counts for the claim with this attempt alone. */
  readonly result?: { readonly attempt: number; readonly text?: string; readonly data?: unknown };
}

export interface Dependent {
  readonly id: string;
  readonly mailbox: string;
}

/** What somebody has spoilt by hand says nothing. */
export async function readTask({ store }: Session, id: string): Promise<TaskDocument> {
  const value = (await store.documents.get(`tasks/${id}`))?.value;
  return typeof value === 'object' && value !== null ? (value as TaskDocument) : { id };
}

export function changeTask(
  session: Session,
  id: string,
  change: (document: TaskDocument) => TaskDocument,
): Promise<TaskDocument> {
  return changeDocument(session.store.documents, `tasks/${id}`, (value) =>
    change((value as TaskDocument | undefined) ?? { id }),
  );
}
