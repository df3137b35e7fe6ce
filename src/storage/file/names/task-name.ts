import { isId } from '../../../model/id.ts';
import type { TaskDocuments } from '../../port/documents.ts';
import { pathIn } from './path.ts';

/** Names in tasks/: a document of each task that has one, in folders by the last two characters of its id, and what is under way. */

const documentPattern = /^(tasks|pending)\/(.+)$/;

export function tasksFolder({ root }: { readonly root: string }): string {
  return pathIn(root, 'tasks');
}

export function pendingFolder(layout: { readonly root: string }): string {
  return pathIn(tasksFolder(layout), 'pending');
}

/** Whether it is a folder of tasks' documents. */
export function isTaskFolder(name: string): boolean {
  return /^[0-9A-HJKMNP-TV-Z]{2}$/.test(name);
}

/** `undefined`: it is no document of a task. */
export function parseTaskFile(name: string): string | undefined {
  const id = name.endsWith('.json') ? name.slice(0, -'.json'.length) : '';
  return isId(id) ? id : undefined;
}

/** As the port calls it. */
export function taskDocumentName(of: TaskDocuments, id: string): `${TaskDocuments}/${string}` {
  return `${of}/${id}`;
}

/** Where a document of tasks lies in a root, without its ending. `undefined`: it is another one of the root's. */
export function taskDocument(name: string): string | undefined {
  const [, kind, id = ''] = documentPattern.exec(name) ?? [];
  if (kind === undefined) return undefined;
  // The last guard: whatever was checked before, no name leaves its folder.
  if (!isId(id)) throw new Error(`not the name of a task's document: ${JSON.stringify(name)}`);
  return `tasks/${kind === 'pending' ? kind : id.slice(-2)}/${id}`;
}
