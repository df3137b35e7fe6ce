/**
 * Compares a state of the disk with what the processes were told. First it looks at the files as they lie there, then it
 * opens a store on them, as the first process after a crash does, and reads every mailbox until it is empty.
 */
import { createIds } from '../../../src/model/id.ts';
import { unseal, type Message } from '../../../src/model/message.ts';
import type { RetryPolicy } from '../../../src/model/settings.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import { runAtOnce, simulatedDisk } from './disk.ts';
import { mailboxes } from './history.ts';
import type { Ledger, SentRecord, Violation, Promised } from './ledger.ts';
import { seeded } from './random.ts';
import { files, type FileNode, type Volume } from './volume.ts';

export const root = '/r';
export const policy: RetryPolicy = { maxAttempts: 3, backoffMinMs: 10, backoffMaxMs: 100 };

export interface Look {
  /** What was done to the machine before: nothing was lost but processes, or the power was cut. */
  readonly after: 'rest' | 'kill' | 'power cut';
  readonly wall: number;
  /** Ask `dreamos doctor`, too. */
  readonly doctor: boolean;
}

type Where = 'ready' | 'delayed' | 'inflight' | 'archive' | 'dlq' | 'outbox';

interface Found {
  readonly where: Where;
  readonly path: string;
}

const day = 86_400_000;
// Longer than any lease, delay and clock step together.
const longMs = 3 * 3_600_000;

export async function check(volume: Volume, ledger: Ledger, look: Look): Promise<Violation[]> {
  const violations: Violation[] = [];
  const broken = (promised: Promised, text: string): void => {
    violations.push({ promised, text: `after ${look.after}: ${text}` });
  };
  const cut = look.after === 'power cut';
  // What was never synced may be there in part; what somebody was told is durable may not.
  const torn = (record: SentRecord | undefined): boolean =>
    record !== undefined && record.acknowledged !== 'full' && (record.torn || (cut && record.relaxed));
  const anyTorn = [...ledger.messages.values()].some(torn);

  const before = scan(volume, ledger, torn, broken);
  compare(before, ledger, { cut, torn }, broken);
  if (violations.length > 0) return violations;

  const { delivered, warnings } = await drain(volume, { ...look, doctor: look.doctor && !anyTorn }, broken);
  const after = scan(volume, ledger, torn, broken);
  for (const [key, [found]] of before) {
    const count = delivered.get(key) ?? 0;
    const record = ledger.messages.get(key.slice(key.indexOf('/') + 1));
    if (torn(record)) continue;
    const now = after.get(key)?.map(({ where }) => where).join(' and ') ?? 'nowhere';
    const finished = found?.where === 'archive' || found?.where === 'dlq';
    if (now !== 'archive' && now !== 'dlq') broken('lost', `${key} was in ${found?.where}, and is ${now} after everything was read`);
    if (finished && count > 0) broken('delivered after it was finished', `${key} lay in ${found?.where} and was delivered`);
    // Not delivered, because its time-to-live or its attempts ran out.
    else if (!finished && count === 0 && now !== 'dlq') broken('not deliverable', `${key} lay in ${found?.where} and was not delivered`);
    if (count > 1) broken('doubled', `${key} was delivered ${count} times to consumers that acked at once`);
  }
  for (const key of delivered.keys()) if (!before.has(key)) broken('doubled', `${key} was delivered and lay nowhere before`);
  if (violations.length > 0) for (const warning of warnings) broken('corrupt', warning);
  return violations;
}

/** Every place of every message, by `mailbox/id`. */
function scan(
  volume: Volume,
  ledger: Ledger,
  torn: (record: SentRecord | undefined) => boolean,
  broken: (promised: Promised, text: string) => void,
): Map<string, Found[]> {
  const places = new Map<string, Found[]>();
  const reasons = new Map<string, FileNode>();
  const dead: string[] = [];
  const put = (mailbox: string, name: string, found: Found, node: FileNode): void => {
    const id = /^[tudk]\d{13}\.i([0-9A-Z]{26})\.p\d\.a\d+\./.exec(name)?.[1];
    if (id === undefined) return broken('corrupt', `${found.path} has no name of a message`);
    const record = ledger.messages.get(id);
    if (!torn(record)) checkContent(node, name, id, record, (why) => broken('corrupt', `${found.path}: ${why}`));
    const key = `${mailbox}/${id}`;
    const others = places.get(key);
    if (others) others.push(found);
    else places.set(key, [found]);
  };
  for (const { path, node } of files(volume.root)) {
    const [, , top = '', second = '', third = ''] = path.split('/');
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (top === 'outbox') {
      const [mailbox, entry] = third.split(':');
      // <id>.new and the like are not committed: what is in them was not sent.
      if (second.length === 26 && mailbox !== undefined && entry !== undefined) put(mailbox, entry, { where: 'outbox', path }, node);
    } else if (top === 'agent_mailboxes') {
      if (third === 'corrupt') {
        const id = /\.i([0-9A-Z]{26})\./.exec(name)?.[1];
        if (!torn(ledger.messages.get(id ?? ''))) broken('corrupt', `${path} was put aside`);
      } else if (name.endsWith('.reason.json')) reasons.set(path, node);
      else if (third === 'dlq' && /\.reason\.json\.\d+$/.test(name)) continue;
      else if (['ready', 'delayed', 'inflight', 'archive', 'dlq'].includes(third)) {
        if (third === 'dlq') dead.push(path);
        put(second, name, { where: third as Where, path }, node);
      }
    }
  }
  for (const path of dead) {
    const reason = reasons.get(`${path}.reason.json`);
    if (!reason) broken('dead without a reason', `${path} has no reason file`);
    else if (!isReason(reason.bytes)) broken('dead without a reason', `${path} has a reason file that cannot be read`);
  }
  return places;
}

