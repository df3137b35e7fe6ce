/** What must hold of a root however one of its files was spoilt, seen through the store. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { send } from '../../../src/core/send/send.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { agentCardSchema } from '../../../src/model/agent.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { createIds } from '../../../src/model/id.ts';
import { settingsSchema } from '../../../src/model/settings.ts';
import { nodeDisk } from '../../../src/storage/file/disk/node-disk.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import type { Lock } from '../../../src/storage/port/documents.ts';
import { keyed, mailboxes, startMs } from './specimen.ts';
import { stillClock } from './still-clock.ts';
import { pathsOf } from './tree.ts';
import { rootOver } from '../../../src/core/open-root.ts';
import { states } from '../../../src/model/state.ts';
import type { Finding } from '../../../src/storage/port/upkeep.ts';
import { newToken } from '../../storage/contract/ways.ts';

export interface Seen {
  /** `<mailbox>/<id>` -> the message as JSON, once for each time that it was delivered. */
  readonly delivered: Map<string, string[]>;
  /** The same of all that is not delivered any more: archived, dead. */
  readonly kept: Map<string, string>;
  readonly events: string[];
  readonly warnings: string[];
  readonly findings: Finding[];
  /** What is still wrong after the repair. */
  readonly remaining: Finding[];
  readonly repeat: string;
  /** Broken promises that show without knowing what was spoilt. */
  readonly failures: string[];
}

const policy = { maxAttempts: 5, backoffMinMs: 1000, backoffMaxMs: 300_000 };
const monthMs = 30 * 86_400_000;
/** More than any of these roots can hold: whoever delivers more goes round in circles. */
const mostDeliveries = 60;

/** @param repairFirst `doctor --fix` before everything is read, or after it */
export async function probe(path: string, repairFirst: boolean): Promise<Seen> {
  const clock = stillClock(startMs + 1000);
  for (const dir of ['outbox', 'dedupe']) beOfToday(join(path, dir));
  const warnings: string[] = [];
  const ids = createIds();
  const warn = (text: string) => void warnings.push(text);
  const store = await openFileStore(path, { clock, ids, warn, disk: unsyncedDisk() });
  const root = rootOver(store, { path, clock, ids }, { warn });
  const seen: Seen = {
    delivered: new Map(),
    kept: new Map(),
    events: [],
    warnings,
    findings: [],
    remaining: [],
    repeat: '',
    failures: [],
  };
  const step = async (what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      const told = error instanceof DreamosError && error.kind !== 'bug';
      seen.failures.push(
        `${what} ${told ? 'is refused' : 'breaks down'}: ${error instanceof Error ? (told ? error.message : error.stack) : String(error)}`,
      );
    }
  };

  if (repairFirst) await step('doctor --fix', () => repair(root, seen));
  await step('reading the events', () => readLog(root, seen));
  // Then every lease has run out and every delay is over.
  clock.nowMs += 86_400_000;
  for (const mailbox of mailboxes) await step(`reading ${mailbox}`, () => readAll(root, mailbox, seen));
  for (const mailbox of mailboxes) await step(`listing ${mailbox}`, () => listAll(root, mailbox, seen));
  await step('the agents', async () => {
    const names = (await store.documents.listAgents()).map(({ name }) => name);
    if (names.join() !== mailboxes.join()) seen.failures.push(`The agents are ${names.join(', ')}.`);
  });
  if (!repairFirst) await step('doctor --fix', () => repair(root, seen));
  checkDocuments(path, seen);
  const again = { ...seen, repeat: await sendAgain(root) };
  await store.close();
  return again;
}

async function readLog({ store }: Session, seen: Seen): Promise<void> {
  const batch = await store.journal.readEvents(undefined, await store.journal.cursor(undefined, 'start'));
  for (const { cursor: _, ...event } of batch.events) seen.events.push(JSON.stringify(event));
  seen.warnings.push(...batch.warnings);
  const more = await store.journal.readEvents(undefined, batch.cursor);
  if (more.events.length > 0) seen.failures.push('Events came twice.');
}

