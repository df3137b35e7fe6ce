/** Mail on a Redis or Valkey server: making a root there, and opening it. */
import type { Engine } from '../engine/place.ts';

/** Connects, and looks that the root is there. */
export const openRedisStore: Engine['open'] = async (place, deps) => {
  const { redisStore } = await import('./store.ts');
  return redisStore(place, deps);
};

export const initRedisStore: Engine['init'] = async (place, deps) => {
  const { initRoot } = await import('./init.ts');
  return initRoot(place, deps);
};
