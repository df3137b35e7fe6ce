/** The files that are appended to. Others append to them at the same time, so what was written is never taken back. */
import * as fs from 'node:fs';
import { systemClock } from '../../../model/clock.ts';
import { DreamosError } from '../../../model/errors.ts';

export const fileMode = 0o600;
// Read as well, to see whether a log ends with a line. O_NONBLOCK: opening a fifo must not wait for its other end.
export const appendFlags =
  fs.constants.O_RDWR |
  fs.constants.O_APPEND |
  fs.constants.O_CREAT |
  fs.constants.O_NOFOLLOW |
  fs.constants.O_NONBLOCK;
/** Log files stay open for this long between appends; an open and a close cost more than the append. */
const appendOpenMs = 1000;
const appendOpenFiles = 64;
const newline = 0x0a;

type Write = (fd: number, text: string) => number;

export interface Logs {
  /** One write of whole lines. */
  append(path: string, text: string): true;
  close(): void;
}

interface OpenLog {
  readonly fd: number;
  readonly openedAt: number;
  /** It ends within a line, which a full disk has cut short, or which somebody is just writing. */
  inLine: boolean;
}

/** @param write for tests: of which a full disk takes a part */
export function openLogs(write: Write = fs.writeSync): Logs {
  const logs = new Map<string, OpenLog>();

  function closeLog(path: string, { fd }: OpenLog): void {
    logs.delete(path);
    fs.closeSync(fd);
  }

  function logAt(path: string): OpenLog {
    const open = logs.get(path);
    // Reopened now and then, so that a log that somebody removed is not written to for ever as a file without a name.
    if (open && systemClock.uptime() - open.openedAt < appendOpenMs) return open;
    if (open) closeLog(path, open);
    const oldest = logs.size >= appendOpenFiles ? logs.entries().next().value : undefined;
    if (oldest) closeLog(...oldest);
    const log = openLog(path);
    logs.set(path, log);
    return log;
  }

  return {
    append(path, text) {
      const log = logAt(path);
      try {
        return appendTo(log, text, write);
      } catch (error) {
        // It may end within a line now, which the next append sees when it opens it again.
        closeLog(path, log);
        throw error;
      }
    },
    close() {
      for (const one of logs) closeLog(...one);
    },
  };
}

/** A log of this root's own: a device would swallow the lines, and another name of a file elsewhere would put them there. */
function openLog(path: string): OpenLog {
  const fd = fs.openSync(path, appendFlags, fileMode);
  try {
    const stat = fs.fstatSync(fd);
    if (stat.isFile() && stat.nlink <= 1)
      return { fd, openedAt: systemClock.uptime(), inLine: endsInLine(fd, stat.size) };
    const what = stat.isFile() ? 'has another name somewhere else (a hard link)' : 'is not a regular file';
    throw new DreamosError('disk', 'DISK_FAILED', `${path} ${what}.`, {
      hint: 'To put it aside: dreamos doctor --fix',
    });
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

function endsInLine(fd: number, size: number): boolean {
  const last = Buffer.alloc(1);
  return size > 0 && fs.readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== newline;
}

/**
 * What a full disk has cut short is ended first, so that it costs one line and not also the next. At worst, where its writer
 * was still at it, there is an empty line.
 */
function appendTo(log: OpenLog, text: string, write: Write): true {
  const lines = log.inLine ? `\n${text}` : text;
  log.inLine = false;
  const written = write(log.fd, lines);
  if (written === Buffer.byteLength(lines)) return true;
  // Why it was cut short, the kernel says at the next write only.
  write(log.fd, '\n');
  throw Object.assign(new Error(`only ${written} bytes were written`), { code: 'ENOSPC' });
}
