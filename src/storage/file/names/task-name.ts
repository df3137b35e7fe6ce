import { isId } from '../../../model/id.ts';
import type { ListedDocuments } from '../../port/documents.ts';
import { pathIn } from './path.ts';

/**
 * Names in tasks/: a document of each task that has one, in folders by the last two characters of its id, and what is under
 * way. And in received/, where it is said what has come from other roots.
 */

const documentPattern = /^(tasks|pending|received)\/(.+)$/;

export function tasksFolder({ root }: { readonly root: string }): string {
  return pathIn(root, 'tasks');
}

export function pendingFolder(layout: { readonly root: string }): string {
  return pathIn(tasksFolder(layout), 'pending');
}

export function receivedFolder({ root }: { readonly root: string }): string {
  return pathIn(root, 'received');
}

/** Whether it is a folder of tasks' documents. */
export function isTaskFolder(name: string): boolean {
  return /^[0-9A-HJKMNP-TV-Z]{2}$/.test(name);
}

/** `undefined`: it is no document with an id. */
export function parseTaskFile(name: string): string | undefined {
  const id = name.endsWith('.json') ? name.slice(0, -'.json'.length) : '';
  return isId(id) ? id : undefined;
}

/** As the port calls it. */
export function taskDocumentName(of: ListedDocuments, id: string): `${ListedDocuments}/${string}` {
  return `${of}/${id}`;
}

/** As the port calls the card of an agent. */
export function cardDocument(name: string): `agents/${string}` {
  return `agents/${name}`;
}

/** Where a document with an id lies in a root, without its ending. `undefined`: it is another one of the root's. */
export function taskDocument(name: string): string | undefined {
  const [, kind, id = ''] = documentPattern.exec(name) ?? [];
  if (kind === undefined) return undefined;
  // The last guard: whatever was checked before, no name leaves its folder.
  if (!isId(id)) throw new Error(`not the name of a task's document: ${JSON.stringify(name)}`);
  return kind === 'received' ? name : `tasks/${kind === 'pending' ? kind : id.slice(-2)}/${id}`;
}

/**
 * The last guard: whatever was checked before, no document lies elsewhere. @param ofRoot those without an id
 * @throws if it is neither one of these nor one with an id
 */
export function checkedDocument<Name>(name: Name, ofRoot: ReadonlySet<unknown>): Name {
  if (ofRoot.has(name) || (typeof name === 'string' && taskDocument(name) !== undefined)) return name;
  throw new Error(`not the name of a document: ${JSON.stringify(name)}`);
}
