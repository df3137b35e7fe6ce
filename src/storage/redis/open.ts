/** Mail on a Redis or Valkey server: making a root there, opening it, and moving it. */
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

export const moveFromRedis: Engine['moveFrom'] = async (place, deps, said) => {
  const [{ linkTo }, { redisMoveSource }] = [await import('./store.ts'), await import('./move/source.ts')];
  const link = linkTo(place, deps);
  try {
    return await redisMoveSource({ link, warn: deps.warn }, said);
  } catch (error) {
    link.close();
    throw error;
  }
};

export const moveToRedis: Engine['moveTo'] = async (place, deps, said) => {
  const [{ linkTo }, { redisMoveTarget }] = [await import('./store.ts'), await import('./move/target.ts')];
  return redisMoveTarget({ link: linkTo(place, deps), warn: deps.warn }, said);
};
