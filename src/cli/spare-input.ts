/**
 * Whether a body that was given as an argument comes by stdin, too: `git diff | dreamos send boss "Please review"`.
 *
 * A stdin that is not meant for this command must not be read: a loop's (`while read`) is the loop's, and a hook's or a
 * worker's is there whether it is wanted or not. It is meant for us when a shell has started us and has opened that pipe or
 * file for us alone: then the shell has it no more, and nobody else reads from it. What cannot be seen (no /proc, another
 * user's process, a socket) counts as not meant. It never waits: of a pipe that is empty so far nobody can tell whether
 * something will come.
 */
import * as fs from 'node:fs';
import { basename } from 'node:path';

const shells = /^(?:(?:ba|da|a|z|fi|mk|ya|c|tc|elvi)?sh|ksh\w*|busybox|nu)$/;

/** @param pid of this process @param parent of the one that has started it */
export function spareInput(pid: number, parent: number): boolean {
  try {
    return isForUsAlone(pid, parent) && hasBytes();
  } catch {
    return false;
  }
}

function isForUsAlone(pid: number, parent: number): boolean {
  if (!shells.test(basename(fs.readlinkSync(`/proc/${parent}/exe`)))) return false;
  const stdin = fs.readlinkSync('/proc/self/fd/0');
  const its = `/proc/${parent}/fd`;
  if (fs.readdirSync(its).some((fd) => opened(`${its}/${fd}`) === stdin)) return false;
  const others = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(pid));
  return !others.some((other) => opened(`/proc/${other}/fd/0`) === stdin);
}

/** `undefined`: it was closed meanwhile, its process has ended, or it is another user's. */
function opened(fd: string): string | undefined {
  try {
    return fs.readlinkSync(fd);
  } catch {
    return undefined;
  }
}

function hasBytes(): boolean {
  // A pipe is opened anew, so as not to wait for it; a file would then begin at its start, and never makes anybody wait.
  const fd = fs.fstatSync(0).isFile()
    ? 0
    : fs.openSync('/proc/self/fd/0', fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  return fs.readSync(fd, Buffer.alloc(1)) > 0;
}
