import * as fs from 'node:fs';
import type { Outlet } from './surroundings.ts';

/** Less than a pipe or a socket holds, so that a reader that is slow from the first byte on does not block anybody. */
const pipeBytes = 16_384;

/**
 * Standard output or error for who has only a line to say: setting up process.stdout for a pipe takes 3 ms, a tenth of
 * a one-shot command, a write to it nothing. So the first bytes are written at once. What has more to say, meets a reader
 * that is behind (EAGAIN), or is a terminal, goes on with the real stream, which waits without blocking signals.
 */
export function standardStream(fd: 1 | 2, real: () => NodeJS.WriteStream): Outlet & { flush(): Promise<void> } {
  let stream: NodeJS.WriteStream | undefined;
  let left = bytesAtOnce(fd);
  let direct: number | undefined;
  const listeners: Parameters<Outlet['on']>[] = [];

  function open(): NodeJS.WriteStream {
    if (stream === undefined) {
      stream = real();
      for (const [event, listener] of listeners) stream.on(event, listener);
    }
    return stream;
  }

  return {
    get isTTY() {
      return left === undefined && open().isTTY;
    },
    get columns() {
      return left === undefined ? open().columns : undefined;
    },
    get rows() {
      return left === undefined ? open().rows : undefined;
    },
    on(event, listener) {
      listeners.push([event, listener]);
      stream?.on(event, listener);
    },
    write(text, callback = () => undefined) {
      let bytes = typeof text === 'string' ? Buffer.from(text) : Buffer.from(text);
      const fits = stream === undefined && left !== undefined && bytes.length <= left;
      if (fits) direct ??= withoutWaiting(fd);
      if (fits && direct !== undefined) {
        try {
          left = (left ?? 0) - bytes.length;
          while (bytes.length > 0) bytes = bytes.subarray(fs.writeSync(direct, bytes));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return callback(error as Error);
        }
        if (bytes.length === 0) return callback();
      }
      open().write(bytes, callback);
    },
    async flush() {
      if (stream === undefined) return;
      // Who has only asked whether it is a terminal listens to no errors, and an 'error' event would end the process.
      stream.on('error', () => undefined);
      await new Promise((resolve) => stream?.write('', resolve));
    },
  };
}

/**
 * A way to write that never waits: in a write to a full pipe a process is deaf to SIGTERM and Ctrl-C. Opened anew, because
 * the pipe itself may be shared with processes that must not find it non-blocking.
 * @returns `undefined`: there is none, its reader has gone or this system has no /proc; the real stream knows what to do
 */
function withoutWaiting(fd: number): number | undefined {
  try {
    if (!fs.fstatSync(fd).isFIFO()) return fd;
    return fs.openSync(`/proc/self/fd/${fd}`, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

/** `undefined`: none, it is a terminal or something rare. A file takes all, as it does from Node's own stream. */
function bytesAtOnce(fd: number): number | undefined {
  try {
    const stat = fs.fstatSync(fd);
    if (stat.isFile()) return Infinity;
    if (stat.isFIFO() || stat.isSocket()) return pipeBytes;
    return stat.isCharacterDevice() && stat.rdev === fs.statSync('/dev/null').rdev ? Infinity : undefined;
  } catch {
    // Closed, or no such file here: the real stream knows what to do.
    return undefined;
  }
}

/** Whether stdin may have been given to this command alone; of what else it can be nobody knows. */
export function mayBringBytes(fd: 0): boolean {
  try {
    const stat = fs.fstatSync(fd);
    return stat.isFIFO() || stat.isFile() || stat.isSocket();
  } catch {
    return false;
  }
}

/** As much as a pipe holds. */
const mostWholeBytes = 65_536;

/**
 * All of a short standard input that has come to its end: setting up process.stdin takes 4 ms, a tenth of a one-shot command, a
 * read nothing. A pipe is opened anew, so as not to wait; a socket cannot be.
 * @param giveBack takes what was read of one that has not ended, or goes on
 * @returns `undefined`: there is no such input
 */
export function wholeInput(giveBack: (bytes: Uint8Array) => void): Uint8Array | undefined {
  const bytes = Buffer.allocUnsafe(mostWholeBytes);
  let length = 0;
  let pipe: number | undefined;
  try {
    const stat = fs.fstatSync(0);
    if (stat.isFIFO()) pipe = fs.openSync('/proc/self/fd/0', fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    else if (!stat.isFile()) return undefined;
    while (length < bytes.length) {
      const read = fs.readSync(pipe ?? 0, bytes, length, bytes.length - length, null);
      if (read === 0) return bytes.subarray(0, length);
      length += read;
    }
  } catch {
    // Whatever it is (EAGAIN, no /proc), the real stream waits for it, or says it.
  } finally {
    if (pipe !== undefined) fs.closeSync(pipe);
  }
  if (length > 0) giveBack(bytes.subarray(0, length));
  return undefined;
}
