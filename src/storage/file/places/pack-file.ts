/**
 * A pack is a gzip file of several members, so that `zcat` gives JSON Lines and dreamos reads a part of it without the
 * rest. Each member holds some 256 messages, and says in its header's extra field (RFC 1952, subfield "DM") how long it
 * is, how many messages it holds and between which ids they lie. A pack never changes once it has its name.
 *
 * A line is `{"name":…,"ackedAt":…,"message":…}`: the name that the entry had, and the message's bytes as they were. A
 * handed-in message has no digest of its own; its line has the whole message, sealed, and beside it the file's own bytes in
 * base64 (`"bytes"`, before `"message"`).
 */
import { crc32, deflateRawSync, gunzipSync } from 'node:zlib';
import { isId } from '../../../model/id.ts';
import type { FileContext } from '../disk/context.ts';
import { parseEntryName, type EntryName } from '../names/entry-name.ts';
import { memory } from '../disk/memory.ts';
import { memberIn } from '../names/pack-name.ts';

export interface Line {
  /** The entry's name, and the same taken apart. */
  readonly text: string;
  readonly name: EntryName;
  /** The sealed message. */
  readonly bytes: Buffer;
}

/** The lines of a member, sorted by their names. */
export type Member = readonly Line[];

export interface MemberPlace {
  readonly offset: number;
  readonly length: number;
  readonly count: number;
  readonly firstId: string;
  readonly lastId: string;
}

export interface Places {
  readonly members: readonly MemberPlace[];
  /** What is wrong behind them; `undefined`: nothing. */
  readonly broken?: string;
}

/** A member for these lines, sorted by their names. */
export function encodeMember(lines: readonly { name: EntryName; bytes: Uint8Array }[]): Buffer {
  const raw = Buffer.concat(lines.map(({ bytes }) => bytes));
  const packed = deflateRawSync(raw);
  const ids = lines.map(({ name }) => name.id).sort();
  const length = headerBytes + packed.length + 8;
  const header = Buffer.alloc(headerBytes);
  header.set(start);
  header.writeUInt32LE(length, 16);
  header.writeUInt32LE(lines.length, 20);
  header.write(`${ids[0]}${ids.at(-1)}`, 24, 'latin1');
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(raw), 0);
  trailer.writeUInt32LE(raw.length % 2 ** 32, 4);
  return Buffer.concat([header, packed, trailer]);
}

/** @param sealed without a line end @param original the bytes of a handed-in file */
export function encodeLine(text: string, name: EntryName, sealed: Buffer, original?: Buffer): Buffer {
  const own = original ? `,"bytes":"${original.toString('base64')}"` : '';
  const head = `{"name":"${text}","ackedAt":"${new Date(name.time).toISOString()}"${own}${messageKey}`;
  return Buffer.concat([Buffer.from(head), sealed, Buffer.from('}\n')]);
}

/** Where the members of a pack lie, as far as it can be followed. `undefined`: there is no such file. */
export async function placesIn(ctx: FileContext, path: string): Promise<Places | undefined> {
  const size = (await ctx.disk.stat(path))?.size;
  if (size === undefined) return undefined;
  const members: MemberPlace[] = [];
  for (let offset = 0; offset < size;) {
    const range = { offset, length: headerBytes };
    const head = await ctx.disk.read(path, { range, maxBytes: headerBytes });
    const place = head.ok ? parseHeader(head.bytes, offset) : undefined;
    if (!place || offset + place.length > size) return { members, broken: `it is no part of a pack at byte ${offset}` };
    members.push(place);
    offset += place.length;
  }
  return { members };
}

/** The lines of one member. @returns why it cannot be read, or `missing`: the pack is gone */
export async function readMember(
  ctx: FileContext,
  path: string,
  place: Pick<MemberPlace, 'offset'>,
): Promise<Member | { readonly why: string; readonly missing: boolean }> {
  const key = memberIn(path, place.offset);
  const kept = members.of(ctx);
  const known = kept.get(key);
  if (known) return known;
  const head = await ctx.disk.read(path, {
    range: { offset: place.offset, length: headerBytes },
    maxBytes: headerBytes,
  });
  if (!head.ok) return head;
  const length = parseHeader(head.bytes, place.offset)?.length;
  if (length === undefined) return { why: `it is no part of a pack at byte ${place.offset}`, missing: false };
  const file = await ctx.disk.read(path, { range: { offset: place.offset, length }, maxBytes: mostMemberBytes });
  if (!file.ok) return file;
  const lines = decode(file.bytes);
  if (!lines) return { why: `its part at byte ${place.offset} is damaged`, missing: false };
  for (const oldest of kept.keys()) {
    if (kept.size < keptMembers) break;
    kept.delete(oldest);
  }
  kept.set(key, lines);
  return lines;
}

/** The members that were read last, by their place; packs never change. */
const members = memory(() => new Map<string, Member>());
// A listing walks through the parts of a day side by side, and reads what it lists.
const keptMembers = 4;
/** One message of the largest size that any setting allows, twice: sealed, and as it was handed in. */
const mostMemberBytes = 256 * 1024 * 1024;

// ID1 ID2 CM FLG(FEXTRA) MTIME(4) XFL OS(unknown) XLEN(2) "DM" LEN(2)
const fieldBytes = 4 + 4 + 26 + 26;
const headerBytes = 16 + fieldBytes;
const start = Buffer.from([31, 139, 8, 4, 0, 0, 0, 0, 0, 255, fieldBytes + 4, 0, 0x44, 0x4d, fieldBytes, 0]);
const messageKey = ',"message":';

function parseHeader(bytes: Buffer, offset: number): MemberPlace | undefined {
  if (bytes.length < headerBytes || !bytes.subarray(0, start.length).equals(start)) return undefined;
  const length = bytes.readUInt32LE(16);
  const firstId = bytes.toString('latin1', 24, 50);
  const lastId = bytes.toString('latin1', 50, 76);
  if (length <= headerBytes || !isId(firstId) || !isId(lastId)) return undefined;
  return { offset, length, count: bytes.readUInt32LE(20), firstId, lastId };
}

/** gzip's own checksum covers all of it. @returns `undefined`: damaged */
function decode(bytes: Buffer): Line[] | undefined {
  let raw: Buffer;
  try {
    raw = gunzipSync(bytes, { maxOutputLength: mostMemberBytes });
  } catch {
    return undefined;
  }
  const lines: Line[] = [];
  for (let from = 0; from < raw.length;) {
    const end = raw.indexOf(0x0a, from);
    const line = end < 0 ? undefined : parseLine(raw.subarray(from, end));
    if (!line) return undefined;
    lines.push(line);
    from = end + 1;
  }
  return lines;
}

function parseLine(line: Buffer): Line | undefined {
  const text = line.toString('latin1', nameKey.length, line.indexOf('"', nameKey.length));
  const name = parseEntryName(text);
  const at = line.indexOf(messageKey);
  return name && at > 0 ? { text, name, bytes: line.subarray(at + messageKey.length, -1) } : undefined;
}

const nameKey = '{"name":"';
