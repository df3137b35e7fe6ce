/** The two ends of a move (core/move/move.ts), of which each storage has its own. */
import type { DumpOptions, Loading, TakeRecord } from './loading.ts';

/** What is to be promised where the mail goes, as `init` has it; of an engine. */
export interface MoveHow {
  readonly durability?: 'full' | 'relaxed' | undefined;
  readonly replicas?: number | undefined;
}

/** Where the mail is until it is moved. */
export interface MoveSource {
  /** For people, and for `--root`. */
  readonly root: string;
  /** The folders that say where it is, as earlier moves have left them. */
  readonly through: readonly string[];
  /** Of a move that is under way, or was cut off: where to. */
  readonly underWay: string | undefined;
  /** Of that one. */
  readonly how?: MoveHow | undefined;
  /** It is moved, and only the root's folder does not say so yet, because who was at it was stopped just then. */
  readonly isDecided?: boolean;
  /** Of a root that is named by its address alone, and was moved: where to. No folder says so, and here nobody can open it. */
  readonly movedTo?: string | undefined;
  /**
   * Runs `work` while no other process moves this root, or takes a move of it back.
   * @throws STATE_CHANGED: one does, or has done so since this was made
   */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /**
   * The folder that has the mail now: another one than `root` while a move has put it aside. `undefined`: nobody can open it, so
   * that its policy cannot be asked; who gets at it may do everything with it anyway.
   */
  mail(): string | undefined;
  /** Notes where to, durably: from then on a move is under way. Nobody notices yet. */
  begin(to: string, how?: MoveHow): Promise<void>;
  /** @throws STATE_CHANGED: another process has gone on with this move, or has taken it back */
  check(): Promise<void>;
  /**
   * As one step: who has the root open, or opens it, is refused from then on (ROOT_MOVED), and nothing of what is there changes
   * any more. Safe to repeat.
   */
  freeze(): Promise<void>;
  /** All that is there, as Store.dump gives it; frozen, it is exact. @throws STATE_CHANGED: it is not there any more */
  dump(take: TakeRecord, options?: DumpOptions): Promise<boolean>;
  /**
   * From then on who opens the root is at the other end; what was here stays until it is purged.
   * @param descriptor of that end @throws STATE_CHANGED: somebody else has ended this move
   */
  settle(descriptor: object): Promise<void>;
  /** As if it had not begun, from wherever it came to. @throws STATE_CHANGED as settle */
  giveBack(): Promise<void>;
  /** What moves have left behind: where it is, for people. */
  left(): Promise<string[]>;
  purge(): Promise<void>;
  close(): Promise<void>;
}

/** Where it is to be. */
export interface MoveTarget {
  /** Whole: of a folder its absolute path, of an engine with the root's id in it. */
  readonly to: string;
  readonly how?: MoveHow;
  /** Whether it can be there. @throws ALREADY_EXISTS and others */
  check(): Promise<void>;
  /** Whoever was at it before, and may only have been stopped for long, changes nothing there any more. @throws STATE_CHANGED */
  takeOver?(): Promise<void>;
  /** What an earlier try has left there, half loaded, goes. */
  load(): Promise<Loading>;
  /** Gives what is there by now. @returns `undefined`: nothing */
  dump(take: TakeRecord, options?: DumpOptions): Promise<boolean | undefined>;
  /** What is there can be of this move alone, since the place is made for it. */
  readonly isOurs?: boolean;
  /**
   * Takes away what was loaded.
   * @param check asks again whether it still is for us to do, once nobody can begin to work on it @param how.again it is loaded
   * again then @throws what `check` throws: then it is as it was
   */
  remove(check: () => Promise<void>, how?: { readonly again: boolean }): Promise<void>;
  /** The root is there from now on: it is not taken away again. */
  settled?(): Promise<void>;
  /** What the root's format.json says from then on. */
  descriptor(): object;
  close?(): void;
}
