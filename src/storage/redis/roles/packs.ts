/**
 * Packs: the bytes of many messages of a day of an archive, compressed, in one value. Each has in front of it its id and its
 * length: `<id> <bytes>\n`.
 */
import { promisify } from 'node:util';
import { DreamosError } from '../../../model/errors.ts';
import type { RedisContext } from './context.ts';
import { bytesIn, list } from './entry.ts';

export async function pack(messages: readonly { readonly id: string; readonly bytes: Buffer }[]): Promise<Buffer> {
  const { gzip } = await import('node:zlib');
  const all = messages.flatMap(({ id, bytes }) => [Buffer.from(`${id} ${bytes.length}\n`), bytes]);
  return promisify(gzip)(Buffer.concat(all));
}

export async function unpack(packed: Buffer): Promise<Map<string, Buffer>> {
  const { gunzip } = await import('node:zlib');
  const all = await promisify(gunzip)(packed);
  const found = new Map<string, Buffer>();
  for (let at = 0; at < all.length;) {
    const end = all.indexOf(10, at);
    const [id = '', length] = all.toString('latin1', at, end).split(' ');
    const next = end + 1 + Number(length);
    found.set(id, all.subarray(end + 1, next));
    at = next;
  }
  return found;
}

/** Of a message that lies in a pack. @throws CORRUPT */
export async function bytesOf(ctx: RedisContext, mailbox: string, id: string, number: string): Promise<Buffer> {
  const packed = (await ctx.link.run('packed', mailbox, number)) as Buffer | null;
  const bytes = packed && (await unpack(packed)).get(id);
  if (bytes) return bytes;
  throw new DreamosError('invalid', 'CORRUPT', `${id} in ${mailbox} has no bytes any more.`, {
    hint: 'dreamos doctor',
  });
}

/** What the script `read` gave: the bytes themselves, or the pack that they lie in. */
export async function bytesFrom(reply: unknown, id: string): Promise<Buffer | undefined> {
  const [bytes, isPacked] = list(reply);
  if (String(isPacked) !== '1') return bytesIn(bytes);
  return (await unpack(bytes as Buffer)).get(id);
}
