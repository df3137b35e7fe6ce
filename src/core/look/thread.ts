import { DreamosError } from '../../model/errors.ts';
import { isId, mayEndId } from '../../model/id.ts';
import type { Message } from '../../model/message.ts';
import type { Signature } from '../../model/signed/signature.ts';
import { signatureCheck } from '../identity/signatures/look.ts';
import { everyMessage, type ScanOptions } from './every-message.ts';
import { findAnywhere } from './find.ts';
import { openerIf } from './list.ts';
import { meantId } from './meant.ts';
import { readOrWarn } from './read-entry.ts';
import { threadNotFound } from '../root/refusals.ts';
import type { Session } from '../root/root.ts';
import type { Entry } from '../../storage/port/look.ts';
import { operation } from '../root/operation.ts';

export interface ThreadOptions extends Pick<ScanOptions, 'signal' | 'onProgress'> {
  /** Opens what is sealed, as `search` does. */
  readonly unseal?: boolean;
}

export interface ThreadMessage extends Signature {
  readonly message: Message;
  /** Where it is. */
  readonly entries: readonly Entry[];
  /** `message` is what was sealed; what lies in the mailboxes is its ciphertext. */
  readonly unsealed?: true;
}

export const thread = operation('thread', threadBody);

async function threadBody(session: Session, idOrThread: string, options: ThreadOptions = {}): Promise<ThreadMessage[]> {
  // Each mailbox is looked into several times, and what cannot be is said once.
  const said = new Set<string>();
  const found = await threadNamed(session, await threadOf(session, idOrThread, said), options, said);
  if (found.length > 0 || options.signal?.aborted) return found;
  const id = await idEndingIn(session, idOrThread, said);
  const meant = await threadNamed(session, await threadOf(session, id, said), options, said);
  if (meant.length === 0 && !options.signal?.aborted) throw threadNotFound(id);
  return meant;
}

async function threadNamed(
  session: Session,
  name: string,
  options: ThreadOptions,
  said: Set<string>,
): Promise<ThreadMessage[]> {
  const found = new Map<string, { message: Message; entries: Entry[] }>();
  const belongs = (message: Message): boolean => message.thread === name || message.id === name;
  for await (const { entry, message } of everyMessage(session, belongs, { ...options, logs: true }, said)) {
    const one = found.get(message.id) ?? { message, entries: [] };
    found.set(message.id, one);
    one.entries.push(entry);
  }
  const all = [...found.values()].sort((a, b) => compare(keyOf(a.message), keyOf(b.message)));
  const check = await signatureCheck(session);
  const checked = check ? await Promise.all(all.map(async (one) => ({ ...one, ...(await check(one.message)) }))) : all;
  return options.unseal ? unsealed(session, checked) : checked;
}

async function unsealed(session: Session, all: readonly ThreadMessage[]): Promise<ThreadMessage[]> {
  const opener = await openerIf(session, true);
  const shown: ThreadMessage[] = [];
  for (const one of all) {
    const { message, entries } = one;
    const opened = await opener?.open(message, entries[0]?.mailbox ?? message.from);
    shown.push(opened ? { ...one, message: opened, unsealed: true } : one);
  }
  opener?.end();
  return shown;
}

/** Only where no thread has that name: it may be any. */
async function idEndingIn(session: Session, text: string, said: Set<string>): Promise<string> {
  if (isId(text) || !mayEndId(text)) throw threadNotFound(text);
  try {
    return await meantId(session, text, { logs: true, said });
  } catch (error) {
    if (error instanceof DreamosError && error.kind === 'not-found') throw threadNotFound(text);
    throw error;
  }
}

async function threadOf(session: Session, id: string, said: Set<string>): Promise<string> {
  if (!isId(id)) return id;
  for (const entry of (await findAnywhere(session, id, said)).entries) {
    const message = await readOrWarn(session, entry);
    if (message) return message.thread ?? message.id;
  }
  return id;
}

// Ids sort by time, but those of handed-in messages may be any.
function keyOf({ createdAt, id }: Message): string {
  return `${new Date(createdAt).toISOString()} ${id}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
