/** Opens the store on a disk after a power cut and looks for everything that was acknowledged before it. */
import { systemClock, type Clock } from '../../../src/model/clock.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { createIds } from '../../../src/model/id.ts';
import type { Message } from '../../../src/model/message.ts';
import { isLog, logOf } from '../../../src/model/topic.ts';
import { nodeDisk } from '../../../src/storage/file/disk/node-disk.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import { type Store } from '../../../src/storage/port/store.ts';
import { bodyMark, keyedMessage, type Line } from './ledger.ts';
import { policy } from './scenes.ts';
import { findFileRoot } from '../../../src/storage/file/find-root.ts';
import { states } from '../../../src/model/state.ts';
import type { Entry } from '../../../src/storage/port/look.ts';
import { newToken } from '../../storage/contract/ways.ts';

/** One sentence for each broken promise, each once. */
export interface Verdict {
  /** Acknowledged, and gone. */
  readonly lost: Set<string>;
  /** There, and not readable or not what was sent. */
  readonly torn: Set<string>;
  /** Sent twice: a repeated key that was not recognised, or a message that comes out twice. */
  readonly doubled: Set<string>;
  /**
   * One file under two names in a mailbox, so delivered again. btrfs leaves this behind: after a rename and a sync of the
   * target's folder, its log brings back the new name and does not take away the old one. A redelivery, which is allowed.
   */
  readonly twoNames: Set<string>;
  /** Every other broken promise. */
  readonly wrong: Set<string>;
}

// By then every lease is over and every delay has run out, so that all mail has to come out again.
const aDayMs = 86_400_000;
const tomorrow: Clock = { now: () => systemClock.now() + aDayMs, uptime: () => systemClock.uptime() };

type Sent = Extract<Line, { kind: 'sent' }>;

/** @param ledger all that the workload wrote, in the order of the disk's log @param point when the power was cut */
export async function examine(root: string, ledger: readonly Line[], point: number): Promise<Verdict> {
  const verdict = nothingWrong();
  const known = ledger.filter(({ at }) => at <= point);
  const store = await open(root, verdict);
  if (!store) return verdict;
  try {
    await search(store, ledger, known, verdict);
  } catch (error) {
    verdict.wrong.add(`stopped: ${(error as Error).stack ?? String(error)}`);
  } finally {
    await store.close();
  }
  return verdict;
}

/** The file system itself did not come back. */
export function unmountable(error: Error): Verdict {
  return { ...nothingWrong(), lost: new Set([`everything: ${error.message}`]) };
}

function nothingWrong(): Verdict {
  return { lost: new Set(), torn: new Set(), doubled: new Set(), twoNames: new Set(), wrong: new Set() };
}

async function open(root: string, verdict: Verdict): Promise<Store | undefined> {
  try {
    const { path } = await findFileRoot({ root, cwd: '/', env: {} });
    const warn = (what: string): void => void verdict.wrong.add(`warned: ${what}`);
    const disk = { ...nodeDisk(), bootId: () => 'after the power cut' };
    return await openFileStore(path, { clock: tomorrow, ids: createIds(), warn, disk });
  } catch (error) {
    verdict.lost.add(`the root: ${(error as Error).message}`);
    return undefined;
  }
}

async function search(store: Store, ledger: readonly Line[], known: readonly Line[], verdict: Verdict): Promise<void> {
  await findAgents(store, known, verdict);
  const mailboxes = (await store.documents.listAgents()).map(({ name }) => name);
  const bodies = new Map(ledger.filter((line) => line.kind === 'sent').map(({ id, body }) => [id, body]));
  const read = new Map<string, Message | undefined>();
  await look(store, mailboxes, bodies, read, verdict);
  await findTold(store, known, mailboxes, verdict);
  await repeatKeys(store, known, verdict);
  for (const name of mailboxes) {
    while ((await store.mail.recover(name, policy)).moved > 0);
    // As `status` does, which also tells the senders of the dead.
    await store.upkeep!.sweepExpired(name, { dryRun: false });
  }
  const logs = (await store.look.listTopics()).map(logOf);
  const found = await look(store, [...mailboxes, ...logs], bodies, read, verdict);
  findSent(known, found, verdict);
  findKeyed(known, found, verdict);
  await findDead(store, known, found, verdict);
  findNotices(found, verdict);
  findReplaced(known, found, verdict);
  await drain(store, mailboxes, found, bodies, verdict);
  await inspectAll(store, mailboxes, verdict);
}

