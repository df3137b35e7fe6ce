import * as fs from 'node:fs';
import type { Readable } from 'node:stream';
import { untilAborted } from './until-aborted.ts';

/** A file's bytes; they end early, without an error, when `signal` is aborted. An error comes while reading. */
export async function* bytesOfFile(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield* untilAborted(await open(path), signal);
}

/**
 * An open of a FIFO waits until somebody opens it for writing, Node does so in a thread, and no exit comes before that has
 * ended: neither a signal nor process.exit(). So it is opened without waiting, and waited for as sockets are. Of macOS nobody
 * has seen that this does not begin with an end; there it is opened as any file.
 */
async function open(path: string): Promise<Readable> {
  if (!fs.existsSync('/proc/self/fd') || !fs.statSync(path, { throwIfNoEntry: false })?.isFIFO())
    return fs.createReadStream(path);
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  const { Socket } = await import('node:net');
  return new Socket({ fd, readable: true, writable: false });
}
