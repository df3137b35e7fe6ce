import { readdirSync, readlinkSync } from 'node:fs';

/** As a process does that waits for a change; one that is only starting does not. */
export function watchesFiles(pid: number | undefined): boolean {
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`) === 'anon_inode:inotify';
    } catch {
      return false;
    }
  });
}
