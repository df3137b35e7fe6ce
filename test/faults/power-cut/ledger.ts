import * as fs from 'node:fs';
import { hash } from 'node:crypto';
import type { Message } from '../../../src/model/message.ts';

/** What one process of the workload was told, and how far the disk's log had come when it had been told. */
export type Line = { readonly at: number } & (
  | { readonly kind: 'made' }
  | { readonly kind: 'registered'; readonly name: string; readonly description: string }
  | {
      readonly kind: 'sent';
      readonly id: string;
      readonly mailboxes: readonly string[];
      readonly body: string;
      readonly scene: string;
      readonly key?: string;
    }
  | { readonly kind: 'dead'; readonly id: string; readonly mailbox: string; readonly reason: string }
  /** Written before the send: from here on the key may be on disk. */
  | { readonly kind: 'key-tried'; readonly key: string; readonly mailboxes: readonly string[] }
  /** Claims, acks, nacks and renewals: allowed to be forgotten, but not to take a message with them. */
  | { readonly kind: 'settled'; readonly what: string; readonly id: string; readonly mailbox: string }
  /** Written before a hand-over, and behind it: from here on it may be in either, and is in the new one. */
  | { readonly kind: 'handing' | 'handed'; readonly id: string; readonly from: string; readonly to: string }
  /** Something that a scene is about has come about, such as a bucket that was gone before its sender could sync it. */
  | { readonly kind: 'seen'; readonly what: string }
  | { readonly kind: 'wrong'; readonly what: string }
);

type WithoutAt<T> = T extends unknown ? Omit<T, 'at'> : never;

export interface Ledger {
  write(line: WithoutAt<Line>): void;
}

/** @param position the shared file in which the recording disk counts its records */
export function openLedger(path: string, position: string): Ledger {
  const out = fs.openSync(path, 'a');
  const counter = fs.openSync(position, 'r');
  const bytes = Buffer.alloc(8);
  return {
    write(line) {
      // Read after success was answered, so never too early: what the answer stands on lies below it.
      fs.readSync(counter, bytes, 0, 8, 0);
      fs.writeSync(out, `${JSON.stringify({ at: Number(bytes.readBigUInt64LE()), ...line })}\n`);
    },
  };
}

/** All lines of all processes, in the order of the disk's log. */
export function readLedgers(paths: readonly string[]): Line[] {
  const lines = paths.flatMap((path) => fs.readFileSync(path, 'utf8').split('\n').filter(Boolean));
  return lines.map((text) => JSON.parse(text) as Line).sort((a, b) => a.at - b.at);
}

export function bodyMark(body: string): string {
  return hash('sha256', body).slice(0, 16);
}

/** The same key always sends the same words, so that anybody can repeat it. */
export function keyedMessage(key: string, id: string, mailboxes: readonly string[]): Message {
  return plainMessage(
    id,
    mailboxes,
    `${key}: ${'said once, however often it is sent. '.repeat(1 + (key.length % 40))}`,
    { dedupeKey: key },
  );
}

export function plainMessage(
  id: string,
  mailboxes: readonly string[],
  body: string,
  more: Partial<Message> = {},
): Message {
  return {
    v: 1,
    id,
    from: 'sender',
    to: [...mailboxes],
    subject: 'power cut',
    body,
    type: 'message',
    priority: 'normal',
    thread: null,
    replyTo: null,
    tags: [],
    data: null,
    createdAt: new Date().toISOString(),
    expiresAt: null,
    dedupeKey: null,
    ...more,
  };
}
