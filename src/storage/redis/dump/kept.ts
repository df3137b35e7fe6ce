import { carried, isDumped } from '../../port/dump/loading.ts';
import { type DumpMailbox, type DumpRecord } from '../../port/dump/records.ts';
import type { Link } from '../link/link.ts';
import { bytesIn, list, type Reply, text, texts } from '../roles/entry.ts';
import { dayText } from '../roles/journal.ts';
import { readable } from './readable.ts';

/** A mailbox or a topic's log, as it was in the beginning. */
export interface Box {
  readonly number: string;
  readonly name: string;
  readonly read: string;
  readonly full: string;
  /** The day through which its events were pruned. */
  readonly pruned: string;
  /** Its last event, and the last one of it that was pruned. */
  readonly seq: string;
  readonly prunedSeq: string;
  readonly card: string;
  readonly ids: readonly string[];
}

const auditPart = 256 * 1024;
const hourMs = 3_600_000;

type Records = AsyncGenerator<DumpRecord, void, void>;

/** Of a hash as the server gives it. */
function pairs(reply: Reply | undefined): [string, string][] {
  const flat = texts(reply);
  return flat.flatMap((field, i) => (i % 2 === 0 ? [[field, flat[i + 1] ?? '']] : []));
}

/** As people see it: without its version in front. */
const documentText = (raw: string): string => pretty(raw.slice(raw.indexOf('\n') + 1));

/** What is no JSON goes along as it is. */
function pretty(json: string): string {
  try {
    return `${JSON.stringify(JSON.parse(json), null, 2)}\n`;
  } catch {
    return json;
  }
}

export async function* documentRecords(link: Link, boxes: readonly Box[], whole: boolean): Records {
  const [docs, settings, policy] = list(await link.run('dumpRoot'));
  for (const [name, raw] of pairs(docs))
    if (!name.startsWith('.') && isDumped(name, whole)) yield { kind: 'document', name, text: documentText(raw) };
  for (const kind of ['tasks', 'pending', 'received'] as const) {
    const known = new Set<string>();
    for (let cursor = '0'; ;) {
      const [next, page] = list(await link.run('dumpDocuments', kind, cursor));
      for (const [id, raw] of pairs(page)) {
        if (known.has(id)) continue;
        known.add(id);
        yield { kind: 'document', name: `${kind}/${id}`, text: documentText(raw) };
      }
      cursor = text(next);
      if (cursor === '0') break;
    }
  }
  for (const { name, card } of boxes)
    if (card !== '') yield { kind: 'document', name: `agents/${name}`, text: documentText(card) };
  const revisions = [
    { of: 'settings', kept: settings },
    { of: 'policy', kept: policy },
  ];
  for (const { of, kept } of revisions)
    for (const [number, json] of pairs(kept))
      yield { kind: 'revision', of, number: Number(number), text: pretty(json) };
}

/** A mailbox, and what is kept of it beside messages and events. */
export async function* boxRecords(link: Link, box: Box): Records {
  const [inboxes, corrupt, refused, last, rollups, , revisions, presence, seen] = list(
    await link.run('dumpBox', box.number),
  );
  const mailbox = box.name;
  for (const [number, json] of pairs(revisions))
    yield { kind: 'revision', of: `agents/${mailbox}`, number: Number(number), text: pretty(json) };
  yield {
    ...{ kind: 'mailbox', mailbox },
    ...(box.read !== '' && { lastReadAt: Number(box.read) }),
    ...(box.full !== '' && { allowanceFullAtUs: Number(box.full) }),
    ...(box.pruned !== '' && { prunedThrough: dayText(box.pruned) }),
    ...(box.seq !== '' && { lastSeq: Number(box.seq) }),
    ...(box.prunedSeq !== '' && { prunedSeq: Number(box.prunedSeq) }),
    ...refusalsIn(pairs(refused), texts(last)),
    ...presenceIn(text(presence), text(seen)),
  };
  for (const [request, until] of pairs(inboxes)) yield { kind: 'inbox', mailbox, request, until: Number(until) };
  for (const one of list(corrupt)) {
    const [name, why, bytes] = list(one);
    const note = text(why) === '' ? {} : { note: text(why) };
    yield { kind: 'corrupt', mailbox, name: text(name), ...note, body: carried(bytes as Buffer) };
  }
  for (const [name, said] of pairs(rollups)) yield { kind: 'rollup', mailbox, name, text: said };
}

