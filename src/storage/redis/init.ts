import { DreamosError } from '../../model/errors.ts';
import { durabilityOf } from './link/durability.ts';
import { Link } from './link/link.ts';
import type { EngineDeps, PlaceToOpen } from '../engine/place.ts';
import { linkOptions } from './store.ts';

/** Makes a root, or finds it made. */
export async function initRoot(place: PlaceToOpen, deps: EngineDeps): Promise<{ id: string; created: boolean }> {
  const { id } = place;
  const link = new Link(linkOptions(place, deps));
  try {
    await checkDurability(link, place.durability);
    const made = await link.command('HSETNX', `${link.prefix}root`, 'id', id);
    return { id, created: Number(made) === 1 };
  } finally {
    link.close();
  }
}

/** @throws CONFIG_INVALID: it syncs less than is asked for */
export async function checkDurability(link: Link, durability: PlaceToOpen['durability'] = 'full'): Promise<void> {
  const { isFull, why } = durability === 'full' ? await durabilityOf(link) : { isFull: true, why: '' };
  if (!isFull) throw notFull(link.where, why);
}

function notFull(where: string, why: string): DreamosError {
  return new DreamosError(
    'invalid',
    'CONFIG_INVALID',
    `The engine at ${where} may lose what it has answered, so no root is made there that promises to keep it: ${why}.`,
    {
      hint: 'Set appendonly yes, appendfsync always, no-appendfsync-on-rewrite no and maxmemory-policy noeviction there, or make the root with `durability` relaxed',
    },
  );
}
