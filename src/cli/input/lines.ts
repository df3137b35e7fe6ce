import type { Readable } from 'node:stream';

/** A line of input with its number, counted from 1; `tooLong` lines come without their bytes. */
export interface Line {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly tooLong: boolean;
}

/**
 * Input in groups of whole lines, blank ones left out: a group is what has come so far, at most `most` lines. So a slow
 * writer's line is handled at once and a fast one's lines together. A last line without a line end counts.
 */
export async function* groupLines(
  chunks: AsyncIterable<Uint8Array>,
  most: number,
  maxBytes: number,
): AsyncGenerator<Line[]> {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  let number = 0;
  let group: Line[] = [];

  const end = (tail: Uint8Array) => {
    number++;
    const tooLong = restBytes + tail.length > maxBytes;
    const whole = tooLong ? new Uint8Array() : Buffer.concat([...rest, tail]);
    const bytes = number === 1 ? withoutMark(whole) : whole;
    rest = [];
    restBytes = 0;
    if (tooLong || !isBlank(bytes)) group.push({ number, bytes, tooLong });
  };

  for await (const chunk of chunks) {
    let start = 0;
    for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, start)) {
      end(chunk.subarray(start, at));
      start = at + 1;
      if (group.length === most) {
        yield group;
        group = [];
      }
    }
    const tail = chunk.subarray(start);
    restBytes += tail.length;
    // Of a line that is too long already nothing more is kept.
    if (restBytes <= maxBytes) rest.push(tail);
    else rest = [];
    if (group.length > 0) {
      yield group;
      group = [];
    }
  }
  if (restBytes > 0) end(new Uint8Array());
  if (group.length > 0) yield group;
}

// A pipe or a file has its next part within this time, when there is one.
const momentMs = 1;
const enoughBytes = 1024 * 1024;

/**
 * Joins to each chunk what the stream has right behind it: a pipe hands out 64 KiB at a time, and many lines that are sent
 * together share their syncs. What nothing follows within a moment goes on alone.
 */
export async function* gathered(chunks: AsyncIterable<Uint8Array>, stream: Readable): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    const parts = [chunk];
    let bytes = chunk.length;
    while (bytes < enoughBytes) {
      const more = await readSoon(stream);
      if (!more) break;
      parts.push(more);
      bytes += more.length;
    }
    yield parts.length === 1 ? chunk : Buffer.concat(parts);
  }
}

async function readSoon(stream: Readable): Promise<Uint8Array | null> {
  const here = stream.read() as Uint8Array | null;
  if (here !== null || stream.readableEnded || stream.destroyed) return here;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stream.off('readable', end);
      resolve();
    };
    const timer = setTimeout(end, momentMs);
    // Also told at the end of the input.
    stream.on('readable', end);
  });
  return stream.read() as Uint8Array | null;
}

/** PowerShell and some editors begin a file with a byte order mark, which is nobody's text. */
function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