function checkContent(node: FileNode, name: string, id: string, record: SentRecord | undefined, wrong: (why: string) => void): void {
  const range = /\.r(\d+)-(\d+)\./.exec(name);
  const bytes = range ? node.bytes.subarray(Number(range[1]), Number(range[1]) + Number(range[2])) : node.bytes;
  let message: Message;
  try {
    message = unseal(bytes);
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
  if (message.id !== id) wrong(`it holds ${message.id}`);
  else if (record?.body !== message.body) wrong('it holds other words than were sent');
}

function isReason(bytes: Buffer): boolean {
  try {
    const { reason } = JSON.parse(bytes.toString()) as { reason?: unknown };
    return typeof reason === 'string' && reason !== '';
  } catch {
    return false;
  }
}

function compare(
  places: Map<string, Found[]>,
  ledger: Ledger,
  { cut, torn }: { cut: boolean; torn: (record: SentRecord | undefined) => boolean },
  broken: (promised: Promised, text: string) => void,
): void {
  const byKey = new Map<string, string>();
  for (const [key, found] of places) {
    const where = found.map(({ path }) => path.slice(root.length + 1)).join(' and ');
    const [mailbox = '', id = ''] = key.split('/');
    const record = ledger.messages.get(id);
    if (found.length > 1) broken('two states', `${key} lies in ${where}`);
    if (!record?.mailboxes.includes(mailbox)) broken('delivered wrong', `${where} was never sent there`);
    if (record?.key === undefined) continue;
    const other = byKey.get(`${mailbox} ${record.key}`);
    if (other !== undefined && other !== id && !torn(record)) {
      broken('doubled', `${mailbox} holds ${other} and ${id}, both sent with key ${record.key}`);
    }
    byKey.set(`${mailbox} ${record.key}`, id);
  }
  for (const record of ledger.messages.values()) {
    const there = record.mailboxes.filter((mailbox) => places.has(`${mailbox}/${record.id}`));
    const missing = record.mailboxes.filter((mailbox) => !there.includes(mailbox));
    if (missing.length === 0) continue;
    if (record.acknowledged === 'full' || (record.acknowledged === 'relaxed' && !cut)) {
      broken('lost', `${record.id} was acknowledged (${record.acknowledged}) and is not in ${missing.join(', ')}`);
    } else if (there.length > 0 && !torn(record)) {
      broken('half sent', `${record.id} is in ${there.join(', ')} and not in ${missing.join(', ')}`);
    }
  }
  if (cut) return;
  for (const [key, [found]] of places) {
    const [mailbox = '', id = ''] = key.split('/');
    const { finished, mayReturn } = ledger.place(mailbox, id);
    const expected = finished === 'dead' ? 'dlq' : 'archive';
    if (finished && !mayReturn && found && found.where !== expected) {
      broken('delivered after it was finished', `${key} was ${finished} and lies in ${found.path}`);
    }
  }
}

async function drain(
  volume: Volume,
  look: Look,
  broken: (promised: Promised, text: string) => void,
): Promise<{ delivered: Map<string, number>; warnings: string[] }> {
  let ms = look.wall;
  const clock = { now: () => ms, uptime: () => ms };
  volume.now = clock.now;
  const machine = { volume, locks: new Map(), besides: 1_000_000, uptime: clock.uptime };
  const delivered = new Map<string, number>();
  const warnings: string[] = [];
  const store = await openFileStore(root, {
    clock,
    ids: createIds(seeded(look.wall % 1_000_003)),
    warn: (text) => warnings.push(text),
    disk: simulatedDisk(machine, {}, runAtOnce),
  });
  try {
    if (look.doctor) {
      for await (const finding of store.inspect({ fix: false, policy: async () => Promise.resolve(policy) })) {
        if (finding.level === 'problem') broken('doctor complains', finding.message);
      }
    }
    for (let round = 0; round < 2; round++) {
      for (const mailbox of mailboxes) {
        ms += 100;
        for (;;) {
          const delivery = await store.claim(mailbox, { leaseMs: day / 4, policy });
          if (!delivery) break;
          const key = `${mailbox}/${delivery.message.id}`;
          delivered.set(key, (delivered.get(key) ?? 0) + 1);
          await store.ack(delivery.receipt, {});
        }
      }
      ms += longMs;
    }
  } catch (error) {
    broken('unexpected error', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return { delivered, warnings };
}
