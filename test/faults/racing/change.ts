/**
 * A process that changes a document and stops itself in front of one call of its disk, as SIGSTOP stops whoever runs. Its
 * last line is its answer.
 */
import { writeSync } from 'node:fs';
import { argv, kill, pid } from 'node:process';
import { changeDocument } from '../../../src/core/root/documents.ts';
import { systemClock } from '../../../src/model/clock.ts';
import { createIds } from '../../../src/model/id.ts';
import type { Disk } from '../../../src/storage/file/disk/disk.ts';
import { nodeDisk } from '../../../src/storage/file/disk/node-disk.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import type { DocumentName } from '../../../src/storage/port/documents.ts';

export interface Change {
  readonly root: string;
  readonly name: DocumentName;
  readonly set: Readonly<Record<string, unknown>>;
  /** The first call that has a path which begins so. */
  readonly stopsAt: { readonly call: 'writeWhole' | 'rename'; readonly path: string };
}

const { root, name, set, stopsAt } = JSON.parse(argv[2] ?? '') as Change;
let stopped = false;
const disk: Disk = new Proxy(nodeDisk(), {
  get(real, call: keyof Disk) {
    const work = real[call] as (path: string, ...more: unknown[]) => unknown;
    return (path: string, ...more: unknown[]) => {
      if (!stopped && call === stopsAt.call && path.startsWith(stopsAt.path)) {
        stopped = true;
        writeSync(1, 'stops\n');
        kill(pid, 'SIGSTOP');
      }
      return work(path, ...more);
    };
  },
});
const store = await openFileStore(root, { disk, clock: systemClock, ids: createIds(), warn: () => undefined });
await changeDocument(
  store.documents,
  async () => name,
  (old) => ({ ...(old as object), ...set }),
);
await store.close();
writeSync(1, 'changed\n');
