/** What the workload does, scene by scene. Every answer that promises something goes into the ledger. */
import { dirname, join } from 'node:path';
import type { Clock } from '../../../src/model/clock.ts';
import type { Ids } from '../../../src/model/id.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import type { Filter } from '../../../src/model/filter.ts';
import { priorities, type Message } from '../../../src/model/message.ts';
import { logOf } from '../../../src/model/topic.ts';
import { bucketName, parseBucket } from '../../../src/storage/file/names/layout.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import type { Disk } from '../../../src/storage/file/disk/disk.ts';
import { bodyMark, keyedMessage, plainMessage, type Ledger } from './ledger.ts';
import type { Pausing } from './test-disk.ts';
import type { Delivery, Outgoing, Sent } from '../../../src/storage/port/mail.ts';
import { changeAgentIn, newToken } from '../../storage/contract/ways.ts';

export interface Stage {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly ledger: Ledger;
  /** Two processes' worth of state over the same files. */
  readonly sender: Store;
  readonly consumer: Store;
  readonly senderDisk: Pausing;
  readonly disk: Disk;
}

export const policy = { maxAttempts: 1000, backoffMinMs: 1, backoffMaxMs: 1 };
const hourMs = 3_600_000;

export async function register(stage: Stage, name: string): Promise<void> {
  const description = `registered by the power-cut test as ${name}`;
  const createdAt = new Date(stage.clock.now()).toISOString();
  await changeAgentIn(stage.sender, name, (card) => ({ createdAt, ...card, name, description }));
  stage.ledger.write({ kind: 'registered', name, description });
}

export interface SendOptions {
  readonly scene: string;
  readonly more?: Partial<Message>;
  readonly dueAt?: number;
}

/** One message to one mailbox or to several. */
export async function sendOne(stage: Stage, mailboxes: readonly string[], options: SendOptions): Promise<string> {
  const outgoing = draft(stage, mailboxes, options);
  await sendAndNote(stage, [outgoing], options.scene);
  return outgoing.message.id;
}

/** To a topic, whose log may be new, and to its subscribers. */
export async function publish(stage: Stage, topic: string, subscribers: readonly string[]): Promise<void> {
  await sendOne(stage, [logOf(topic), ...subscribers], { scene: 'publish', more: { to: [], topic } });
}

export async function sendBatch(stage: Stage, mailboxes: readonly string[], size: number): Promise<void> {
  const batch: Outgoing[] = [];
  for (let i = 0; i < size; i++) batch.push(draft(stage, [mailboxes[i % mailboxes.length] ?? ''], { scene: 'batch' }));
  await sendAndNote(stage, batch, 'batch');
}

export async function sendKeyed(stage: Stage, key: string, mailboxes: readonly string[]): Promise<void> {
  stage.ledger.write({ kind: 'key-tried', key, mailboxes });
  const message = keyedMessage(key, stage.ids.next(stage.clock.now()), mailboxes);
  await sendAndNote(stage, [{ message, mailboxes }], 'keyed');
}

async function sendAndNote(stage: Stage, batch: readonly Outgoing[], scene: string): Promise<void> {
  const results = await stage.sender.mail.send(batch, { durability: 'full' });
  for (const [i, result] of results.entries()) {
    if (result instanceof DreamosError) {
      stage.ledger.write({ kind: 'wrong', what: `a send failed (${scene}): ${result.message}` });
      continue;
    }
    const { body, dedupeKey } = (batch[i] as Outgoing).message;
    note(stage, result, body, scene, dedupeKey === null ? {} : { key: dedupeKey });
    for (const { id, mailbox } of result.replaced ?? [])
      stage.ledger.write({ kind: 'settled', what: 'replace', id, mailbox });
  }
}

function note(
  stage: Stage,
  { id, mailboxes }: Pick<Sent, 'id' | 'mailboxes'>,
  body: string,
  scene: string,
  key: { readonly key?: string } = {},
): void {
  stage.ledger.write({ kind: 'sent', id, mailboxes, body: bodyMark(body), scene, ...key });
}

function draft(stage: Stage, mailboxes: readonly string[], { more, dueAt, scene }: SendOptions): Outgoing {
  const body = `${scene} ${stage.ids.token()} ${'words '.repeat(Math.floor(stage.ids.fraction() ** 4 * 1500))}`;
  const message = plainMessage(stage.ids.next(stage.clock.now()), mailboxes, body, more);
  return { message, mailboxes, ...(dueAt !== undefined && { dueAt }) };
}

/** A new mailbox, and in it a new bucket for every priority: nothing on the way to it was ever synced. */
export async function freshBuckets(stage: Stage, name: string): Promise<void> {
  await register(stage, name);
  for (const priority of priorities) await sendOne(stage, [name], { scene: 'fresh bucket', more: { priority } });
}

