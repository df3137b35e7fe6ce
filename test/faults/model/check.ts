/**
 * Compares a state of the disk with what the processes were told. First it looks at the files as they lie there, then it
 * opens a store on them, as the first process after a crash does, and reads every mailbox until it is empty.
 */
import { createIds } from '../../../src/model/id.ts';
import type { RetryPolicy } from '../../../src/model/settings.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import { runAtOnce, simulatedDisk } from './disk.ts';
import { mailboxes } from './history.ts';
import type { Ledger, SentRecord, Violation } from './ledger.ts';
import { keyedMessage } from './messages.ts';
import { seeded } from './random.ts';
import { findDoubled, scan, type Broken, type Found, type Torn } from './scan.ts';
import type { Volume } from './volume.ts';
import { Whereabouts } from './whereabouts.ts';
import { newToken } from '../../storage/contract/ways.ts';

export const root = '/r';
export const policy: RetryPolicy = { maxAttempts: 3, backoffMinMs: 10, backoffMaxMs: 100 };

export interface Look {
  /** What was done to the machine before: nothing was lost but processes, or the power was cut. */
  readonly after: 'rest' | 'kill' | 'power cut';
  readonly wall: number;
  /** The latest time that any process has seen; deadlines count from it. */
  readonly latest: number;
  /** Ask `dreamos doctor`, too. */
  readonly doctor: boolean;
}

const day = 86_400_000;
// Longer than any lease or delay.
const longMs = 3 * 3_600_000;

