/** Whether a process that is tried hangs, told from one that a busy machine lets wait. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

// A dead holder's lock delays others for 10 s, and nothing that is tried waits for longer.
const stillLooks = 30;
// What goes round and round for ever does use time.
const allLooks = 240;

/**
 * Looks each second whether it has come further: by the processor time of `pid` (of strace it grows with each call of what it
 * traces) and by what `more` says. Looks are counted, not seconds: a machine that has stood still makes one of them.
 * @param end ends it; called again each second until `stop`
 * @returns `stop`, which tells what it did when it was found to hang, if it was
 */
export function watchForHang(
  pid: number | undefined,
  more: () => unknown,
  end: () => void,
  lookEachMs = 1000,
): { stop(): string | undefined } {
  let before = '';
  let still = 0;
  let looks = 0;
  let hung: string | undefined;
  const timer = setInterval(() => {
    const now = `${usedBy(pid)} ${String(more())}`;
    still = now === before ? still + 1 : 0;
    before = now;
    if (still < stillLooks && ++looks < allLooks) return;
    hung ??= `it hangs:\n${threadsOf(pid).join('\n')}`;
    end();
  }, lookEachMs);
  return {
    stop: () => {
      clearInterval(timer);
      return hung;
    },
  };
}

function usedBy(pid: number | undefined): string {
  return (fileOf(`${pid}/stat`).split(') ').at(-1) ?? '').split(' ').slice(11, 13).join(' ');
}

/** Each thread of a process and of those that it has started: its name, its state, and what it waits for in the kernel. */
function threadsOf(pid: number | undefined): string[] {
  return tasksOf(pid).flatMap((task) => {
    const at = `${pid}/task/${task}`;
    const [, name = '', state = ''] = /\((.*)\) (\w)/s.exec(fileOf(`${at}/stat`)) ?? [];
    const [call = '', fd = ''] = fileOf(`${at}/syscall`).split(' ');
    const own = `${task} ${name} ${state} ${fileOf(`${at}/wchan`)}, call ${call.trim()} on ${placeOf(pid, fd)}`;
    const children = fileOf(`${at}/children`).split(' ').filter(Boolean).map(Number);
    return [own, ...children.flatMap(threadsOf)];
  });
}

function tasksOf(pid: number | undefined): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function placeOf(pid: number | undefined, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${Number(fd)}`);
  } catch {
    return fd;
  }
}

/** Of /proc; it may be gone, or not for this user's eyes. */
function fileOf(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}
