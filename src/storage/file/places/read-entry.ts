import type * as z from 'zod/mini';
import { sayableTime } from '../../../model/clock.ts';
import { DreamosError } from '../../../model/errors.ts';
import { idTime } from '../../../model/id.ts';
import { explainIssues, handedInSchema, messageSchema, unseal, type Message } from '../../../model/message.ts';
import { sha256 } from '../../../model/sha256.ts';
import type { FileContext } from '../disk/context.ts';
import type { EntryName } from '../names/entry-name.ts';

/** The largest message that any setting allows, and room for its envelope. */
export const maxFileBytes = 72 * 1024 * 1024;
/** Far from where the recursion of JSON.stringify ends, in which whoever shows the message would fail. */
const maxDepth = 1000;

/**
 * The message of an entry, checked against its digest and its name.
 * @returns `undefined` when the entry has moved on @throws DreamosError CORRUPT
 */
export async function readEntry(
  ctx: FileContext,
  path: string,
  name: EntryName,
  mailbox: string,
): Promise<Message | undefined> {
  const result = await ctx.disk.read(path, { maxBytes: maxFileBytes, range: name.range });
  if (!result.ok) {
    if (result.missing) return undefined;
    throw corrupt(result.why);
  }
  if (name.handedIn !== undefined) {
    if (handedInDigest(result.bytes) !== name.handedIn) throw corrupt('its bytes have changed since it was handed in');
    // Only a forged name is that of a part and of what was handed in; a part has no time of its own.
    return completeHandedIn(result.bytes, { id: name.id, mailbox, mtimeMs: result.mtimeMs ?? idTime(name.id) });
  }
  const message = unseal(result.bytes);
  if (message.id !== name.id) throw corrupt(`it is the message ${message.id}, under another one's name`);
  return message;
}

/**
 * For an event's sake only: a body that cannot be read, be it for its bytes or for its disk, moves on all the same. Whoever
 * claims it is told, and nothing waits behind it.
 */
export async function readIfGood(
  ctx: FileContext,
  path: string,
  name: EntryName,
  mailbox: string,
): Promise<Message | undefined> {
  try {
    return await readEntry(ctx, path, name, mailbox);
  } catch (error) {
    if (error instanceof DreamosError) return undefined;
    throw error;
  }
}

/** What the name of a handed-in entry remembers of its bytes. */
export function handedInDigest(bytes: Uint8Array): string {
  return sha256(bytes).slice(0, 32);
}

/**
 * A handed-in file as a whole message: what it does not say comes from its name and its file.
 * @throws DreamosError CORRUPT
 */
export function completeHandedIn(bytes: Buffer, file: { id: string; mailbox: string; mtimeMs: number }): Message {
  const { digest: _, ...given } = parseHandedIn(bytes);
  const parsed = messageSchema.safeParse({
    v: 1,
    to: [file.mailbox],
    subject: '',
    type: 'message',
    priority: 'normal',
    thread: null,
    replyTo: null,
    tags: [],
    data: null,
    createdAt: new Date(sayableTime(file.mtimeMs)).toISOString(),
    expiresAt: null,
    dedupeKey: null,
    ...given,
    id: file.id,
  });
  if (!parsed.success) throw corrupt(`it is not a message: ${explainIssues(parsed.error)}`);
  return parsed.data;
}

/** @throws DreamosError CORRUPT */
export function parseHandedIn(bytes: Buffer): z.infer<ReturnType<typeof handedInSchema>> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw corrupt(`it is not JSON in UTF-8 (${(cause as Error).message})`);
  }
  if (isDeeperThan(maxDepth, json)) throw corrupt(`it is nested too deeply (more than ${maxDepth} levels)`);
  const parsed = handedInSchema.safeParse(json);
  if (!parsed.success) throw corrupt(`it is not a message: ${explainIssues(parsed.error)}`);
  return parsed.data;
}

/** Level by level and not by recursion, which would end where it is needed. */
function isDeeperThan(limit: number, json: unknown): boolean {
  let level = [json].filter(isNested);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= limit) return true;
    level = level.flatMap((value) => Object.values(value).filter(isNested));
  }
  return false;
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function corrupt(why: string): DreamosError {
  return new DreamosError('invalid', 'CORRUPT', `This message cannot be read: ${why}.`);
}