function refusalsIn(
  hours: readonly (readonly [string, string])[],
  [lastAt, code = '', reason = '']: readonly string[],
): Pick<DumpMailbox, 'refused'> {
  if (lastAt === undefined) return {};
  const lastHour = Math.floor(Number(lastAt) / hourMs);
  const counted = hours.filter(([hour]) => hour !== 'last').map(([hour, count]) => ({ hour: Number(hour), count }));
  counted.sort((a, b) => a.hour - b.hour);
  const atOf = (hour: number): number => (hour === lastHour ? Number(lastAt) : hour * hourMs);
  return { refused: counted.map(({ hour, count }) => ({ at: atOf(hour), count: Number(count), code, reason })) };
}

function presenceIn(json: string, seen: string): Pick<DumpMailbox, 'presence'> {
  if (json === '') return {};
  const { at, ...record } = JSON.parse(json) as NonNullable<DumpMailbox['presence']> & { readonly at?: string };
  return { presence: { ...record, ...(at !== undefined && { host: at }), seenAt: Number(seen) } };
}

export async function* keyRecords(link: Link): Records {
  const known = new Set<string>();
  for (let cursor = '0'; ;) {
    const [next, page] = list(await link.run('dumpKeys', cursor));
    for (const one of list(page)) {
      const [id, at, mailboxes, raw] = list(one);
      const bytes = bytesIn(raw);
      if (!bytes || known.has(text(id))) continue;
      known.add(text(id));
      // What cannot be read is no key.
      if (typeof readable(text(id), bytes) === 'string') continue;
      const to = text(mailboxes).split(' ').filter(Boolean);
      yield { kind: 'key', id: text(id), at: Number(text(at)), mailboxes: to, body: carried(bytes) };
    }
    cursor = text(next);
    if (cursor === '0') return;
  }
}

export async function* reachRecords(link: Link, boxes: readonly Box[]): Records {
  const [, , , sessions, places] = list(await link.run('dumpRoot'));
  const records = new Map(pairs(sessions));
  const waiting = new Map(pairs(places));
  for (const name of new Set([...records.keys(), ...waiting.keys()])) {
    const json = records.get(name);
    const { at, ...record } = (json === undefined ? {} : JSON.parse(json)) as { readonly at?: string };
    const place = waiting.get(name);
    yield {
      ...{ kind: 'session', ...keyOf(name) },
      ...(json !== undefined && { record }),
      ...(at !== undefined && { machine: at }),
      ...(place !== undefined && { place }),
    };
  }
  for (const { number, name } of boxes) {
    const [, , , , , announced] = list(await link.run('dumpBox', number));
    for (const [field, told] of pairs(announced)) {
      const [session = '', time, id = ''] = field.split(' ');
      const at = Number(told.split(' ', 1)[0]);
      yield { kind: 'announced', mailbox: name, ...keyOf(session), id, time: Number(time), at };
    }
  }
}

function keyOf(name: string): { host: string; session: string } {
  const dot = name.indexOf('.');
  return { host: name.slice(0, dot), session: name.slice(dot + 1) };
}

/** Checkpoints before the logs that they are about, which only grow; with the keys of those that are still to come. */
export async function* auditRecords(link: Link, whole: boolean): Records {
  const [, , , , , logs, keys] = list(await link.run('dumpRoot'));
  const names = texts(logs).sort((a, b) => Number(/\d/.test(a)) - Number(/\d/.test(b)) || (a < b ? -1 : 1));
  for (const log of names)
    for (let at = 0; ;) {
      const bytes = (await link.run('dumpAudit', log, String(at), String(at + auditPart - 1))) as Buffer;
      if (bytes.length > 0) yield { kind: 'audit', log, body: carried(bytes) };
      at += bytes.length;
      if (bytes.length < auditPart) break;
    }
  for (const [checkpoint, said] of whole ? pairs(keys) : [])
    yield { kind: 'audit-key', checkpoint: Number(checkpoint), text: said };
}
