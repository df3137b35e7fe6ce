/** What the library has for security: `mail.identity.rotate` is `dreamos identity rotate`. */
import type {
  Identity,
  IdentityListed,
  IdentityMade,
  IdentityRevoked,
  TrustAccepted,
  Trusted,
  TrustRemoved,
} from '../contract/security/identity.ts';
import type { RevokeOptions } from '../core/identity/identity.ts';
import type { AcceptOptions } from '../core/identity/trust.ts';

/**
 * Agents' keys. The private half is a file of the user who has made it, outside of the root, which nobody else may read; the
 * public one is on the agent's card. Every function throws AGENT_NOT_FOUND, and UNAUTHENTICATED for a private key that others may
 * read, that is spoilt, or that DREAMOS_IDENTITY names and that is not there.
 */
export interface Identities {
  /**
   * Makes the agent's key, synced; repeating it is fine. The first one in a root also gives the root an id.
   * @throws ALREADY_EXISTS: it has one, and its private half is not here
   */
  create(agent: string): Promise<IdentityMade>;
  /** Its keys as its card has them, and which of them this user may trust. */
  show(agent: string): Promise<Identity>;
  /** Every agent that has a key, in the order of their names; of one that cannot be used here a warning says why. */
  list(): Promise<IdentityListed[]>;
  /**
   * Makes the next key, for which the one before signs: who knows that one follows by himself. What it has signed stays good,
   * as long as no later key is revoked, and what was sealed for it can be opened.
   * @throws UNAUTHENTICATED: the private half of the current key is not here, or it is revoked; STATE_CHANGED
   */
  rotate(agent: string): Promise<Identity>;
  /**
   * Ends a key, the current one or that of an id: all that it has signed or will sign is refused, also for another key, so that
   * the keys before it end with it; its private half is erased, if it is here. Anybody who may write the card may do it, since the key may be lost.
   * @throws VERSION_NOT_FOUND: its card has no such key
   */
  revoke(agent: string, options?: RevokeOptions): Promise<IdentityRevoked>;
}

/** Which keys this user trusts: a file of his own, outside of the root. An agent's key is trusted with its first use. */
export interface Trust {
  /** Of each agent that has a key, or is known by one, in the order of their names. Trusts nothing by that. */
  list(): Promise<Trusted[]>;
  /**
   * Trusts the key that the agent's card says now, whoever has signed for it.
   * @throws AGENT_NOT_FOUND; KEY_CHANGED: it is another one than `key`; UNAUTHENTICATED: it is revoked
   */
  accept(agent: string, options?: AcceptOptions): Promise<TrustAccepted>;
  /**
   * Forgets by which key this user knows an agent, and which of its keys were revoked, as far as its card does not say so. The next
   * use trusts the key that its card says then. @throws AGENT_NOT_FOUND
   */
  remove(agent: string): Promise<TrustRemoved>;
}
