/** Where a message with a header of its own lies: one message stands in several places of the same tree. */
export type MailPlace =
  /** Its mailbox is that of the folder, whoever else it is for. */
  | { readonly kind: 'inbox'; readonly seen: boolean }
  /** A list of all messages: it goes to each recipient who has not got it from an inbox. */
  | { readonly kind: 'archive' }
  | { readonly kind: 'no-mail'; readonly why: string };

/** The nearest of the folders that say it decides: `inbox/`, `outbox/`, `messages/`. @param path absolute, with `/` */
export function mailPlace(path: string): MailPlace {
  const folders = path.toLowerCase().split('/').slice(0, -1);
  const at = folders.findLastIndex((each) => /^(?:inbox|outbox|messages)$/.test(each));
  const inside = folders[at + 1];
  if (folders[at] === 'outbox')
    return { kind: 'no-mail', why: "the sender's copy of a message; it is taken from where its recipients have it" };
  if (folders[at] === 'messages' && inside === 'threads') return { kind: 'no-mail', why: digestWhy };
  if (inside === 'tmp') return { kind: 'no-mail', why: 'was not delivered to the end: it still lies in tmp/' };
  return folders[at] === 'inbox' ? { kind: 'inbox', seen: inside === 'cur' } : { kind: 'archive' };
}

/** The team or project that an inbox is of: the folder that holds `inboxes/` or `agents/`. @param path in the tree */
export function communityOf(path: string): string {
  const at = Math.max(...['/inboxes/', '/agents/'].map((folder) => `/${path}`.lastIndexOf(folder)));
  return path.slice(0, Math.max(0, at - 1)) || '.';
}

export const digestWhy = "a thread's digest, not mail";

/** A digest as mcp_agent_mail keeps it of each thread: a heading, and for each message a link and its beginning. */
export function isDigest(text: string): boolean {
  return /^\uFEFF?# Thread /.test(text) && /^\[View canonical\]\(/m.test(text);
}
