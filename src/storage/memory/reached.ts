import type { PresenceRecord } from '../port/presence.ts';
import type { Announcement, HostSession } from '../port/reach.ts';

/** What several handles share of it. */
export interface Reached {
  readonly sessions: Map<string, HostSession>;
  readonly places: Map<string, string>;
  readonly announced: (Announcement & { mailbox: string; readonly to: string })[];
  readonly notes: string[];
  /** By name in lower case. */
  readonly present: Map<string, PresenceRecord & { readonly seenAt: number }>;
}

export function createReached(): Reached {
  return { sessions: new Map(), places: new Map(), announced: [], notes: [], present: new Map() };
}