/** Several sends into one bucket, of which only the first syncs what is above it. */
export async function fixedBucket(stage: Stage, name: string, sends: number): Promise<void> {
  for (let i = 0; i < sends; i++) await sendOne(stage, [name], { scene: 'fixed bucket' });
}

/**
 * Between a sender's rename and its fsync a consumer takes the message, and all others, and removes the bucket, because
 * another producer has opened the next one. The sender finds no folder to sync.
 * @param filled the other producer fills the bucket up to its end; otherwise it only opens the next
 */
export async function removedBucket(
  stage: Stage,
  name: string,
  { filled, acks }: { filled: boolean; acks: boolean },
): Promise<void> {
  // So that the sender has synced this bucket's ancestors before, and now relies on that.
  await sendOne(stage, [name], { scene: 'removed bucket' });
  stage.senderDisk.beforeSync(
    (dir) => dir.includes(`/${name}/ready/`) && parseBucket(dir.slice(dir.lastIndexOf('/') + 1)) !== undefined,
    async (bucket) => {
      if (filled) await sendBatch({ ...stage, sender: stage.consumer }, [name], 260);
      else await openNext(stage, bucket);
      for (let last = await take(stage, name); last; last = await take(stage, name)) {
        if (acks) await ack(stage, last);
      }
      const gone = (await stage.disk.stat(bucket)) === undefined;
      stage.ledger.write({ kind: 'seen', what: gone ? 'bucket removed before its sync' : 'bucket still there' });
    },
  );
  await sendOne(stage, [name], { scene: 'removed bucket' });
}

async function openNext(stage: Stage, bucket: string): Promise<void> {
  await stage.disk.makeDir(join(dirname(bucket), bucketName(stage.clock.now() + 1000, stage.ids.token())));
}

/** A claim leaves a bucket without a sync, for a folder that is not on disk; then a send syncs that bucket alone. */
export async function claimThenSend(
  stage: Stage,
  name: string,
  then: 'nothing' | 'ack' | 'nack' | 'renew',
): Promise<void> {
  await sendOne(stage, [name], { scene: 'claim, then send' });
  const delivery = await take(stage, name);
  if (delivery && then === 'ack') await ack(stage, delivery);
  if (delivery && then === 'nack') await nackLater(stage, delivery);
  if (delivery && then === 'renew') await renew(stage, delivery);
  await sendOne(stage, [name], { scene: 'claim, then send' });
}

/** Three ways to die: rejected, out of attempts, out of time. Of the first the sender is told. */
export async function deadLetters(stage: Stage, name: string): Promise<void> {
  await sendOne(stage, [name], { scene: 'dead letter', more: { notify: true } });
  await reject(stage, name);
  await sendOne(stage, [name], { scene: 'dead letter' });
  const failing = await take(stage, name);
  if (failing) {
    const reason = 'it failed on its only attempt';
    await stage.consumer.mail.nack(failing.receipt, { policy: { ...policy, maxAttempts: 1 }, reason });
    stage.ledger.write({ kind: 'dead', id: failing.message.id, mailbox: name, reason });
  }
  const expiresAt = new Date(stage.clock.now() - 1).toISOString();
  const expired = await sendOne(stage, [name], { scene: 'dead letter', more: { expiresAt } });
  await take(stage, name);
  for (const entry of await stage.consumer.look.find(expired, name)) {
    if (entry.state === 'dead')
      stage.ledger.write({ kind: 'dead', id: expired, mailbox: name, reason: 'its time-to-live ran out' });
  }
}

/** Of several under one key the last one stays. */
export async function replaced(stage: Stage, name: string, key: string, sends: number): Promise<void> {
  for (let i = 0; i < sends; i++) await sendOne(stage, [name], { scene: 'replaced', more: { replaceKey: key } });
}

/** One that is new, that rests or that is held goes on to another mailbox, and from there to a third. */
export async function handOn(stage: Stage, way: readonly string[], was: 'ready' | 'delayed' | 'held'): Promise<void> {
  const [first = '', ...more] = way;
  const dueAt = was === 'delayed' ? { dueAt: later(stage) } : {};
  const id = await sendOne(stage, [first], {
    scene: 'handed over',
    more: { orderingKey: stage.ids.token() },
    ...dueAt,
  });
  if (was === 'held') await take(stage, first, { id });
  let [entry] = await stage.sender.look.find(id, first);
  for (const to of more) {
    if (!entry) return stage.ledger.write({ kind: 'wrong', what: `${id} is not to be found to be handed over` });
    stage.ledger.write({ kind: 'handing', id, from: entry.mailbox, to });
    const there = await stage.sender.mail.handOver(entry, to, { reason: 'for the power-cut test' });
    stage.ledger.write({ kind: 'handed', id, from: entry.mailbox, to });
    entry = there;
  }
}

