import type { AgentCard } from '../../model/agent.ts';
import type { Settings } from '../../model/settings.ts';
import type { Wake } from './journal.ts';

/**
 * What a root remembers beside its mail; the core knows the shapes. `agents/<name>` is a card, by its exact name; `tasks/<id>`
 * what a task's message cannot hold, `pending/<id>` what is under way with it, `received/<id>` what has come from other roots, `in-force` which version of the settings, and which
 * of the policy, was put in place last, `identity` the root's own id, which is made once and never changed, `tokens` by which programs act as
 * agents through a server, `server` where one listens.
 */
export type DocumentName =
  | 'settings'
  | 'in-force'
  | 'subscriptions'
  | 'schedules'
  | 'reservations'
  | 'alerts'
  | 'identity'
  | 'policy'
  | 'tokens'
  | 'server'
  | `agents/${string}`
  | `${ListedDocuments}/${string}`;

/** Documents of which there are many, each under an id of its own. */
export type ListedDocuments = 'tasks' | 'pending' | 'received';

/** What is kept of each change: the settings, the policy, and each card by its exact name. */
export type RevisedName = RevisedDocument | `agents/${string}`;

export type RevisedDocument = 'settings' | 'policy';

/** `maintain.<mailbox>`: for whoever packs, prunes or takes out of the archive; `serve`: while a server takes its place; `change.<document>`: who lost once (`put`); `assign.<agent>`: who gives it tasks; `receive`: who takes what comes from other roots. */
type LockName =
  | 'audit'
  | 'import'
  | 'purge'
  | 'receive'
  | 'repair'
  | 'serve'
  | `assign.${string}`
  | `maintain.${string}`
  | `change.${string}`;

/** A lock, as its holder has it. */
export interface Lock {
  /**
   * `false`: it is lost, or may be at any moment, since its holder was paused for so long. Who does what another must not do as
   * well asks right before.
   */
  isHeld(): boolean;
}

/** A document as it was read; its version is the store's own word, which only `put` takes. */
export interface Versioned {
  readonly value: unknown;
  readonly version: string;
  /** Of an agent: its mailbox is there and its card is not, because who made it was stopped, or somebody took it away. */
  readonly isAssumed?: true;
}

export interface Located {
  readonly document: string;
  readonly at?: string;
}

/**
 * Small documents, and the cards that say who can receive. No lock decides about a change: it is read, changed and put back
 * under the version that was read, and whoever finds that somebody else was faster reads again.
 */
export interface Documents {
  /** @param starting only those whose names begin so, without a look at the others */
  listAgents(starting?: string): Promise<AgentCard[]>;
  /** By its exact or differently cased name. */
  getAgent(name: string): Promise<AgentCard | undefined>;
  /**
   * `undefined`: never put. To read it again unchanged costs one look, and the value is the same object: nobody changes it.
   * @throws CONFIG_INVALID
   */
  get(name: DocumentName): Promise<Versioned | undefined>;
  /**
   * For people: what a document is called, and where in it a field begins (`line 2, column 3`), or what is around it; absent:
   * it is no text, or it cannot be read.
   */
  locate(name: DocumentName, field: readonly PropertyKey[]): Promise<Located>;
  /** A document as the text that it is, be it no JSON, with its version; `undefined`: never put. */
  text(name: RevisedDocument): Promise<{ readonly text: string; readonly version: string } | undefined>;
  /**
   * What the settings said when all of them could last be used, whoever has looked; if that was never since it was opened, what
   * the last revision says that is known to have been in force (in-force.ts); `undefined`: there is none.
   */
  lastGoodSettings(): Promise<Settings | undefined>;
  /**
   * Replaces a document, durably, if it still has this version; `undefined`: if it is not there. A card's first one makes
   * its mailbox, and is refused where there is an agent of the same name in another case.
   * @returns `false`: it has another version by now, and nothing was changed @throws CONFIG_INVALID
   */
  put(name: DocumentName, value: unknown, version: string | undefined): Promise<boolean>;
  /**
   * Takes away what says by being there that it holds, durably, if it still has this version. An editor that saves by renaming
   * it away leaves such a moment, too, so others may go by it for a second more.
   * @returns `false`: it has another version by now, or is gone, and nothing was changed
   */
  withdraw(name: 'policy', version: string): Promise<boolean>;
  /** The numbers of what is kept of a document, ascending. */
  revisions(of: RevisedName): Promise<number[]>;
  /** `undefined`: nothing is kept under this number, or what lies there cannot be read. */
  revision(of: RevisedName, number: number): Promise<unknown>;
  /**
   * Keeps what never changes under a number that is free, durably. Those of a card go with its mailbox, also under another name.
   * @returns `false`: the number is taken, or the mailbox is gone, and nothing was changed
   */
  keepRevision(of: RevisedName, number: number, value: object): Promise<boolean>;
  /** The ids of those that there are, in any order. */
  list(of: ListedDocuments): Promise<string[]>;
  /** Takes one away, whatever it says; a power cut may bring it back. Nothing, where there is none. */
  remove(name: `${ListedDocuments}/${string}`): Promise<void>;
  /**
   * Gives a mailbox another name, with all that is in it and its card, durably and as one step: a message, a claim, an
   * ordering key is there under the old name or under the new one. Whoever still goes by the old name is refused
   * (AGENT_NOT_FOUND), but a receipt holds on, and what is sent to several is handed out under the new one, where the card
   * says in its `formerNames` that it was called so.
   * @returns `taken`: there is a mailbox of the new name, however it is cased; `missing`: there is none of the old one
   */
  rename(from: string, to: string): Promise<'renamed' | 'taken' | 'missing'>;
  /** Calls `hint` when a document may have been put. A hint may come twice or for nothing. */
  watch(name: DocumentName, hint: () => void): Promise<Wake>;
  /** One holder at a time, across processes; what is done under it must still be safe to do twice. */
  withLock<T>(name: LockName, work: (lock: Lock) => Promise<T>): Promise<T>;
}