interface Found {
  readonly entry: Entry;
  readonly message: Message | undefined;
}

/** By mailbox and id: every entry, read. */
type Mail = Map<string, Found[]>;

async function findAgents(store: Store, known: readonly Line[], { lost }: Verdict): Promise<void> {
  for (const line of known) {
    if (line.kind !== 'registered') continue;
    const card = await store.documents.getAgent(line.name);
    if (card?.description !== line.description) lost.add(`the agent ${line.name}, registered at ${line.at}`);
  }
}

/** Every message in every state: readable, as it was sent, and in one place. @param read what was read before, by mailbox and id */
async function look(
  store: Store,
  mailboxes: readonly string[],
  bodies: Map<string, string>,
  read: Map<string, Message | undefined>,
  verdict: Verdict,
): Promise<Mail> {
  const mail: Mail = new Map();
  for (const mailbox of mailboxes) {
    for (const state of states) {
      for await (const entry of store.look.list(mailbox, state)) {
        const key = `${mailbox} ${entry.id}`;
        if (!read.has(key)) read.set(key, await readBack(store, entry, bodies, verdict));
        const before = mail.get(key) ?? [];
        mail.set(key, [...before, { entry, message: read.get(key) }]);
        if (before.length > 0)
          verdict.twoNames.add(`${entry.id} in ${mailbox} is ${before[0]?.entry.state} and ${state}`);
      }
    }
    const { corrupt } = await store.look.counts(mailbox);
    if (corrupt > 0) verdict.torn.add(`${corrupt} in corrupt/ of ${mailbox}`);
  }
  return mail;
}

async function readBack(
  store: Store,
  entry: Entry,
  bodies: Map<string, string>,
  { torn }: Verdict,
): Promise<Message | undefined> {
  try {
    const message = await store.look.read(entry);
    const body = bodies.get(entry.id);
    if (!message) torn.add(`${entry.key} of ${entry.mailbox} cannot be read although it is listed`);
    else if (body !== undefined && body !== bodyMark(message.body))
      torn.add(`${entry.key} of ${entry.mailbox} has another body`);
    return message;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    torn.add(`${entry.key} of ${entry.mailbox}: ${error.message}`);
    return undefined;
  }
}

function sentLines(known: readonly Line[]): Sent[] {
  return known.filter((line) => line.kind === 'sent');
}

function findSent(known: readonly Line[], mail: Mail, { lost, doubled }: Verdict): void {
  const handed = handedOver(known);
  for (const { id, mailboxes, scene, at } of sentLines(known)) {
    const { ever, now } = handed.get(id) ?? {};
    for (const mailbox of now ? [] : mailboxes) {
      if (!mail.has(`${mailbox} ${id}`)) lost.add(`${id} to ${mailbox} (${scene}), acknowledged at ${at}`);
    }
    if (!now || !ever) continue;
    const [where, ...more] = [...ever].filter((mailbox) => mail.has(`${mailbox} ${id}`));
    if (more.length > 0)
      doubled.add(`${id}, handed over from mailbox to mailbox, is in ${[where, ...more].join(', ')}`);
    else if (where === undefined || !now.includes(where))
      lost.add(`${id} is in ${where ?? 'no mailbox'}, and was handed over to ${now.join(' or ')}`);
  }
}

/** By id: in which mailboxes it ever was, and in which of them it is. */
function handedOver(known: readonly Line[]): Map<string, { readonly ever: Set<string>; now: readonly string[] }> {
  const handed = new Map<string, { readonly ever: Set<string>; now: readonly string[] }>();
  for (const line of known) {
    if (line.kind !== 'handing' && line.kind !== 'handed') continue;
    const { id, from, to } = line;
    const one = handed.get(id) ?? { ever: new Set([from]), now: [] };
    one.ever.add(to);
    one.now = line.kind === 'handed' ? [to] : [from, to];
    handed.set(id, one);
  }
  return handed;
}

