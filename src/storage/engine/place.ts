/** What an engine has to do; src/storage/<its name>/open.ts does it. */
import type { Clock } from '../../model/clock.ts';
import type { Ids } from '../../model/id.ts';
import type { Message } from '../../model/message.ts';
import type { Store } from '../port/store.ts';

/** What an engine is asked for. */
export interface PlaceToOpen {
  /** As parseAddress has written it. */
  readonly address: string;
  readonly id: string;
  readonly durability?: 'full' | 'relaxed';
  readonly replicas?: number;
  readonly username?: string;
  readonly password?: string;
}

export interface EngineDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly warn: (message: string) => void;
  /** Of what the storage sends by itself, as FileStoreDeps has it. */
  readonly sign?: ((message: Message) => Promise<Message>) | undefined;
  /** How long it is tried to reach it, each time that it is away; milliseconds. */
  readonly patienceMs: number;
}

export interface Engine {
  /** @throws ENGINE_UNREACHABLE, ENGINE_LOST; UNAUTHENTICATED: it takes no such user and password */
  readonly open: (place: PlaceToOpen, deps: EngineDeps) => Promise<Store>;
  /** Makes the root in it, if it is not there. @throws ENGINE_UNREACHABLE, UNAUTHENTICATED; CONFIG_INVALID: it syncs less than is asked for */
  readonly init: (place: PlaceToOpen, deps: EngineDeps) => Promise<{ readonly id: string; readonly created: boolean }>;
}
