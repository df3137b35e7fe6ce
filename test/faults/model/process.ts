import type { Clock } from '../../../src/model/clock.ts';
import { createIds, type Ids } from '../../../src/model/id.ts';
import type { Disk } from '../../../src/storage/file/disk/disk.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { root } from './check.ts';
import { simulatedDisk, type Call, type Machine, type Stepped } from './disk.ts';
import type { ClaimRecord } from './ledger.ts';
import type { Random } from './random.ts';

/** A change of the protocol, made from outside; see mutations.ts. */
export interface Mutation {
  disk?(disk: Disk): Disk;
  ids?(ids: Ids): Ids;
}

interface Pending {
  readonly call: Call;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A fake process: a store with caches of its own, whose calls of the disk wait until they are let go on. */
export class Process {
  readonly p: number;
  readonly ids: Ids;
  readonly disk: Disk;
  readonly store: Promise<Store>;
  /** Receipts that it got; who starts in its place has them, too, as a shell's variable. */
  readonly own: ClaimRecord[];
  /** In the middle of an operation. */
  running = false;
  readonly #pending: Pending[] = [];

  constructor(
    p: number,
    machine: Machine,
    clock: Clock,
    random: Random,
    options: { own: readonly ClaimRecord[]; mutation: Mutation | undefined; warn: (text: string) => void },
  ) {
    const { own, mutation, warn } = options;
    this.p = p;
    this.own = own.slice();
    const ids = createIds(random);
    this.ids = mutation?.ids?.(ids) ?? ids;
    this.disk = simulatedDisk(machine, this, async (call) => {
      return new Promise((resolve, reject) => this.#pending.push({ call, resolve, reject }));
    });
    this.store = openFileStore(root, { clock, ids: this.ids, warn, disk: mutation?.disk?.(this.disk) ?? this.disk });
  }

  /** One step of its oldest call. @param tell hears what it was and what came of it */
  step(tell: (call: Call, stepped: Stepped | { readonly error: unknown }) => void): void {
    const pending = this.#pending.shift();
    if (!pending) return;
    const { call, resolve, reject } = pending;
    try {
      const stepped = call.step();
      tell(call, stepped);
      if (stepped === 'wait' || stepped === 'more') this.#pending.unshift(pending);
      else resolve(stepped.answer);
    } catch (error) {
      tell(call, { error });
      reject(error);
    }
  }
}