export async function check(volume: Volume, ledger: Ledger, look: Look): Promise<Violation[]> {
  const violations: Violation[] = [];
  const broken: Broken = (promised, text) => {
    violations.push({ promised, text: `after ${look.after}: ${text}` });
  };
  const cut = look.after === 'power cut';
  // What was never synced may be there in part; what somebody was told is durable may not.
  const torn: Torn = (record) =>
    record !== undefined && record.acknowledged !== 'full' && (record.torn || (cut && record.relaxed));
  const anyTorn = [...ledger.messages.values()].some(torn);

  // With what is sent here, which the history does not know.
  const messages = new Map(ledger.messages);
  const before = scan(volume, messages, torn, broken);
  compare(before, ledger, { cut, torn }, broken);
  if (violations.length > 0) return violations;

  const { store, clock, warnings } = await openStore(volume, look.wall);
  const delivered = new Map<string, number>();
  const resent: string[] = [];
  try {
    if (look.doctor && !anyTorn) await askDoctor(store, broken);
    resent.push(...(await sendKeysAgain(store, clock, before, messages, broken)));
    await readAll(store, clock, look.latest, delivered);
  } catch (error) {
    broken('unexpected error', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  const after = scan(volume, messages, torn, broken);
  findDoubled(after, messages, torn, broken);
  for (const [key, [found]] of before) {
    const count = delivered.get(key) ?? 0;
    const record = messages.get(idOf(key));
    if (torn(record)) continue;
    const now =
      after
        .get(key)
        ?.map(({ where }) => where)
        .join(' and ') ?? 'nowhere';
    const finished = found?.where === 'archive' || found?.where === 'dlq';
    if (now !== 'archive' && now !== 'dlq')
      broken('lost', `${key} was in ${found?.where}, and is ${now} after everything was read`);
    if (finished && count > 0)
      broken('delivered after it was finished', `${key} lay in ${found?.where} and was delivered`);
    // Not delivered, because its time-to-live or its attempts ran out.
    else if (!finished && count === 0 && now !== 'dlq')
      broken('not deliverable', `${key} lay in ${found?.where} and was not delivered`);
    if (count > 1) broken('doubled', `${key} was delivered ${count} times to consumers that acked at once`);
  }
  for (const key of delivered.keys()) {
    // A keyed send that was cut off before its commit is finished by sending it again.
    if (!before.has(key) && messages.get(idOf(key))?.key === undefined)
      broken('doubled', `${key} was delivered and lay nowhere before`);
  }
  for (const id of resent) {
    const { count, may } = messages.get(id)?.whereabouts ?? new Whereabouts([]);
    const there = [...may].filter((mailbox) => after.has(`${mailbox}/${id}`));
    if (there.length < count) broken('lost', `${id} was sent again with its key and is in ${there.join(', ')} alone`);
  }
  if (violations.length > 0) for (const warning of warnings) broken('corrupt', warning);
  return violations;
}

function compare(
  places: Map<string, Found[]>,
  ledger: Ledger,
  { cut, torn }: { cut: boolean; torn: Torn },
  broken: Broken,
): void {
  findDoubled(places, ledger.messages, torn, broken);
  for (const [key, found] of places) {
    const where = found.map(({ path }) => path.slice(root.length + 1)).join(' and ');
    const [mailbox = '', id = ''] = key.split('/');
    const record = ledger.messages.get(id);
    if (found.length > 1) broken('two states', `${key} lies in ${where}`);
    if (!record?.whereabouts.may.has(mailbox)) broken('delivered wrong', `${where} was never sent there`);
  }
  for (const record of ledger.messages.values()) {
    const { may, sure, count } = record.whereabouts;
    const there = [...may].filter((mailbox) => places.has(`${mailbox}/${record.id}`));
    if (there.length > count) broken('doubled', `${record.id} was sent to ${count} and is in ${there.join(', ')}`);
    const missing = [...(there.length < count ? may : sure)].filter((mailbox) => !there.includes(mailbox));
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

interface Ticking {
  ms: number;
}

/** A first process after whatever happened. */
async function openStore(volume: Volume, wall: number): Promise<{ store: Store; clock: Ticking; warnings: string[] }> {
  const clock: Ticking = { ms: wall };
  const now = (): number => clock.ms;
  volume.now = now;
  const machine = { volume, locks: new Map(), besides: 1_000_000, uptime: now };
  const warnings: string[] = [];
  const store = await openFileStore(root, {
    clock: { now, uptime: now },
    ids: createIds(seeded(wall % 1_000_003)),
    warn: (text) => warnings.push(text),
    disk: simulatedDisk(machine, {}, runAtOnce),
  });
  return { store, clock, warnings };
}

async function askDoctor(store: Store, broken: Broken): Promise<void> {
  for await (const finding of store.upkeep!.inspect({ fix: false, policies: new Map(), policy })) {
    if (finding.level === 'problem') broken('doctor complains', finding.message);
  }
}

/** Whoever is not sure that a keyed send came through sends it again: that neither loses nor doubles it. */
async function sendKeysAgain(
  store: Store,
  clock: Ticking,
  before: ReadonlyMap<string, Found[]>,
  messages: Map<string, SentRecord>,
  broken: Broken,
): Promise<string[]> {
  const resent: string[] = [];
  const there = new Set([...before.keys()].map(idOf));
  const tried = new Map<number, SentRecord>();
  for (const record of messages.values()) {
    if (record.key !== undefined && (!tried.has(record.key) || there.has(record.id))) tried.set(record.key, record);
  }
  const ids = createIds(seeded((clock.ms % 1_000_003) + 1));
  for (const [key, first] of tried) {
    const id = ids.next(clock.ms);
    messages.set(id, { ...first, id, acknowledged: 'full', whereabouts: new Whereabouts(first.mailboxes) });
    const outgoing = { message: keyedMessage(id, key, first.mailboxes, clock.ms), mailboxes: first.mailboxes };
    const [result] = await store.mail.send([outgoing], { durability: 'full' });
    if (!result || result instanceof Error) broken('unexpected error', `${result?.stack}`);
    else {
      resent.push(result.id);
      if (there.has(first.id) && result.id !== first.id) {
        broken('doubled', `${first.id} was sent with key ${key}; sent again it became ${result.id}`);
      }
    }
  }
  return resent;
}

/** Claims and acks until nothing is left, also what falls due only later. */
async function readAll(store: Store, clock: Ticking, latest: number, delivered: Map<string, number>): Promise<void> {
  for (let round = 0; round < 2; round++) {
    for (const mailbox of mailboxes) {
      clock.ms += 100;
      for (;;) {
        const delivery = await store.mail.claim(mailbox, { token: newToken(), leaseMs: day / 4, policy });
        if (!delivery) break;
        const key = `${mailbox}/${delivery.message.id}`;
        delivered.set(key, (delivered.get(key) ?? 0) + 1);
        await store.mail.ack(delivery.receipt, {});
      }
    }
    clock.ms = Math.max(clock.ms, latest) + longMs;
  }
}

function idOf(place: string): string {
  return place.slice(place.indexOf('/') + 1);
}
