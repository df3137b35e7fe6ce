/**
 * Where a message of a backup belongs. It may have been met in several places, because it moved while the backup looked; in
 * the restored root it is in one, for each mailbox that it was sent to.
 *
 * What is least finished wins: met anywhere on its way (delayed, in an inbox, ready, claimed) it is delivered again; else
 * met dead, it is dead; else it is archived. For whoever has finished it may have sent something for it, also after the
 * backup had looked there: then that is not in the backup, and must come again. So what was acked (or cancelled) while the
 * backup was being made is unfinished as well. What was acked before it began was met in no other place, and stays archived.
 * Among places of one kind the last one counts, which has the most attempts; also among those of two mailboxes, when it was
 * handed over meanwhile.
 *
 * Nobody of the restored root holds a claim, so what was claimed is ready, before what is new, with the attempts that it has
 * used up; as if its lease had run out. An answer in a request's inbox is ordinary mail: who waited for it is gone.
 */
import { idTime } from '../../../model/id.ts';
import { isLog } from '../../../model/topic.ts';
import { type EntryName, originOf, parseEntryName } from '../names/entry-name.ts';
import type { Lane } from '../names/layout.ts';
import type { Seen } from '../backup/sighting.ts';

export interface Settled {
  readonly mailbox: string;
  readonly state: 'ready' | 'delayed' | 'dead' | 'archived';
  readonly name: EntryName;
  readonly body: string;
  readonly reason?: string | undefined;
  /** Of what is ready. */
  readonly lane: Lane;
  /** Its claim has ended by this. */
  readonly wasClaimed: boolean;
}

interface Span {
  readonly begunAt: number;
  readonly endedAt: number;
}

/** What has no name that dreamos makes is left out. */
export function settle(all: Iterable<Seen>, span: Span): Map<string, Settled> {
  const last = new Map<string, { seen: Seen; name: EntryName; rank: number }>();
  for (const seen of all) {
    const name = parseEntryName(seen.name);
    if (!name) continue;
    const key = settledKey(seen.mailbox, name.id, name.origin);
    const rank = rankOf(seen, name, span);
    if (rank >= (last.get(key)?.rank ?? 0)) last.set(key, { seen, name, rank });
  }
  return new Map([...last].map(([key, { seen, name }]) => [key, settledAs(seen, name, span)]));
}

/** The same of a message before and after it is handed over. */
export function settledKey(mailbox: string, id: string, origin?: string): string {
  return `${originOf(mailbox, { origin })}\0${id}`;
}

function rankOf(seen: Seen, name: EntryName, span: Span): number {
  if (seen.state === 'dead') return 2;
  return seen.state === 'archived' && !wasUnfinished(seen, name, span) ? 1 : 3;
}

/** Archived since the backup began; a topic's log archives what is published at once. */
function wasUnfinished({ state, mailbox }: Seen, { time }: EntryName, { begunAt, endedAt }: Span): boolean {
  return state === 'archived' && !isLog(mailbox) && time >= begunAt && time <= endedAt;
}

function settledAs(seen: Seen, from: EntryName, span: Span): Settled {
  const { mailbox, body, reason, state } = seen;
  // Alone in its file, and sealed; and nobody's.
  const since = state === 'delayed' ? from.since : undefined;
  const name = { ...from, range: undefined, handedIn: undefined, token: undefined, maxAttempts: undefined, since };
  const about = { mailbox, body, reason, lane: 1, wasClaimed: false } as const;
  if (state === 'dead') return { ...about, state, name };
  if (state === 'delayed') return { ...about, state, name };
  if (state === 'archived' && !wasUnfinished(seen, from, span)) return { ...about, state, name };
  const lane = name.attempt > 0 || (name.order?.life ?? 0) > 0 ? 0 : 1;
  // What comes back comes in the order in which it was sent, so that of an ordering key the first is the first.
  const time = state === 'ready' && lane === 1 ? name.time : idTime(name.id);
  const ready: EntryName = { ...name, tag: 't', time, withdrawn: undefined };
  return { ...about, state: 'ready', name: ready, lane, wasClaimed: state === 'inflight' || state === 'archived' };
}