/** What waits in a mailbox, or lies in a topic's log, is told to who follows from an old cursor on. */
async function findTold(
  store: Store,
  known: readonly Line[],
  mailboxes: readonly string[],
  { wrong }: Verdict,
): Promise<void> {
  // As `listen` does.
  await store.mail.finishSends();
  const waiting = new Map<string, Set<string>>();
  for (const name of [...mailboxes, ...(await store.look.listTopics()).map(logOf)]) {
    const ids = new Set<string>();
    for (const state of isLog(name) ? (['archived'] as const) : (['ready', 'delayed', 'inflight'] as const))
      for await (const { id } of store.look.list(name, state)) ids.add(id);
    waiting.set(name, ids);
  }
  const told = new Map<string, Set<string>>();
  for (const of of [mailboxes, { topics: ['>'] }]) {
    for (let cursor = await store.journal.cursor(of, 'start'); ;) {
      const { events, cursor: behind } = await store.journal.readEvents(of, cursor);
      for (const { mailbox, id } of events) told.set(mailbox, (told.get(mailbox) ?? new Set()).add(id));
      if (events.length === 0) break;
      cursor = behind;
    }
  }
  const handed = handedOver(known);
  for (const { id, mailboxes: sentTo, scene, at } of sentLines(known)) {
    for (const name of handed.get(id)?.ever ?? sentTo) {
      if (waiting.get(name)?.has(id) && !told.get(name)?.has(id))
        wrong.add(`${id} in ${name} (${scene}), acknowledged at ${at}, is not told`);
    }
  }
}

/** Whoever got no answer sends again: with the key of a send that was acknowledged, or that may have been under way. */
async function repeatKeys(store: Store, known: readonly Line[], verdict: Verdict): Promise<void> {
  const ids = createIds();
  const acknowledged = new Map(sentLines(known).map(({ key, id }) => [key, id]));
  const tried = new Map(known.filter((line) => line.kind === 'key-tried').map((line) => [line.key, line]));
  for (const { key, mailboxes } of tried.values()) {
    const message = keyedMessage(key, ids.next(tomorrow.now()), mailboxes);
    const [result] = await store.mail.send([{ message, mailboxes }], { durability: 'full' });
    const first = acknowledged.get(key);
    if (result === undefined || result instanceof DreamosError) {
      verdict.wrong.add(`the key ${key} cannot be repeated: ${result?.message}`);
    } else if (first !== undefined && (result.id !== first || result.duplicate !== true)) {
      verdict.doubled.add(`the key ${key} of ${first} was sent again as ${result.id}`);
    }
  }
}

function findKeyed(known: readonly Line[], mail: Mail, { lost, doubled }: Verdict): void {
  // By id: one message under two names is not sent twice.
  const copies = new Map<string, number>();
  for (const [first] of mail.values()) {
    const key = `${first?.entry.mailbox} ${first?.message?.dedupeKey}`;
    copies.set(key, (copies.get(key) ?? 0) + 1);
  }
  const tried = new Map(known.filter((line) => line.kind === 'key-tried').map((line) => [line.key, line]));
  for (const { key, mailboxes } of tried.values()) {
    for (const mailbox of mailboxes) {
      const count = copies.get(`${mailbox} ${key}`) ?? 0;
      if (count === 0) lost.add(`the message under the key ${key} to ${mailbox}, repeated after the cut`);
      if (count > 1) doubled.add(`${count} messages under the key ${key} in ${mailbox}`);
    }
  }
}

