/** Of a message that is not in the mailbox where it was looked for: whose it is, in which state, and what to type. */
import { findSeen } from '../../core/look/find.ts';
import { listHeld } from '../../core/take/held.ts';
import { claimedId } from '../../core/take/settle.ts';
import { isoTime } from '../../contract/json.ts';
import { DreamosError } from '../../model/errors.ts';
import { isId } from '../../model/id.ts';
import type { State } from '../../model/state.ts';
import type { Context } from '../context.ts';
import { harmless } from '../harmless.ts';

export interface Asked {
  /** Where it was looked for, if not in the acting agent's. */
  mailbox?: string;
  /** What its holder types to do it, with the id. */
  typed?: (id: string) => string;
  /** It can be done with what is archived, too: who has no mailbox is told how to do it in the name of one who has. */
  finished?: boolean;
}

/**
 * @param notFound what that mailbox says @param message an id or the end of one
 * @returns `notFound`, if it is nowhere
 */
export async function whoseItIs(
  context: Context,
  notFound: DreamosError,
  message: string,
  { mailbox: asked, typed, finished }: Asked,
): Promise<DreamosError> {
  const session = await context.session();
  const id = isId(message) ? message : await claimedId(session, message).catch(() => undefined);
  const entries = id === undefined ? [] : await findSeen(session, id).catch(() => []);
  if (id === undefined || entries.length === 0) return notFound;
  const held = await listHeld(session, { id });
  const places = entries.map(({ mailbox, state }) => {
    const claim = held.find(({ entry }) => entry.mailbox === mailbox);
    if (claim === undefined) return `in ${mailbox}'s: ${state}${isFinal(state) ? '' : ', held by nobody'}`;
    const { by = mailbox, entry, since } = claim;
    const whole = since === undefined ? '' : ` since ${since}`;
    return `in ${mailbox}'s: held by ${harmless(by)}${whole} until ${isoTime(entry.leaseUntil ?? 0)}`;
  });
  const [only, ...more] = held;
  const [entry] = entries;
  const hint =
    typed !== undefined && only !== undefined && more.length === 0
      ? `If that is you: dreamos ${typed(id)}${context.flagsAs(only.by ?? only.entry.mailbox)}`
      : typed !== undefined && finished && entries.length === 1 && entry?.state === 'archived'
        ? `In ${entry.mailbox}'s name: dreamos ${typed(id)}${context.flagsAs(entry.mailbox)}`
        : `dreamos show ${id}${context.flags()}`;
  const whose = asked ?? session.acting;
  const notThere = whose === undefined ? '' : ` not in ${harmless(whose)}'s mailbox but`;
  return new DreamosError(
    'conflict',
    entries.every(({ state }) => isFinal(state)) ? 'ALREADY_SETTLED' : 'LEASE_LOST',
    `Message ${id} is${notThere} ${places.join('; ')}.`,
    { hint, cause: notFound },
  );
}

function isFinal(state: State): boolean {
  return state === 'archived' || state === 'dead';
}
