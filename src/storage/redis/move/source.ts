/**
 * A root on a server whose mail is moved elsewhere. All is decided there, each step in one script that looks whether this process
 * is still the one that moves it; the folder that names the root, if one does, is told last.
 */
import { quoteWord } from '../../../model/basics/shell-word.ts';
import { DreamosError } from '../../../model/errors.ts';
import type { SourcePlace } from '../../engine/place.ts';
import type { MoveHow, MoveSource } from '../../port/dump/moving.ts';
import { dump } from '../dump/dump.ts';
import type { DumpFrom } from '../dump/readable.ts';
import { clear } from '../load/clear.ts';
import { texts } from '../roles/entry.ts';

/** So long nobody else moves it after the last word of who did. */
const holdMs = 30_000;
const renewMs = 5000;

interface Known {
  readonly to: string;
  readonly how?: MoveHow;
}

export async function redisMoveSource(from: DumpFrom, place: SourcePlace): Promise<MoveSource> {
  const { link } = from;
  const { root, address } = place;
  const mover = link.op();
  const state = async () => {
    const [move = '', away = '', replicas = ''] = texts(await link.run('moveState'));
    link.needReplicas(replicas);
    const [, movedTo] = /^moved (.*)$/s.exec(away) ?? [];
    const begun = move === '' ? undefined : (JSON.parse(move) as Known);
    return { known: movedTo === undefined ? begun : undefined, movedTo, how: begun?.how };
  };
  const found = await state();
  let { known } = found;
  // Named by its address alone it has no folder that would have to say where it is.
  const isDecided = found.movedTo !== undefined && root !== address;
  const left = async (): Promise<string[]> => ((await state()).movedTo === undefined ? [] : [address]);
  return {
    root,
    through: [],
    underWay: known?.to ?? (isDecided ? found.movedTo : undefined),
    how: found.how,
    isDecided,
    movedTo: isDecided ? undefined : found.movedTo,
    alone: async (work) => {
      if (Number(await link.run('moveLock', mover, String(holdMs))) !== 1) throw busy(root);
      const renewal = setInterval(
        () => void link.run('moveHold', mover, String(holdMs)).catch(() => undefined),
        renewMs,
      );
      renewal.unref();
      try {
        const now = await state();
        // Another one may have come to its end since.
        if (now.known?.to !== known?.to || now.movedTo !== found.movedTo) throw changed(root);
        return await work();
      } finally {
        clearInterval(renewal);
        await link.run('moveUnlock', mover).catch(() => undefined);
      }
    },
    mail: () => undefined,
    async begin(to, how) {
      const next: Known = { to, ...(how && { how }) };
      await link.runDurably('moveBegin', mover, JSON.stringify(next));
      known = next;
    },
    check: async () => void (await link.run('moveCheck', mover)),
    freeze: async () => void (await link.runDurably('moveFreeze', mover, known?.to ?? '')),
    dump: (take, options) => dump(from, take, options),
    async settle(descriptor) {
      await link.runDurably('moveSettle', mover, known?.to ?? found.movedTo ?? '');
      await place.tellFolder(descriptor);
      known = undefined;
    },
    giveBack: async () => void (await link.runDurably('moveBack', mover)),
    left,
    async purge() {
      if ((await left()).length === 0) return;
      await clear(link, mover, 'moveUnlink');
      await link.run('moveGone', mover);
    },
    close: async () => link.close(),
  };
}

function busy(root: string): DreamosError {
  return new DreamosError('conflict', 'STATE_CHANGED', `Another process is moving the root ${root} just now.`, {
    hint: `Wait until it is done; one that was killed is over in 30 s. Then: dreamos status --root ${quoteWord(root)}`,
  });
}

function changed(root: string): DreamosError {
  return new DreamosError('conflict', 'STATE_CHANGED', `Somebody else has ended a move of ${root} just now.`, {
    hint: `See where it is: dreamos status --root ${quoteWord(root)}`,
  });
}
