import { awaitReplicas, checkDurability, promised } from './link/durability.ts';
import { Link } from './link/link.ts';
import type { EngineDeps, PlaceToOpen } from '../engine/place.ts';
import { linkOptions } from './store.ts';

/** Makes a root, which keeps what it promises, or finds it made. */
export async function initRoot(place: PlaceToOpen, deps: EngineDeps): Promise<{ id: string; created: boolean }> {
  const { id } = place;
  const link = new Link(linkOptions(place, deps));
  try {
    await checkDurability(link, place.durability);
    await awaitReplicas(link, place.replicas);
    const made = await link.runDurably('make', id, ...promised(place));
    return { id, created: Number(made) === 1 };
  } finally {
    link.close();
  }
}