async function findDead(
  store: Store,
  known: readonly Line[],
  mail: Mail,
  { lost, doubled, wrong }: Verdict,
): Promise<void> {
  const reasons = new Map<string, string>();
  for (const line of known) if (line.kind === 'dead') reasons.set(`${line.mailbox} ${line.id}`, line.reason);
  for (const [key, reason] of reasons) {
    const found = (mail.get(key) ?? []).map(({ entry }) => entry.state);
    if (!found.includes('dead')) lost.add(`the death of ${key} (${reason}): it is ${found[0] ?? 'gone'}`);
    else if (found.length > 1) doubled.add(`${key} is ${found.join(' and ')}`);
  }
  for (const [key, entries] of mail) {
    const found = entries.find(({ entry }) => entry.state === 'dead');
    if (!found) continue;
    const dead = await store.look.deadReason(found.entry);
    const expected = reasons.get(key);
    if (dead === undefined || dead.reason.startsWith('unknown')) wrong.add(`${key} is dead and nobody knows why`);
    else if (expected !== undefined && dead.reason !== expected)
      wrong.add(`${key} died of "${dead.reason}", not of "${expected}"`);
  }
}

/** Who asked to be told of a death is told, once. */
function findNotices(mail: Mail, { wrong, doubled }: Verdict): void {
  const notices = [...mail.values()].flatMap(([first]) => (first?.message?.type === 'notice' ? [first.message] : []));
  for (const [key, entries] of mail) {
    const found = entries.find(({ entry, message }) => entry.state === 'dead' && message?.notify === true);
    if (!found) continue;
    const told = notices.filter(({ replyTo }) => replyTo === found.entry.id);
    if (told.length === 0) wrong.add(`${key} is dead, and its sender is not told`);
    if (new Set(told.map(({ dedupeKey }) => dedupeKey)).size < told.length) doubled.add(`the notice of ${key}`);
  }
}

/** What replaced others is there when they are gone; nobody has claimed any of it. */
function findReplaced(known: readonly Line[], mail: Mail, { lost }: Verdict): void {
  const waiting = new Map<string, boolean>();
  for (const { id, mailboxes, scene } of sentLines(known)) {
    if (scene !== 'replaced') continue;
    for (const mailbox of mailboxes) {
      const key = `${mailbox} ${mail.get(`${mailbox} ${id}`)?.[0]?.message?.replaceKey}`;
      waiting.set(key, waiting.get(key) ?? false);
    }
  }
  for (const found of [...mail.values()].flat()) {
    const key = `${found.entry.mailbox} ${found.message?.replaceKey}`;
    if (waiting.has(key) && found.entry.state === 'ready') waiting.set(key, true);
  }
  for (const [key, waits] of waiting) if (!waits) lost.add(`all that was sent under the replace key ${key}`);
}

/** Not only there: every message that is not finished is delivered, once, with the right words. */
async function drain(
  store: Store,
  mailboxes: readonly string[],
  mail: Mail,
  bodies: Map<string, string>,
  verdict: Verdict,
): Promise<void> {
  const delivered = new Set<string>();
  for (const mailbox of mailboxes) {
    for (;;) {
      const delivery = await store.mail.claim(mailbox, { token: newToken(), leaseMs: aDayMs / 4, policy });
      if (!delivery) break;
      const key = `${mailbox} ${delivery.message.id}`;
      if (delivered.has(key) && mail.get(key)?.length === 1) verdict.doubled.add(`${key} was delivered twice`);
      delivered.add(key);
      const body = bodies.get(delivery.message.id);
      if (body !== undefined && body !== bodyMark(delivery.message.body))
        verdict.torn.add(`${key} was delivered with another body`);
    }
  }
  for (const [key, [found]] of mail) {
    const state = found?.entry.state;
    if (delivered.has(key) || state === 'archived' || state === 'dead' || found?.entry.expiresAt !== undefined)
      continue;
    verdict.lost.add(`${key} is ${state} and is never delivered`);
  }
}

async function inspectAll(store: Store, mailboxes: readonly string[], { wrong }: Verdict): Promise<void> {
  // A registration that was cut off leaves folders without a card, and such things are mended.
  for await (const { level, rule, message, mailbox, fixed } of store.upkeep!.inspect({
    fix: true,
    policies: new Map(),
    policy,
  })) {
    if (level === 'problem' && fixed !== true)
      wrong.add(`doctor finds a problem (${rule}, ${mailbox ?? 'root'}): ${message}`);
  }
  // After a power cut lines may be missing or cut short, but reading them goes on.
  await store.journal.readEvents(mailboxes, await store.journal.cursor(mailboxes, 'start'));
}
