import type { FileContext } from '../disk/context.ts';
import { acquireOrderingKey } from '../places/key-heads.ts';
import type { Settled } from './settle.ts';

/**
 * What has been claimed and is not finished holds its ordering key: else one that was sent later would go before it while it
 * rests. Of several, which a backup may have met one after the other, the first.
 */
export async function holdOrderingKeys(ctx: FileContext, settled: Iterable<Settled>): Promise<void> {
  const first = new Map<string, Settled>();
  for (const one of settled) {
    const { order, attempt, id } = one.name;
    if (!order || attempt === 0 || (one.state !== 'ready' && one.state !== 'delayed')) continue;
    const key = `${one.mailbox}\0${order.key}`;
    const known = first.get(key);
    if (!known || id < known.name.id) first.set(key, one);
  }
  for (const { mailbox, name } of first.values()) {
    const { order, attempt, id } = name;
    if (order) await acquireOrderingKey(ctx, ctx.layout.mailbox(mailbox), order.key, { id, life: order.life, attempt });
  }
}
