/** `hand-over <id> <mailbox>`, for what no command does: killed and failed as one. */
import { resolve } from 'node:path';
import { argv, stderr, stdout } from 'node:process';
import { DreamosError } from '../../../src/model/errors.ts';
import { systemClock } from '../../../src/model/clock.ts';
import { createIds } from '../../../src/model/id.ts';
import { nodeDisk } from '../../../src/storage/file/disk/node-disk.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';

const [root = '', , id = '', to = ''] = argv.slice(argv.indexOf('--root') + 1);
const say = (line: object): void => void stderr.write(`${JSON.stringify(line)}\n`);

const fails = (message: string): void => {
  say({ error: { code: 'DISK_FAILED', message } });
  process.exitCode = 7;
};

async function main(): Promise<void> {
  const warn = (warning: string): void => say({ warning });
  const store = await openFileStore(resolve(root), { clock: systemClock, ids: createIds(), warn, disk: nodeDisk() });
  const [entry] = await store.look.find(id);
  if (!entry) throw new Error(`${id} is nowhere`);
  const { mailbox, state } = await store.mail.handOver(entry, to, { by: 'a', reason: 'it is gone' });
  await store.close();
  stdout.write(`${JSON.stringify({ id, mailboxes: [mailbox], state })}\n`);
}

stdout.on('error', ({ message }) => fails(message));
stderr.on('error', () => undefined);
main().catch((error: unknown) => {
  const { kind, code, message } =
    error instanceof DreamosError ? error : { kind: '', code: '', message: String(error) };
  if (kind === 'disk') return fails(message);
  say({ error: { code, message } });
  process.exitCode = 1;
});
