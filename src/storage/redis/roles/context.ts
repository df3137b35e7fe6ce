import type { Clock } from '../../../model/clock.ts';
import type { Ids } from '../../../model/id.ts';
import type { Message } from '../../../model/message.ts';
import type { Durability } from '../../../model/settings.ts';
import type { Bell } from '../link/bell.ts';
import type { Link } from '../link/link.ts';
import type { Looks } from './known.ts';

/** What the roles of one open store share. */
export interface RedisContext {
  readonly link: Link;
  readonly bell: Bell;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly warn: (message: string) => void;
  /** Of what the store itself sends (notices), where that is asked for. */
  readonly sign: ((message: Message) => Promise<Message>) | undefined;
  /** What a send promises at most. */
  readonly durability: Durability;
  /** By the server's clock; milliseconds since 1970. */
  now(): number;
  readonly looks: Looks;
}
