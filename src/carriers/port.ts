/**
 * The carriers' port: what carries mail between two roots. Storages keep mail, carriers move it: what a carrier has taken is
 * either stored in the other root (or by a broker that keeps it, synced), or it was not taken.
 */
import { withoutPasswords } from '../model/basics/text.ts';

/** A message on its way to another root. */
export interface Parcel {
  readonly id: string;
  /** The mailbox: it has the same name in both roots. */
  readonly to: string;
  /** How many roots it has left, this one included: 1 for what was sent in the root that it leaves. */
  readonly hops: number;
  /** The message as its file has it, byte for byte, without the line end. */
  readonly bytes: Uint8Array;
}

/** Why a root does not take a parcel. */
export interface Refusal {
  /** As of an error; or LOOP, TOO_MANY_HOPS, NOT_CARRIED. */
  readonly code: string;
  readonly reason: string;
}

/** What became of a parcel. */
export type Answer =
  /** `again`: it was there already. */
  | { readonly is: 'stored'; readonly again?: true }
  /** Never: to say it again is no use. */
  | ({ readonly is: 'refused' } & Refusal)
  /** The other root cannot take it now, through no fault of the message. */
  | ({ readonly is: 'later' } & Refusal);

/** A parcel that the other root has refused after its carrier had taken it. */
export interface Returned extends Refusal {
  readonly id: string;
  readonly to: string;
}

/** What is done with what a carrier brings. */
export interface Take {
  /** Stores them. @returns an answer for each, in their order; it never rejects */
  parcels(parcels: readonly Parcel[]): Promise<readonly Answer[]>;
  /** Makes it a dead letter. Rejects: it is to be brought again. @returns `false`: it is about nothing that went there from here */
  returned(returned: Returned): Promise<boolean>;
}

/** A way to the other root, open until it breaks. */
export interface Connection {
  /**
   * Any number may be under way at a time; they arrive in the order of the calls.
   * @throws CarrierDown: it broke meanwhile, and nobody knows whether the parcel was stored
   */
  publish(parcel: Parcel): Promise<Answer>;
  /** Brings what comes for this root. Absent: this carrier goes one way. @returns once it is open */
  consume?(take: Take): Promise<void>;
  /** With `consume`: when all that had come was brought, and nothing has come for a moment. */
  drained?(): Promise<void>;
  /** Why it has ended. */
  readonly ended: Promise<string>;
  /** What is under way ends with CarrierDown. Never rejects. */
  close(): Promise<void>;
}

export interface Carrier {
  /** For people; without passwords. */
  readonly words: string;
  /** @throws CarrierDown: not now; any other error: never, as it is set up */
  connect(signal: AbortSignal): Promise<Connection>;
}

/** The other root, or what is between, cannot be reached: it may be tried again. The message says why. */
export class CarrierDown extends Error {
  /** What has to be done before, where that is known. */
  readonly hint: string | undefined;

  constructor(message: string, { hint, ...options }: ErrorOptions & { readonly hint?: string | undefined } = {}) {
    super(withoutPasswords(message), options);
    this.hint = hint;
  }
}

/** What who listens to topics of another root asks it. */
export interface Ask {
  /** Who listens: an agent who lives, there, at the root that asks. */
  readonly as: string;
  readonly patterns: readonly string[];
  /** A cursor, `start` or `now`. */
  readonly since: string;
  /** Nothing that was published before; milliseconds since 1970. */
  readonly from?: number;
  /** How many messages at most; with 0 it is only said where it begins. */
  readonly most: number;
}

export type Told =
  | {
      readonly is: 'heard';
      /** As `dreamos listen --json` prints them, a line each. */
      readonly messages: readonly string[];
      /** Continues behind them. */
      readonly cursor: string;
      /** There is more already. */
      readonly more: boolean;
      readonly warnings: readonly string[];
    }
  | ({ readonly is: 'refused' | 'later'; readonly hint?: string } & Refusal);

/** What a root tells others of its topics. */
export interface Tell {
  /** @param peer whose key has asked. Never rejects. */
  ask(ask: Ask, peer: string): Promise<Told>;
  /** Calls `ring` when something may have been published, to whatever topic. @returns what ends it */
  watch(ring: () => void): Promise<() => Promise<void>>;
}

/** Whether something rings where another root tells of its topics. */
export interface Rings {
  /** How long nothing has to be asked, unless it rings; milliseconds. */
  restMs(): number;
  /** Why nothing rings, once that is known. */
  trouble(): string | undefined;
}

/** The topics of another root. */
export interface FarTopics {
  /** For people. */
  readonly words: string;
  /**
   * One after the other. @param withinMs how long it may take, with connecting
   * @throws CarrierDown: not now, or not within that; any other error: never, as it is set up
   */
  ask(ask: Ask, withinMs?: number): Promise<Told>;
  /** Calls `hint` when something may have been published there, or the connection has broken. */
  watch(hint: () => void): Rings;
  close(): Promise<void>;
}
