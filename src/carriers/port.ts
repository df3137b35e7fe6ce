/**
 * The carriers' port: what carries mail between two roots. Storages keep mail, carriers move it: what a carrier has taken is
 * either stored in the other root (or by a broker that keeps it, synced), or it was not taken.
 */

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
export class CarrierDown extends Error {}
