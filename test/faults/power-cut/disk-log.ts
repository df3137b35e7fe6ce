/** The log of a recording disk, and the disks that a power cut could have left behind. */
import * as fs from 'node:fs';
import { random } from './random.ts';

const headBytes = 32;
const isWrite = 1;
/** Disks write sectors whole. The file systems here use blocks of this size, so a larger write may survive in part. */
const pieceBytes = 4096;

interface Piece {
  /** Where its bytes are in the log. */
  readonly from: number;
  readonly length: number;
  readonly offset: number;
}

/** `all`: every write reached the disk, flushed or not; `none`: only what was flushed; a number seeds a random subset. */
type Luck = 'all' | 'none' | number;

/** A disk after a power cut: the first `point` records were given to it, and luck decides about those not flushed. */
export interface DiskState {
  readonly point: number;
  readonly luck: Luck;
}

export class DiskLog {
  readonly #fd: number;
  /** By record: the writes in pieces; a flush is `undefined`. */
  readonly #records: (readonly Piece[] | undefined)[] = [];
  /** By point: how many records the last flush below it stands behind. */
  readonly #flushed: number[] = [0];

  constructor(path: string) {
    this.#fd = fs.openSync(path, 'r');
    const head = Buffer.alloc(headBytes);
    let flushed = 0;
    for (let at = 0; fs.readSync(this.#fd, head, 0, headBytes, at) === headBytes;) {
      const length = Number(head.readBigUInt64LE(16));
      const write = Number(head.readBigUInt64LE(0)) === isWrite;
      this.#records.push(write ? pieces(at + headBytes, length, Number(head.readBigUInt64LE(8))) : undefined);
      if (!write) flushed = this.#records.length;
      this.#flushed.push(flushed);
      at += headBytes + length;
    }
  }

  get length(): number {
    return this.#records.length;
  }

  /** Flushes in the whole log. */
  get flushes(): number {
    return this.#records.filter((record) => record === undefined).length;
  }

  flushedBelow(point: number): number {
    return this.#flushed[point] ?? 0;
  }

  /** What luck leaves of the writes that were not flushed, in their order. */
  survivors({ point, luck }: DiskState): Piece[] {
    const pending = this.#records.slice(this.flushedBelow(point), point).flatMap((record) => record ?? []);
    if (luck === 'all') return pending;
    if (luck === 'none') return [];
    const next = random(luck * 7919 + point);
    const share = [0.1, 0.5, 0.9][luck % 3] ?? 0.5;
    return pending.filter(() => next() < share);
  }

  /** Two states of the same name are the same disk. */
  nameOf(state: DiskState): string {
    const survivors = this.survivors(state).map(({ from }) => from);
    return `${this.flushedBelow(state.point)}:${survivors.join()}`;
  }

  /** Writes records `from` to `to` (excluded) to an image. */
  applyRecords(image: number, from: number, to: number): void {
    for (let i = from; i < to; i++) this.apply(image, this.#records[i] ?? []);
  }

  apply(image: number, survivors: readonly Piece[]): void {
    for (const { from, length, offset } of survivors) {
      const bytes = Buffer.allocUnsafe(length);
      fs.readSync(this.#fd, bytes, 0, length, from);
      fs.writeSync(image, bytes, 0, length, offset);
    }
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

function pieces(from: number, length: number, offset: number): Piece[] {
  const found: Piece[] = [];
  for (let at = 0; at < length;) {
    const end = Math.min(length, at + pieceBytes - ((offset + at) % pieceBytes));
    found.push({ from: from + at, length: end - at, offset: offset + at });
    at = end;
  }
  return found;
}

/**
 * `count` different disks, spread evenly over the log: first at the points at which something was acknowledged, and
 * where these are too few, also in between. In the order of the log.
 */
export function chooseStates(log: DiskLog, acknowledged: readonly number[], count: number, seed: number): DiskState[] {
  const first = Math.min(...acknowledged);
  const chosen = distinct(log, [...new Set(acknowledged)], seed);
  if (chosen.length < count) {
    const between: number[] = [];
    for (let point = first; point <= log.length; point++) between.push(point);
    const names = new Set(chosen.map((state) => log.nameOf(state)));
    chosen.push(
      ...spread(
        distinct(log, between, seed).filter((state) => !names.has(log.nameOf(state))),
        count - chosen.length,
      ),
    );
  }
  return spread(chosen, count).sort((a, b) => a.point - b.point);
}

/** Of equal disks the one at the latest point stays: most was acknowledged by then. */
function distinct(log: DiskLog, points: readonly number[], seed: number): DiskState[] {
  const names = new Set<string>();
  const states: DiskState[] = [];
  for (const point of [...points].sort((a, b) => b - a)) {
    for (const luck of ['all', 'none', seed, seed + 1] as const) {
      const name = log.nameOf({ point, luck });
      if (!names.has(name)) states.push({ point, luck });
      names.add(name);
    }
  }
  return states.reverse();
}

function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)] as T);
}
