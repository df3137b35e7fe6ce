/** `hand-over <id> <mailbox>`, for what no command does: killed and failed as one. */
import { writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { argv } from 'node:process';
import { DreamosError } from '../../../src/model/errors.ts';
import { systemClock } from '../../../src/model/clock.ts';
import { createIds } from '../../../src/model/id.ts';
import { nodeDisk } from '../../../src/storage/file/disk/node-disk.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';

const [root = '', , id = '', to = ''] = argv.slice(argv.indexOf('--root') + 1);

/** At once, as the command does it: whose disk fails its own streams may fail, too. */
function print(fd: 1 | 2, line: object): void {
  let bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  while (bytes.length > 0) bytes = bytes.subarray(writeSync(fd, bytes));
}

function say(line: object): void {
  try {
    print(2, line);
  } catch {
    // There is nobody to tell.
  }
}

async function main(): Promise<void> {
  const warn = (warning: string): void => say({ warning });
  const store = await openFileStore(resolve(root), { clock: systemClock, ids: createIds(), warn, disk: nodeDisk() });
  const [entry] = await store.look.find(id);
  if (!entry) throw new Error(`${id} is nowhere`);
  const { mailbox, state } = await store.mail.handOver(entry, to, { by: 'a', reason: 'it is gone' });
  await store.close();
  print(1, { id, mailboxes: [mailbox], state });
}

// As the command: at a plain end libuv gives back what it watches, by writes that may fail, and would wait for them.
main()
  .catch((error: unknown) => {
    const isDisk =
      error instanceof DreamosError ? error.kind === 'disk' : (error as { syscall?: string }).syscall === 'write';
    const code = isDisk ? 'DISK_FAILED' : error instanceof DreamosError ? error.code : '';
    say({ error: { code, message: (error as Error).message } });
    process.exitCode = isDisk ? 7 : 1;
  })
  .finally(() => process.exit());
