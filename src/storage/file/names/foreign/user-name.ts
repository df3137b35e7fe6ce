import { isAbsolute, join, resolve } from 'node:path';
import { agentNamePattern } from '../../../../model/agent.ts';
import { isId } from '../../../../model/id.ts';

/** Names of what a user keeps outside of every root: private keys, which keys of others he trusts, passwords of engines. */

/** @param home the user's own folder */
export function userFolder(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const ours = env['DREAMOS_CONFIG_HOME'];
  if (ours) return resolve(ours);
  // What is relative counts for nothing: basedir-spec, "All paths must be absolute".
  const { XDG_CONFIG_HOME: theirs = '' } = env;
  return join(isAbsolute(theirs) ? theirs : join(home, '.config'), 'dreamos');
}

/** The private key of an agent in a root. */
export function identityPath(folder: string, root: string, agent: string): string {
  if (!isId(root) || !agentNamePattern.test(agent)) throw new Error(`not a name: ${JSON.stringify([root, agent])}`);
  return join(folder, 'identities', root, `${agent}.json`);
}

/** By which passwords engines let this user in. */
export function storesPath(folder: string): string {
  return join(folder, 'stores.json');
}

/** Which keys of a root's agents are trusted. */
export function trustPath(folder: string, root: string): string {
  if (!isId(root)) throw new Error(`not the id of a root: ${JSON.stringify(root)}`);
  return join(folder, 'trust', `${root}.json`);
}
