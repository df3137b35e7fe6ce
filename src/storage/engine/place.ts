/** What an engine has to do; src/storage/<its name>/open.ts does it. */
import type { Clock } from '../../model/clock.ts';
import type { Ids } from '../../model/id.ts';
import type { Message } from '../../model/message.ts';
import type { MoveHow, MoveSource, MoveTarget } from '../port/dump/moving.ts';
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

/** Where a root is that is moved away, for people and for its folder. */
export interface SourcePlace {
  /** Its folder, or, without one, its address. */
  readonly root: string;
  readonly address: string;
  /** Has the folder say what it is to say from now on, if there is one. */
  tellFolder(descriptor: object): Promise<void>;
}

/** Where a root is to be. */
export interface TargetPlace {
  /** Its address, with its id. */
  readonly to: string;
  readonly how: MoveHow;
  readonly descriptor: object;
}

export interface Engine {
  /** @throws ENGINE_UNREACHABLE, ENGINE_LOST; UNAUTHENTICATED: it takes no such user and password */
  readonly open: (place: PlaceToOpen, deps: EngineDeps) => Promise<Store>;
  /** Makes the root in it, if it is not there. @throws ENGINE_UNREACHABLE, UNAUTHENTICATED; CONFIG_INVALID: it syncs less than is asked for */
  readonly init: (place: PlaceToOpen, deps: EngineDeps) => Promise<{ readonly id: string; readonly created: boolean }>;
  /** The two ends of a move. @throws ENGINE_UNREACHABLE, ENGINE_LOST */
  readonly moveFrom: (place: PlaceToOpen, deps: EngineDeps, said: SourcePlace) => Promise<MoveSource>;
  readonly moveTo: (place: PlaceToOpen, deps: EngineDeps, said: TargetPlace) => Promise<MoveTarget>;
}
