import type { Clock } from '../../model/clock.ts';
import type { Ids } from '../../model/id.ts';
import type { Bucket } from './buckets.ts';
import type { DocumentName } from '../store.ts';
import type { KnownCard, KnownDocument } from './documents.ts';
import type { Disk } from './disk.ts';
import type { Burial } from './expired.ts';
import type { Layout } from './layout.ts';
import type { Member } from './pack-file.ts';
import type { Receipt } from './receipt.ts';
import type { ReadyWalk } from './ready-walk.ts';
import type { OrderingMemory } from './walk-order.ts';

/** What every operation of the file store works with. The maps are caches: losing them costs time, never mail. */
export interface FileContext {
  readonly disk: Disk;
  readonly layout: Layout;
  readonly clock: Clock;
  readonly ids: Ids;
  /** One sentence for a person; never data. */
  readonly warn: (message: string) => void;
  /** Puts aside what stands in the place of one of our folders; `false`: that is for a person to decide. */
  readonly outOfTheWay: (path: string, kind: string) => Promise<boolean>;
  /** Folders that this process has seen to be real folders, not links. */
  readonly checked: Set<string>;
  /** Folders whose names this process has synced since it first used them. */
  readonly synced: Set<string>;
  /** Warnings that this process has given and need not give again with every look. */
  readonly told: Set<string>;
  /** By lane: the bucket that this process fills. */
  readonly filling: Map<string, Bucket>;
  /** By mailbox: a walk over what is ready that the next claim may go on with. */
  readonly walks: Map<string, ReadyWalk>;
  /** What this process knows of ordering keys. */
  readonly ordering: OrderingMemory;
  /** By mailbox: when (uptime) this process last looked for what is due. */
  readonly recoveredAt: Map<string, number>;
  /** By mailbox: this process's last look for expired mail that left none of it behind. */
  readonly burials: Map<string, Burial>;
  /** The claims that this process has made last, by their receipts. */
  readonly receipts: Map<string, Receipt>;
  /** Agents' cards as they were last read, by mailbox. */
  readonly cards: Map<string, KnownCard>;
  /** The root's documents as they were last read. */
  readonly documents: Map<DocumentName, KnownDocument>;
  /** While this process holds the import lock, by mailbox: the ids that are there, so that an import lists it once. */
  held: Map<string, Set<string>> | undefined;
  /** The members of packs that were read last, by their place; packs never change. */
  readonly members: Map<string, Member>;
  /** By mailbox: when (uptime) this process last left its mark in last-read. */
  readonly markedAt: Map<string, number>;
}
