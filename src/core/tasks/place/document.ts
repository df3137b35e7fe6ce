/** What a task's message cannot hold: who depends on it, how far it is, what came of it. */
import { DreamosError } from '../../../model/errors.ts';
import { isId } from '../../../model/id.ts';
import { changeDocument } from '../../root/documents.ts';
import type { Session } from '../../root/root.ts';
import { troubleIsOver, warnOnce } from '../../root/trouble.ts';

interface Progress {
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
  readonly result?: { readonly attempt: number; readonly text?: string; readonly data?: unknown } | undefined;
}

export interface Dependent {
  readonly id: string;
  readonly mailbox: string;
}

/** What somebody has spoilt by hand says nothing; that it is no JSON is told. */
export async function readTask(session: Session, id: string): Promise<TaskDocument> {
  const about = `tasks/${id}`;
  try {
    const known = await session.store.documents.get(`tasks/${id}`);
    troubleIsOver(session, about);
    return usable(id, known?.value);
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'CONFIG_INVALID') throw error;
    warnOnce(session, about, error.message);
    return { id };
  }
}

/** As far as it is what it should be. */
function usable(id: string, value: unknown): TaskDocument {
  if (!isObject(value)) return { id };
  const { dependents, doneAt, progress, result, ...others } = value;
  return {
    ...others,
    id,
    ...(Array.isArray(dependents) && { dependents: dependents.filter(isDependent) }),
    ...(typeof doneAt === 'string' && { doneAt }),
    ...(isObject(progress) && { progress: progress as unknown as Progress }),
    ...(isObject(result) && { result: result as unknown as NonNullable<TaskDocument['result']> }),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isDependent(value: unknown): value is Dependent {
  return (
    isObject(value) && typeof value['id'] === 'string' && isId(value['id']) && typeof value['mailbox'] === 'string'
  );
}

export function changeTask(
  session: Session,
  id: string,
  change: (document: TaskDocument) => TaskDocument,
): Promise<TaskDocument> {
  return changeDocument(session.store.documents, `tasks/${id}`, (value) => change(usable(id, value)));
}
