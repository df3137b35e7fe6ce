/** Folders that are named for what is in them and not for an agent. */
const containers = new Set([
  ...[
    'inbox',
    'inboxes',
    'outbox',
    'mailbox',
    'mailboxes',
    'agent_mailboxes',
    'messages',
    'mail',
    'tasks',
    'queue',
    'new',
    'cur',
  ],
  ...[
    'archive',
    'archived',
    'processed',
    'done',
    'completed',
    'read',
    'unread',
    'sent',
    'failed',
    'dlq',
    'pending',
    'drafts',
  ],
  ...['runtime', 'agent_comms', 'agents'],
]);
const holdsAgents = new Set(['agent_mailboxes', 'mailboxes', 'inboxes']);
/** Say nothing about the folder they are in. */
const holdsFolders = new Set([...holdsAgents, 'runtime', 'agent_comms', 'agents']);
const mailFiles = /^(?:inbox|outbox|claim|messages|[a-z]+_tasks)\.json$/i;
const agentLike = /^(?:[a-z]+[-_ ])*agent[-_ ]?\d+$/i;

/**
 * Finds out whose folder a file lies in. A folder is an agent's when it holds an `inbox` or the like, or a file such as
 * `inbox.json` or `claim.json`; when it lies in `agent_mailboxes/`; when it is called like an agent (`Agent-7`,
 * `Captain-Agent-5`); or when `isAgent` knows the name. If no folder in the whole tree is, the tree itself is one agent's.
 * A file `inboxes/<name>.json` is that agent's alone, and a `messages/` beside an `agents/` is nobody's.
 * @param paths of all files, relative to the tree, with `/`
 * @param treeFolder what the tree's own folder is called
 * @returns for a path: the name of the nearest such folder above it, as it is written; `undefined`: it lies in none
 */
export function agentFolders(
  paths: Iterable<string>,
  treeName: string,
  isAgent: (name: string) => boolean,
  treeFolder = '',
): (path: string) => string | undefined {
  const owned = new Set<string>();
  const holdMessages = new Set<string>();
  const holdAgents = new Set<string>();
  let inInboxes = false;
  for (const path of paths) {
    const parts = path.split('/');
    if (inboxOwner(path, treeFolder) !== undefined) {
      inInboxes = true;
      continue;
    }
    for (let depth = 1; depth <= parts.length; depth++) {
      const name = parts[depth - 2] ?? treeName;
      const inside = parts[depth - 1] ?? '';
      const above = parts[depth - 3] ?? (depth === 2 ? treeName : '');
      if (containers.has(name.toLowerCase())) continue;
      const isFile = depth === parts.length;
      const folder = inside.toLowerCase();
      const holdsMail = isFile ? mailFiles.test(inside) : containers.has(folder) && !holdsFolders.has(folder);
      const byName = agentLike.test(name) || isAgent(name) || holdsAgents.has(above.toLowerCase());
      const at = parts.slice(0, depth - 1).join('/');
      if (!isFile && folder === 'agents') holdAgents.add(at);
      if (!byName && !isFile && folder === 'messages') holdMessages.add(at);
      else if (byName || holdsMail) owned.add(at);
    }
  }
  for (const at of holdMessages) if (!holdAgents.has(at)) owned.add(at);
  if (owned.size === 0 && !inInboxes) owned.add('');
  return (path) => {
    const owner = inboxOwner(path, treeFolder);
    if (owner !== undefined) return owner;
    for (let at = path.lastIndexOf('/'); at >= 0; at = path.lastIndexOf('/', at - 1)) {
      if (owned.has(path.slice(0, at))) return path.slice(path.lastIndexOf('/', at - 1) + 1, at);
    }
    return owned.has('') ? treeName : undefined;
  };
}

function inboxOwner(path: string, treeFolder: string): string | undefined {
  return /(?:^|\/)inboxes\/([^/]+)\.json$/i.exec(`${treeFolder}/${path}`)?.[1];
}

/** What a whole tree is called: its folder's name, or that of the nearest folder above it that is not a mere container. */
export function treeNameOf(absolutePath: string): string {
  const parts = absolutePath.split('/').filter((part) => part !== '');
  return parts.findLast((part) => !containers.has(part.toLowerCase())) ?? '';
}
