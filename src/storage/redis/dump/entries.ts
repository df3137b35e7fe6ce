import { sha256 } from '../../../model/basics/sha256.ts';
import { priorities, unseal } from '../../../model/message.ts';
import { carried } from '../../port/dump/loading.ts';
import { type DumpEntry } from '../../port/dump/records.ts';
import type { Link } from '../link/link.ts';
import { bytesIn, eventIn, list, type Reply, stateOf, text } from '../roles/entry.ts';
import { unpack } from '../roles/packs.ts';
import type { Box } from './kept.ts';

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

export async function* entryRecords(link: Link, box: Box): AsyncGenerator<DumpEntry, void, void> {
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
      if (bytes) yield entryOf(box.name, text(id), JSON.parse(text(fields)) as Fields, bytes, text(origin), list(why));
    }
  }
}

function entryOf(
  mailbox: string,
  id: string,
  fields: Fields,
  bytes: Buffer,
  origin: string,
  why: readonly Reply[],
): DumpEntry {
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
    ...(k === undefined && (unseal(bytes).orderingKey ?? null) !== null && { unordered: true }),
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
