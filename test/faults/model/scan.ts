import { unseal, type Message } from '../../../src/model/message.ts';
import type { Promised, SentRecord } from './ledger.ts';
import { files, type FileNode, type Volume } from './volume.ts';

export type Broken = (promised: Promised, text: string) => void;
/** Whether there may be anything of it. */
export type Torn = (record: SentRecord | undefined) => boolean;

type Where = 'ready' | 'delayed' | 'requests' | 'inflight' | 'archive' | 'dlq' | 'outbox';

export interface Found {
  readonly where: Where;
  readonly path: string;
}

/** Every place of every message, by `mailbox/id`. */
export function scan(
  volume: Volume,
  messages: ReadonlyMap<string, SentRecord>,
  torn: Torn,
  broken: Broken,
): Map<string, Found[]> {
  const places = new Map<string, Found[]>();
  const reasons = new Map<string, FileNode>();
  const dead: string[] = [];
  const put = (mailbox: string, name: string, found: Found, node: FileNode): void => {
    const id = /^[tudk]\d{13}\.i([0-9A-Z]{26})\.p\d\.a\d+\./.exec(name)?.[1];
    if (id === undefined) return broken('corrupt', `${found.path} has no name of a message`);
    const record = messages.get(id);
    if (!torn(record)) checkContent(node, name, id, record, (why) => broken('corrupt', `${found.path}: ${why}`));
    const key = `${mailbox}/${id}`;
    const others = places.get(key);
    if (others) others.push(found);
    else places.set(key, [found]);
  };
  for (const { path, node } of files(volume.root)) {
    const [, , top = '', second = '', third = ''] = path.split('/');
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (top === 'outbox') {
      const [mailbox, entry] = third.split(':');
      // <id>.new and the like are not committed: what is in them was not sent.
      if (second.length === 26 && mailbox !== undefined && entry !== undefined)
        put(mailbox, entry, { where: 'outbox', path }, node);
    } else if (top === 'agent_mailboxes') {
      if (third === 'corrupt') {
        const id = /\.i([0-9A-Z]{26})\./.exec(name)?.[1];
        if (!torn(messages.get(id ?? ''))) broken('corrupt', `${path} was put aside`);
      } else if (name.endsWith('.reason.json')) reasons.set(path, node);
      else if (third === 'dlq' && /\.reason\.json\.next-\w{10}(?:\.\d+)?$/.test(name)) continue;
      else if (['ready', 'delayed', 'requests', 'inflight', 'archive', 'dlq'].includes(third)) {
        if (third === 'dlq') dead.push(path);
        put(second, name, { where: third as Where, path }, node);
      }
    }
  }
  for (const path of dead) {
    const reason = reasons.get(`${path}.reason.json`);
    if (!reason) broken('dead without a reason', `${path} has no reason file`);
    else if (!isReason(reason.bytes)) broken('dead without a reason', `${path} has a reason file that cannot be read`);
  }
  return places;
}

/** The ids of what is ready, resting or in flight in a mailbox. */
export function waitingIn(volume: Volume, mailbox: string): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { path } of files(volume.root)) {
    const [, , top, box, state = ''] = path.split('/');
    const id = /\.i([0-9A-Z]{26})\./.exec(path)?.[1];
    if (top === 'agent_mailboxes' && box === mailbox && id !== undefined && unfinished.includes(state)) ids.add(id);
  }
  return ids;
}

const unfinished = ['ready', 'delayed', 'inflight'];

function checkContent(
  node: FileNode,
  name: string,
  id: string,
  record: SentRecord | undefined,
  wrong: (why: string) => void,
): void {
  const range = /\.r(\d+)-(\d+)\./.exec(name);
  const bytes = range ? node.bytes.subarray(Number(range[1]), Number(range[1]) + Number(range[2])) : node.bytes;
  let message: Message;
  try {
    message = unseal(bytes);
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
  if (message.id !== id) wrong(`it holds ${message.id}`);
  else if (record?.body !== message.body) wrong('it holds other words than were sent');
}

function isReason(bytes: Buffer): boolean {
  try {
    const { reason } = JSON.parse(bytes.toString()) as { reason?: unknown };
    return typeof reason === 'string' && reason !== '';
  } catch {
    return false;
  }
}

/** A key goes to each mailbox once. */
export function findDoubled(
  places: ReadonlyMap<string, Found[]>,
  messages: ReadonlyMap<string, SentRecord>,
  torn: Torn,
  broken: Broken,
): void {
  const byKey = new Map<string, string>();
  for (const place of places.keys()) {
    const [mailbox = '', id = ''] = place.split('/');
    const record = messages.get(id);
    if (record?.key === undefined || torn(record)) continue;
    const other = byKey.get(`${mailbox} ${record.key}`) ?? id;
    if (other !== id) broken('doubled', `${mailbox} holds ${other} and ${id}, both sent with key ${record.key}`);
    byKey.set(`${mailbox} ${record.key}`, id);
  }
}
