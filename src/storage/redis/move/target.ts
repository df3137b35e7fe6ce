import { quoteWord } from '../../../model/basics/shell-word.ts';
import { DreamosError } from '../../../model/errors.ts';
import type { TargetPlace } from '../../engine/place.ts';
import type { MoveTarget } from '../../port/dump/moving.ts';
import { dump } from '../dump/dump.ts';
import type { DumpFrom } from '../dump/readable.ts';
import { awaitReplicas, checkDurability, promised } from '../link/durability.ts';
import { clear } from '../load/clear.ts';
import { loadRoot } from '../load/load.ts';

export function redisMoveTarget(from: DumpFrom, { to, how, descriptor }: TargetPlace): MoveTarget {
  const { link } = from;
  const loader = link.op();
  return {
    to,
    how,
    async check() {
      await checkDurability(link, how.durability);
      await awaitReplicas(link, how.replicas);
    },
    async takeOver() {
      if (Number(await link.runDurably('loadTake', loader, ...promised(how))) !== 1) throw ended(to);
    },
    load: () => loadRoot(link, loader),
    async dump(take, options) {
      try {
        return await dump(from, take, options);
      } catch (error) {
        if (error instanceof DreamosError && error.code === 'ENGINE_LOST') return undefined;
        throw error;
      }
    },
    isOurs: true,
    // The server asks at each step who it is.
    async remove(_check, again) {
      await link.run('loadUndo', loader);
      await clear(link, loader);
      if (!again) await link.run('loadGone', loader);
    },
    settled: async () => void (await link.runDurably('loadLive')),
    descriptor: () => descriptor,
    close: () => link.close(),
  };
}

function ended(to: string): DreamosError {
  return new DreamosError('conflict', 'STATE_CHANGED', `What was moved to ${to} is there already, and is worked on.`, {
    hint: `Nothing was changed. Look at it: dreamos status --root ${quoteWord(to)}`,
  });
}
