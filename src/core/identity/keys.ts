/**
 * Keys of agents, for who signs, verifies, seals and opens. Nothing is loaded before it is asked, and nothing is read or verified
 * again as long as neither a file nor a card has changed.
 */
import { sameAgent } from '../../model/agent.ts';
import type { DreamosError } from '../../model/errors.ts';
import { currentKey } from '../../model/security/identity.ts';
import type { Session } from '../root/root.ts';
import { keepTrustIfPossible, knownOf } from './judged.ts';
import { type FoundKey, formerKeyOf } from './former.ts';
import { pinAt, pinsOf } from './pins.ts';
import { says } from './said.ts';
import { type OwnKey, privateFileOf } from './private-file.ts';
import { keyChanged, namesAnother, ownKeyChanged, unauthenticated } from './refusals.ts';
import { rootIdOf } from './root-id.ts';

export type { KeyState } from '../../model/security/identity.ts';
export { rootIdOf } from './root-id.ts';

export interface Signer {
  /** The id of the root that it signs for. */
  readonly root: string;
  /** The id of its key. */
  readonly key: string;
  /** Ed25519, 64 bytes. */
  sign(bytes: Uint8Array): Buffer;
}

const signers = new WeakMap<OwnKey, Signer>();

/**
 * @returns `undefined`: there is no private key of the agent here, or its card has none, or a revoked one
 * @throws UNAUTHENTICATED: it is not to be used (others may read it, DREAMOS_IDENTITY names no file, or another agent's); KEY_CHANGED: the card says
 * another key than the one that is here
 */
export async function signerOf(session: Session, agent: string): Promise<Signer | undefined> {
  const { root, card, current, own, path, named } = (await ownOf(session, agent)) ?? {};
  if (root !== undefined && card && named) throw namesAnother(named, { name: card.name, root });
  if (root === undefined || !card || !current || !own || path === undefined) return undefined;
  const key = own.find(({ id }) => id === current.id);
  if (current.revokedAt) return undefined;
  if (!key) throw ownKeyChanged(card.name, path, current);
  const before = signers.get(key);
  if (before) return before;
  const { privateKeyOf, signBytes } = await import('../ed25519/ed25519.ts');
  const { key: secret, publicKey } = privateKeyOf(key.private ?? '') ?? {};
  if (!secret || publicKey !== current.public)
    throw unauthenticated(`The private key ${current.id} in ${path} is spoilt.`, 'Take the file from a copy');
  const signer: Signer = { root, key: current.id, sign: (bytes) => signBytes(secret, bytes) };
  signers.set(key, signer);
  return signer;
}

async function ownOf(session: Session, agent: string) {
  const root = await rootIdOf(session);
  const card = root === undefined ? undefined : await session.store.documents.getAgent(agent);
  if (root === undefined || !card) return undefined;
  const { path, file, keys, named } = await privateFileOf(session, root, card);
  return { root, card, current: currentKey(card), named, ...(file && { path, own: keys }) };
}

/**
 * Whether a key is the agent's, for this user. What is good is pinned, if it was not.
 * @param agent however it is cased; also a name that it had before
 * @returns also one of who had the name before, if somebody else has it now
 */
export async function keyOf(session: Session, agent: string, key: string): Promise<FoundKey> {
  const known = await knownOf(session, agent);
  if (!known) return { state: 'unknown' };
  const { root, name, card } = known;
  if (card && sameAgent(name, agent) && !says(card, [key])) {
    const pin = pinAt(await pinsOf(session, root), name);
    const former = await formerKeyOf(session, { name, card, pin }, key, async (other) => {
      const theirs = await knownOf(session, other);
      return theirs?.judged.keys ?? new Map();
    });
    if (former) return former;
  }
  const found = known.judged.keys.get(key);
  if (!found) return { state: 'unknown' };
  if (found.state === 'good' || found.state === 'revoked') await keepTrustIfPossible(session, known);
  return { state: found.state, publicKey: (await import('../ed25519/ed25519.ts')).publicKeyOf(found.public) };
}

/** `AGE-SECRET-KEY-1…` of the agent's current key; `undefined`: it is not here. @throws UNAUTHENTICATED as signerOf */
export async function sealSecretOf(session: Session, agent: string): Promise<string | undefined> {
  const { own = [], current } = (await ownOf(session, agent)) ?? {};
  return own.find(({ id }) => id === current?.id)?.seal;
}

/** All that are here, the newest first, since older mail is sealed for older ones. @throws UNAUTHENTICATED as signerOf */
export async function sealSecretsOf(session: Session, agent: string): Promise<string[]> {
  const { own = [] } = (await ownOf(session, agent)) ?? {};
  return own.flatMap(({ seal }) => seal ?? []);
}

/** Why no key of the agent is here, where DREAMOS_IDENTITY names another one's; `undefined`: it is not for that. */
export async function namedInstead(session: Session, agent: string): Promise<DreamosError | undefined> {
  const { root, card, named } = (await ownOf(session, agent)) ?? {};
  return named && root !== undefined ? namesAnother(named, { name: card?.name ?? agent, root }) : undefined;
}

/** The file that its private keys are in; `undefined`: there is none. @throws UNAUTHENTICATED as signerOf */
export async function privatePathOf(session: Session, agent: string): Promise<string | undefined> {
  return (await ownOf(session, agent))?.path;
}

/**
 * For whom is sealed what goes to an agent: `age1…`. It is pinned, if it was not.
 * @returns `undefined`: its card has none, or it is revoked @throws KEY_CHANGED
 */
export async function sealRecipientOf(session: Session, agent: string): Promise<string | undefined> {
  const known = await knownOf(session, agent);
  if (!known) return undefined;
  const { state, current } = known.judged;
  if (state === 'changed') throw keyChanged(known.name, known.pin, current);
  if (state === 'revoked') return undefined;
  await keepTrustIfPossible(session, known);
  return current?.seal;
}
