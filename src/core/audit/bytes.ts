/** Bytes of the audit's logs: lines, and what they come to. */
import type { Audit, AuditLog } from '../../storage/port/audit.ts';
import { startSha256 } from '../../model/basics/sha256.ts';

const newline = 0x0a;
/** A line is shorter, so that the last whole one ends within them. */
const tailBytes = 64 * 1024;

export async function linesIn(audit: Audit, log: AuditLog, from: number, to: number): Promise<number> {
  let lines = 0;
  for await (const part of audit.read(log, from, to)) lines += newlinesIn(part);
  return lines;
}

function newlinesIn(part: Uint8Array): number {
  let lines = 0;
  for (let at = part.indexOf(newline); at >= 0; at = part.indexOf(newline, at + 1)) lines++;
  return lines;
}

export interface Hashed {
  readonly sha256: string;
  /** Fewer than asked for: the log ends before. */
  readonly bytes: number;
  readonly lines: number;
}

export async function hashOf(audit: Audit, log: AuditLog, from: number, to: number): Promise<Hashed> {
  const hashing = startSha256();
  let bytes = 0;
  let lines = 0;
  for await (const part of audit.read(log, from, to)) {
    hashing.update(part);
    bytes += part.length;
    lines += newlinesIn(part);
  }
  return { sha256: hashing.hex(), bytes, lines };
}

/** Where the last whole line ends that begins at `from` or later; `from`: there is none yet. */
export async function endOfLines(audit: Audit, log: AuditLog, from: number, to: number): Promise<number> {
  for (let start = to; start > from;) {
    const end = start;
    start = Math.max(from, end - tailBytes);
    const part = await bytesOf(audit, log, start, end);
    const last = part.lastIndexOf(newline);
    if (last >= 0) return start + last + 1;
  }
  return from;
}

export async function bytesOf(audit: Audit, log: AuditLog, from: number, to: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of audit.read(log, from, to)) parts.push(part);
  return Buffer.concat(parts);
}

/** Each whole line with its number, and what is behind the last one, if there is anything; empty ones are none, but count. */
export async function* textsOf(audit: Audit, log: AuditLog, to: number): AsyncGenerator<[string, number], void, void> {
  let rest = Buffer.alloc(0);
  let number = 1;
  for await (const part of audit.read(log, 0, to)) {
    const bytes = rest.length === 0 ? Buffer.from(part) : Buffer.concat([rest, part]);
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      if (end > start) yield [bytes.toString('utf8', start, end), number];
      start = end + 1;
      number++;
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) yield [rest.toString(), number];
}

/** Each line in front of `size`, the last one first; empty ones are none. @param from where the first one begins */
export async function* linesBack(
  audit: Audit,
  log: AuditLog,
  size: number,
  from = 0,
): AsyncGenerator<string, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for (let start = size; start > from;) {
    const end = start;
    start = Math.max(from, end - tailBytes);
    const part = Buffer.concat([await bytesOf(audit, log, start, end), rest]);
    // It may begin in front of that.
    const first = start > from ? part.indexOf(newline) : -1;
    const cut = start > from && first < 0 ? part.length : first + 1;
    rest = part.subarray(0, cut);
    for (const line of part.subarray(cut).toString().split('\n').reverse()) if (line !== '') yield line;
  }
}
