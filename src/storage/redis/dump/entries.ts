import { sha256 } from '../../../model/basics/sha256.ts';
import { isoTime } from '../../../model/clock.ts';
import { type Message, priorities } from '../../../model/message.ts';
import { carried } from '../../port/dump/loading.ts';
import { type DumpEntry, type DumpRecord } from '../../port/dump/records.ts';
import { bytesIn, eventIn, list, type Reply, stateOf, text } from '../roles/entry.ts';
import { unpack } from '../roles/packs.ts';
import type { Box } from './kept.ts';
import { type DumpFrom, readable } from './readable.ts';

const pageSize = 200;

/** lua/entries.lua says what each is. */
interface Fields {
  readonly s: string;
  readonly p: number;
  readonly l: number;
  readonly o: number;
  readonly a: number;
  readonly x?: number;
  readonly k?: string;
  readonly h?: number;
  readonly i?: string;
  readonly d?: number;
  readonly D?: number;
  readonly t?: string;
  readonly T?: string;
  readonly c?: number;
  readonly L?: number;
  readonly M?: number;
  readonly y?: number;
  readonly A?: number;
  readonly w?: number;
  readonly X?: number;
}

export async function* entryRecords(from: DumpFrom, box: Box): AsyncGenerator<DumpRecord, void, void> {
  const { link } = from;
  let unpacked: { readonly at: string; readonly bodies: ReadonlyMap<string, Buffer> } | undefined;
  const bodyIn = async (id: string, raw: Reply | undefined, pack: string, number: string) => {
    if (pack === '') return bytesIn(raw);
    const at = `${number} ${pack}`;
    if (unpacked?.at !== at) {
      const bytes = (await link.run('dumpPack', number, pack)) as Buffer | null;
      unpacked = { at, bodies: bytes ? await unpack(bytes) : new Map() };
    }
    return unpacked.bodies.get(id);
  };
  for (let at = 0; at < box.ids.length; at += pageSize) {
    for (const one of list(await link.run('dumpEntries', box.number, ...box.ids.slice(at, at + pageSize)))) {
      const [id, fields, raw, pack, number, origin, why] = list(one);
      // Gone since: somebody has removed it.
      if (id === undefined) continue;
      const bytes = await bodyIn(text(id), raw, text(pack), text(number));
      const said = JSON.parse(text(fields)) as Fields;
      const message = readable(text(id), bytes);
      if (typeof message === 'string')
        yield asCorrupt(from, { mailbox: box.name, id: text(id), state: stateOf(said.s), bytes }, message);
      else if (bytes) yield entryOf({ mailbox: box.name, message, bytes }, said, text(origin), list(why));
    }
  }
}

interface Unreadable {
  readonly mailbox: string;
  readonly id: string;
  readonly state: string;
  readonly bytes: Buffer | undefined;
}

/** What cannot be read is no message where it goes; of one whose bytes are gone its id is. */
function asCorrupt({ link, warn }: DumpFrom, { mailbox, id, state, bytes }: Unreadable, why: string): DumpRecord {
  warn(`${id} of ${mailbox} is no message in this dump: ${why}`);
  const note = { was: `${state} ${id}`, why: why.replace(/\.$/, ''), at: isoTime(link.known.now()) };
  const body = carried(bytes ?? Buffer.from(id));
  return { kind: 'corrupt', mailbox, name: id, note: `${JSON.stringify(note)}\n`, body };
}

function entryOf(
  { mailbox, message, bytes }: { readonly mailbox: string; readonly message: Message; readonly bytes: Buffer },
  fields: Fields,
  origin: string,
  why: readonly Reply[],
): DumpEntry {
  const { id, orderingKey } = message;
  const { p, l, a, o, x, k, h, i, t, T = '', M, w } = fields;
  const state = stateOf(fields.s);
  const since = state === 'inflight' ? fields.c : state === 'delayed' ? fields.D : undefined;
  const settled = T.split(' ').filter(Boolean);
  const [isClaimed, isDelayed] = [state === 'inflight', state === 'delayed'];
  return {
    ...{ kind: 'entry', mailbox, id, state, priority: priorities[p] ?? 'normal', attempt: a, at: timeOf(fields) },
    ...(state === 'ready' && l === 0 && { comesBack: true }),
    ...(since !== undefined && { since }),
    ...(isClaimed && t !== undefined && { token: t }),
    ...(isClaimed && M !== undefined && { maxAttempts: Math.min(M, Number.MAX_SAFE_INTEGER) }),
    ...(settled.length > 0 && { settled }),
    ...(x !== undefined && { expiresAt: x }),
    ...(state === 'archived' && w !== undefined && { withdrawn: true }),
    ...(isDelayed && i !== undefined && { inbox: i }),
    ...(h !== undefined && { holdsKey: true }),
    ...(k === undefined && (orderingKey ?? null) !== null && { unordered: true }),
    arrival: o,
    ...(origin !== '' && { origin: sha256(origin).slice(0, 10) }),
    ...(state === 'dead' && { dead: deadOf(why) }),
    body: carried(bytes),
  };
}

function timeOf({ s, y, d, L, A, X }: Fields): number {
  return { r: y, d, f: L, a: A, x: X }[s] ?? 0;
}

function deadOf([reason, attempts, history, notice]: readonly Reply[]): DumpEntry['dead'] {
  const told = list(history).map((event) => ({ ...eventIn(event) }));
  const said = text(notice);
  return {
    reason: text(reason),
    attempts: Number(text(attempts)),
    history: told,
    ...(said !== '' && { notice: said }),
  };
}