export async function reject(stage: Stage, name: string): Promise<boolean> {
  const delivery = await take(stage, name);
  if (!delivery) return false;
  const reason = `rejected by the power-cut test (${stage.ids.token()})`;
  await stage.consumer.mail.nack(delivery.receipt, { policy, dead: true, reason });
  stage.ledger.write({ kind: 'dead', id: delivery.message.id, mailbox: name, reason });
  return true;
}

/** An archive of days that are over is packed, and some of it comes back; so does a dead letter. */
export async function packAndBringBack(stage: Stage, name: string): Promise<void> {
  const { mail, look, upkeep } = stage.sender;
  const by = 'sender';
  for (let daysAgo = 3; daysAgo > 0; daysAgo--) {
    for (let i = 0; i < 3; i++) {
      const { message } = draft(stage, [name], { scene: 'packed' });
      await mail.deposit(name, message, 'archived', { by, at: stage.clock.now() - daysAgo * 24 * hourMs });
      note(stage, { id: message.id, mailboxes: [name] }, message.body, 'packed');
    }
  }
  const today = new Date(stage.clock.now()).toISOString().slice(0, 10);
  for await (const { day, count } of upkeep!.packArchive(name, { beforeDay: today, dryRun: false }))
    stage.ledger.write({ kind: 'seen', what: `${count} of ${day} packed` });
  let some = 0;
  for await (const entry of look.list(name, 'archived')) {
    if (some++ % 3 !== 0) continue;
    await mail.restore(entry, { by });
    stage.ledger.write({ kind: 'settled', what: 'restore', id: entry.id, mailbox: name });
  }
  await sendOne(stage, [name], { scene: 'retried dead letter' });
  const failing = await take(stage, name);
  if (!failing) return;
  await stage.consumer.mail.nack(failing.receipt, { policy, dead: true, reason: 'for now' });
  for (const entry of await look.find(failing.message.id, name)) {
    await mail.retry(entry, { by });
    stage.ledger.write({ kind: 'settled', what: 'retry', id: entry.id, mailbox: name });
  }
}

/** Claims what comes next and does with it what consumers do. @returns `false`: nothing was ready */
export async function consume(stage: Stage, name: string): Promise<boolean> {
  const delivery = await take(stage, name);
  if (!delivery) return false;
  const luck = stage.ids.fraction();
  if (luck < 0.6) await ack(stage, delivery);
  else if (luck < 0.7) await nackLater(stage, delivery);
  else if (luck < 0.8) await renew(stage, delivery);
  else if (luck < 0.85) await nackNow(stage, delivery);
  return true;
}

async function take(stage: Stage, name: string, filter?: Filter): Promise<Delivery | undefined> {
  // Leases of very different lengths, so that most claims go to a folder that is not there yet.
  const leaseMs = 60_000 + Math.floor(stage.ids.fraction() * 11 * hourMs);
  const delivery = await stage.consumer.mail.claim(name, { token: newToken(), leaseMs, policy, filter });
  if (delivery) stage.ledger.write({ kind: 'settled', what: 'claim', id: delivery.message.id, mailbox: name });
  return delivery;
}

async function ack(stage: Stage, { receipt, message, mailbox }: Delivery): Promise<void> {
  await stage.consumer.mail.ack(receipt, {});
  stage.ledger.write({ kind: 'settled', what: 'ack', id: message.id, mailbox });
}

async function nackLater(stage: Stage, { receipt, message, mailbox }: Delivery): Promise<void> {
  await stage.consumer.mail.nack(receipt, {
    policy,
    delayMs: Math.floor(stage.ids.fraction() * 3 * hourMs) + 60_000,
    reason: 'later',
  });
  stage.ledger.write({ kind: 'settled', what: 'nack', id: message.id, mailbox });
}

async function nackNow(stage: Stage, { receipt, message, mailbox }: Delivery): Promise<void> {
  await stage.consumer.mail.nack(receipt, { policy, delayMs: 0 });
  stage.ledger.write({ kind: 'settled', what: 'nack', id: message.id, mailbox });
}

async function renew(stage: Stage, { receipt, message, mailbox }: Delivery): Promise<void> {
  await stage.consumer.mail.renew(receipt, { leaseMs: hourMs + Math.floor(stage.ids.fraction() * 10 * hourMs) });
  stage.ledger.write({ kind: 'settled', what: 'renew', id: message.id, mailbox });
}

export function later(stage: Stage): number {
  return stage.clock.now() + 60_000 + Math.floor(stage.ids.fraction() * 5 * hourMs);
}
