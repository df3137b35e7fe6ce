import type { Clock } from '../../../model/clock.ts';
import type { Ids } from '../../../model/id.ts';
import type { Message } from '../../../model/message.ts';
import type { Layout } from '../names/layout.ts';
import type { Disk } from './disk.ts';

/** What every operation of the file store works with. What a module remembers beside it is its own (memory.ts). */
export interface FileContext {
  readonly disk: Disk;
  readonly layout: Layout;
  readonly clock: Clock;
  readonly ids: Ids;
  /** By the place of each memory. (In a WeakMap of each module it would be 2 us of a claim.) */
  readonly memories: object[];
  /** One sentence for a person; never data. */
  readonly warn: (message: string) => void;
  /**
   * Signs what the store itself sends (notices), where that is asked for; of what is sent otherwise whoever sends it does. Absent:
   * nobody asks for it. @throws UNAUTHENTICATED: it cannot be sent by this process
   */
  readonly sign?: (message: Message) => Promise<Message>;
  /**
   * Quarantines what stands in the place of one of our folders; `false`: that is for a person to decide. Handed in, because
   * it is the one call from below that leads up (folders -> corrupt).
   */
  readonly quarantineObstacle: (path: string, kind: string) => Promise<boolean>;
  /**
   * For whoever has made a folder right in the root: it may have been made in what took the root's place since. Handed in as
   * well. @throws ROOT_MOVED
   */
  readonly checkPlace: () => Promise<void>;
}
