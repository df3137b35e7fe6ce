/**
 * The machine room: file systems on a recording disk, processes that work on them, and mounts of disks that were built
 * again. It runs in a mount namespace of its own (part.ts), so that even after a SIGKILL nothing stays mounted.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import type { Role, Settings } from './workload.ts';

export const fileSystems = ['ext4', 'xfs', 'btrfs'] as const;
export type FileSystem = (typeof fileSystems)[number];

/** The smallest images that the makers of these file systems accept, or near it, and no work left for later. */
const made: Record<FileSystem, { sizeMb: number; command: string; options: readonly string[]; mount: string }> = {
  ext4: {
    sizeMb: 64,
    command: 'mkfs.ext4',
    options: ['-q', '-F', '-b', '4096', '-N', '16384', '-E', 'lazy_itable_init=0,lazy_journal_init=0,nodiscard'],
    mount: 'errors=remount-ro',
  },
  xfs: { sizeMb: 320, command: 'mkfs.xfs', options: ['-q', '-f', '-K', '-s', 'size=4096'], mount: 'defaults' },
  btrfs: { sizeMb: 256, command: 'mkfs.btrfs', options: ['-q', '-f', '-K'], mount: 'nodiscard' },
};

export function makerOf(fileSystem: FileSystem): string {
  return made[fileSystem].command;
}

export interface Recording {
  /** The disk as it was before the first record. */
  readonly before: string;
  readonly log: string;
  readonly ledgers: readonly string[];
}

export class Rig {
  readonly #dir: string;
  readonly #bundle: string;
  readonly #mount: string;
  readonly #fuse: string;
  readonly #children = new Set<ChildProcess>();
  #mounted: string[] = [];
  #processes = 0;

  /** @param dir for images and logs; memory is best @param bundle the workload as one file */
  constructor(dir: string, bundle: string) {
    this.#dir = dir;
    this.#bundle = bundle;
    this.#mount = join(dir, 'mount');
    this.#fuse = join(dir, 'disk');
    for (const folder of [this.#mount, this.#fuse]) fs.mkdirSync(folder);
  }

  /** Runs `work` on a new file system on a recording disk and hands over what was recorded. */
  async record(fileSystem: FileSystem, diskScript: string, work: (play: Play) => Promise<void>): Promise<Recording> {
    const { sizeMb, command, options } = made[fileSystem];
    const before = join(this.#dir, 'before.img');
    const image = join(this.#dir, 'recorded.img');
    const log = join(this.#dir, 'disk.log');
    const position = join(this.#dir, 'position');
    for (const file of [before, image, log, position]) fs.rmSync(file, { force: true });
    fs.closeSync(fs.openSync(before, 'w'));
    fs.truncateSync(before, sizeMb * 1024 * 1024);
    run(command, [...options, before]);
    copyImage(before, image);

    const disk = this.#start('/usr/bin/python3', [diskScript, image, this.#fuse, log, position], 'pipe');
    await waitFor(() => fs.existsSync(join(this.#fuse, 'disk')), disk);
    this.#mounted.push(this.#fuse);
    const ledgers: string[] = [];
    this.mount(fileSystem, join(this.#fuse, 'disk'));
    try {
      checkBarriers(this.#mount, position);
      const running = join(this.#dir, 'running');
      fs.writeFileSync(running, '');
      await work({
        stop: () => fs.rmSync(running, { force: true }),
        start: async (role, settings) => {
          const ledger = join(this.#dir, `ledger-${this.#processes++}`);
          fs.writeFileSync(ledger, '');
          ledgers.push(ledger);
          const all: Settings = { ...settings, root: this.root, ledger, position, running };
          await ended(this.#start(execPath, [this.#bundle, role, JSON.stringify(all)], 'ignore'));
        },
      });
    } finally {
      this.unmount();
      run('umount', [this.#fuse]);
      this.#mounted = [];
      await ended(disk);
    }
    return { before, log, ledgers };
  }

  /** Where the workload's root lies while a disk is mounted. */
  get root(): string {
    return join(this.#mount, 'runtime', 'agent_comms');
  }

  /** Builds a scratch image by `write`, on top of a copy of `base`. */
  build(base: string, write: (image: number) => void): string {
    const scratch = join(this.#dir, 'scratch.img');
    copyImage(base, scratch);
    const image = fs.openSync(scratch, 'r+');
    write(image);
    fs.closeSync(image);
    return scratch;
  }

  /** Mounting replays the journal: this is what the machine does when the power is back. */
  mount(fileSystem: FileSystem, image: string): void {
    run('mount', ['-t', fileSystem, '-o', `loop,${made[fileSystem].mount}`, image, this.#mount]);
    this.#mounted.push(this.#mount);
  }

  unmount(): void {
    run('umount', [this.#mount]);
    this.#mounted = this.#mounted.filter((at) => at !== this.#mount);
  }

  /** Whatever state it is in. */
  close(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const at of this.#mounted.reverse()) {
      try {
        run('umount', ['-l', at]);
      } catch {
        // Gone already, or it goes with the namespace.
      }
    }
    this.#mounted = [];
  }

  #start(command: string, args: readonly string[], stdin: 'pipe' | 'ignore'): ChildProcess {
    const child = spawn(command, args, { stdio: [stdin, 'ignore', 'inherit'] });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }
}

export interface Play {
  /** Runs a process of the workload to its end. */
  start(role: Role, settings: Pick<Settings, 'seed' | 'rounds' | 'omits' | 'program'>): Promise<void>;
  /** Tells the consumers to come to an end. */
  stop(): void;
}

/** With its holes: an image is mostly empty. */
export function copyImage(from: string, to: string): void {
  run('cp', ['--sparse=auto', from, to]);
}

/**
 * A control of the rig itself: a write does not reach the disk as flushed before somebody syncs, and an fsync arrives as a
 * flush. Without that every state would be the same disk, and nothing would be proven.
 */
function checkBarriers(mount: string, position: string): void {
  const records = (): bigint => fs.readFileSync(position).readBigUInt64LE();
  const file = join(mount, 'barrier');
  const fd = fs.openSync(file, 'wx');
  const before = records();
  fs.writeSync(fd, 'x');
  const written = records();
  fs.fsyncSync(fd);
  const synced = records();
  fs.closeSync(fd);
  fs.unlinkSync(file);
  if (written !== before || synced === written) {
    throw new Error(
      `The disk does not see what is synced: ${before} records, ${written} after a write, ${synced} after its fsync.`,
    );
  }
}

function run(command: string, args: readonly string[]): void {
  try {
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    throw new Error(
      `${command} ${args.join(' ')} failed: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`,
      { cause: error },
    );
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve));
}

async function waitFor(there: () => boolean, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!there()) {
    if (child.exitCode !== null) throw new Error(`The recording disk ended with exit code ${child.exitCode}.`);
    if (performance.now() > deadline) throw new Error('The recording disk did not come up within 60 s.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
