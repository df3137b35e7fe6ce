/** The storage port over Redis >= 7 or Valkey. Every operation is a script, so one step and one round trip. */
import { DreamosError } from '../../model/errors.ts';
import type { Mail } from '../port/mail.ts';
import type { Capabilities, Store } from '../port/store.ts';
import { Bell } from './link/bell.ts';
import { self } from './link/host.ts';
import { Link, type LinkOptions } from './link/link.ts';
import type { EngineDeps, PlaceToOpen } from '../engine/place.ts';
import { byHand } from './roles/by-hand.ts';
import { claiming } from './roles/claim.ts';
import type { RedisContext } from './roles/context.ts';
import { documentsOf } from './roles/documents.ts';
import { journalOf } from './roles/journal.ts';
import { auditOf, rollupsOf } from './roles/kept.ts';
import { looksOf } from './roles/known.ts';
import { looking } from './roles/look.ts';
import { presenceOf, reachOf } from './roles/reach.ts';
import { sending } from './roles/send.ts';
import { settling } from './roles/settle.ts';
import { upkeepOf } from './roles/upkeep.ts';

/** @param isGivenTime for tests: what falls due is decided by `clock`, which must be the same for all */
type Deps = EngineDeps & { readonly isGivenTime?: boolean };

export function linkOptions({ address, id, username, password, replicas = 0 }: PlaceToOpen, deps: Deps): LinkOptions {
  const { clock, ids, patienceMs, isGivenTime = false } = deps;
  return { address, id, username, password, clock, ids, patienceMs, replicas, isGivenTime };
}

export function linkTo(place: PlaceToOpen, deps: Deps): Link {
  return new Link(linkOptions(place, deps));
}

export async function redisStore(place: PlaceToOpen, deps: Deps): Promise<Store> {
  const link = linkTo(place, deps);
  const { clock, ids, warn, isGivenTime = false } = deps;
  try {
    const looks = looksOf(link);
    const { isRelaxed } = await looks.begin();
    const bell = new Bell(link);
    const ctx: RedisContext = {
      link,
      bell,
      clock,
      ids,
      warn,
      sign: deps.sign,
      durability: isRelaxed ? 'relaxed' : (place.durability ?? 'full'),
      now: isGivenTime ? () => clock.now() : () => link.known.now(),
      looks,
    };
    return storeOf(ctx, isGivenTime);
  } catch (error) {
    link.close();
    throw error;
  }
}

function storeOf(ctx: RedisContext, isGivenTime: boolean): Store {
  const capabilities: Capabilities = {
    durability: ctx.durability,
    atomicFanOut: true,
    leases: isGivenTime ? 'given clock' : 'own clock',
    filters: 'scanned',
    ordering: 'always',
    search: 'indexed',
    journal: 'complete',
  };
  const mail: Mail = { ...sending(ctx), ...claiming(ctx), ...settling(ctx), ...byHand(ctx) };
  return {
    engine: 'redis',
    capabilities,
    now: () => ctx.now(),
    documents: documentsOf(ctx),
    mail,
    look: looking(ctx),
    journal: journalOf(ctx),
    rollups: rollupsOf(ctx),
    reach: reachOf(ctx),
    presence: presenceOf(ctx),
    audit: auditOf(ctx),
    upkeep: upkeepOf(ctx),
    self: async () => self(),
    dump: async (take, options) => (await import('./dump/dump.ts')).dump(ctx, take, options),
    isThere: async () => {
      try {
        await ctx.link.run('seq');
        return true;
      } catch (error) {
        if (error instanceof DreamosError && error.code === 'ENGINE_LOST') return false;
        throw error;
      }
    },
    close: async () => {
      ctx.bell.close();
      ctx.link.close();
    },
  };
}