async function readAll({ store }: Session, mailbox: string, seen: Seen): Promise<void> {
  // A claim would look for what is due only now and then.
  while ((await store.mail.recover(mailbox, policy)).moved > 0);
  for (let n = 0; n < mostDeliveries; n++) {
    const delivery = await store.mail.claim(mailbox, { token: newToken(), leaseMs: monthMs, policy });
    if (!delivery) return;
    const place = `${mailbox}/${delivery.message.id}`;
    seen.delivered.set(place, [...(seen.delivered.get(place) ?? []), JSON.stringify(delivery.message)]);
    await store.mail.ack(delivery.receipt, {});
  }
  seen.failures.push(`${mailbox} delivers without end.`);
}

async function listAll({ store }: Session, mailbox: string, seen: Seen): Promise<void> {
  for (const state of states) {
    for await (const entry of store.look.list(mailbox, state)) {
      if (state === 'dead') await store.look.deadReason(entry);
      try {
        const message = await store.look.read(entry);
        if (message) seen.kept.set(`${mailbox}/${entry.id}`, JSON.stringify(message));
      } catch (error) {
        if (!(error instanceof DreamosError) || error.code !== 'CORRUPT') throw error;
      }
    }
  }
  await store.look.counts(mailbox);
}

/** The disk has a clock of its own, of whose times a send that was cut off, or a key, would be too old or of a time to come. */
function beOfToday(dir: string): void {
  const seconds = startMs / 1000 + 43_200;
  for (const name of fs.readdirSync(dir, { recursive: true, encoding: 'utf8' }))
    fs.lutimesSync(join(dir, name), seconds, seconds);
}

async function repair(root: Session, seen: Seen): Promise<void> {
  const inspect = async (fix: boolean, into: Finding[]) => {
    for await (const finding of doctor(root, { fix })) into.push(finding);
  };
  await inspect(true, seen.findings);
  await inspect(false, seen.remaining);
}

/** Documents are whole after a repair, or somebody was told. */
function checkDocuments(path: string, seen: Seen): void {
  const told = (word: string) =>
    [...seen.findings, ...seen.remaining].some(({ rule, message }) => rule === word || message.includes(word));
  const wrong = (name: string, file: string, ok: (json: unknown) => boolean) => {
    let good = false;
    try {
      good = ok(JSON.parse(fs.readFileSync(file, 'utf8')));
    } catch {
      // Not JSON, or not there.
    }
    if (!good && !told(name)) seen.failures.push(`${file.slice(path.length + 1)} is neither rebuilt nor reported.`);
  };
  wrong('config', join(path, 'config.json'), (json) => z.safeParse(settingsSchema(), json).success);
  for (const mailbox of mailboxes) {
    const dir = join(path, 'agent_mailboxes', mailbox);
    wrong('card', join(dir, 'agent.json'), (json) => z.safeParse(agentCardSchema(), json).success);
    const reasons = fs.readdirSync(join(dir, 'dlq')).filter((name) => !name.endsWith('.reason.json'));
    for (const name of reasons) {
      wrong(
        'reason',
        join(dir, 'dlq', `${name}.reason.json`),
        (json) => typeof (json as { reason?: unknown } | null)?.reason === 'string',
      );
    }
  }
}

/** What a sender is told who sends again under its key. */
async function sendAgain(root: Session): Promise<string> {
  try {
    const { id, duplicate } = await send(root, keyed);
    return duplicate ? id : 'sent anew';
  } catch (error) {
    return error instanceof DreamosError ? error.code : `breaks down: ${String(error)}`;
  }
}

/** Whether these bytes are still in a file of this root. */
export function holdsBytes(path: string, bytes: Buffer): boolean {
  return pathsOf(path).some((below) => {
    const stat = fs.lstatSync(join(path, below));
    return stat.isFile() && stat.size === bytes.length && fs.readFileSync(join(path, below)).equals(bytes);
  });
}

/** Power cuts are another part's matter. */
function unsyncedDisk() {
  const disk = nodeDisk();
  return {
    ...disk,
    create: (path: string, bytes: Uint8Array) => disk.create(path, bytes, { sync: false }),
    syncFile: (path: string) => fs.existsSync(path),
    syncDir: (dir: string) => fs.existsSync(dir),
    writeWhole: (path: string, bytes: Uint8Array) => {
      // The real one goes through a temporary file as well, and syncs it.
      fs.writeFileSync(`${path}.1`, bytes, { mode: 0o600 });
      fs.renameSync(`${path}.1`, path);
    },
    withLock: async <T>(_path: string, work: (lock: Lock) => Promise<T>) => work({ isHeld: () => true }),
  };
}
