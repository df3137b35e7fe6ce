/** Where unix sockets lie: a path of one is shorter than other paths may be. */
import { sha256 } from '../../../../model/basics/sha256.ts';
import { socketName } from '../beside.ts';
import { pathIn } from '../path.ts';

/** `undefined`: the root has no folder, but the address of an engine. */
export function socketInRoot(root: string): string | undefined {
  return root.startsWith('/') ? pathIn(root, socketName) : undefined;
}

/** Another place for the socket of a root whose path is too long. */
export function shortSocket(runtimeFolder: string | undefined, user: number, root: string): string {
  const folder = runtimeFolder ? pathIn(runtimeFolder, 'dreamos') : pathIn('/tmp', `dreamos-${user}`);
  return pathIn(folder, `${sha256(root).slice(0, 12)}.sock`);
}

/** Of each agent, whose folder is its user's. */
export function agentDoor(folder: string, agent: string): { readonly folder: string; readonly socket: string } {
  const own = pathIn(folder, agent);
  return { folder: own, socket: pathIn(own, 'sock') };
}
