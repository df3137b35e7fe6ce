/**
 * Which of an agent's keys a user may trust. The card names them, and whoever can write the card can write any. So each user keeps
 * a pin outside of the root: the key that he has seen first. Another one is trusted only where keys that he trusts have signed
 * for it:
 *
 * - forward: a key names the older one (`by`), which has signed for it (`proof`). From the card's first key this has to lead to
 *   the pinned one.
 * - backward: the same text is signed by the new key, too (`accepts`). Without that anybody could make a key, let it sign for
 *   the pinned one, and be that agent of earlier days.
 *
 * A revoked key proves nothing in either direction, since whoever stole it could sign as well.
 */
import type { AgentCard } from '../agent.ts';
import { sha256 } from '../basics/sha256.ts';

export type CardKey = NonNullable<AgentCard['keys']>[number];

/** What a user knows of an agent. */
export interface Pin {
  readonly key: string;
  /** Raw, 32 bytes, in base64. */
  readonly public: string;
  readonly since: string;
  readonly seal?: string;
  /** Keys that were seen to be revoked: they stay so, whatever the card says. */
  readonly revoked?: readonly string[];
  /** Who had the name before, the last one first: what they have signed until then is theirs. */
  readonly former?: readonly FormerKey[];
}

export interface FormerKey {
  readonly key: string;
  readonly public: string;
  readonly until: string;
}

/** `changed`: nobody that is trusted has signed for it; `unknown`: of this agent nothing is known of it. */
export type KeyState = 'good' | 'revoked' | 'changed' | 'unknown';

/** `none`: neither the card nor a pin has a key; `new`: it is not pinned yet. */
type CardState = 'good' | 'new' | 'revoked' | 'changed' | 'none';

export interface Judged {
  /** Of the card's current key. */
  readonly state: CardState;
  readonly current?: CardKey;
  readonly keys: ReadonlyMap<string, { readonly state: KeyState; readonly public: string }>;
  /** What the pin is to be, once something was trusted; the same object, where it stays as it is. */
  readonly pin?: Pin;
}

/** Whether a signature (base64) over a text is a key's (raw, base64). */
export type Verify = (publicKey: string, text: string, signature: string) => boolean;

/** The first 16 characters of the sha256 of a raw public key, in base64url. @param publicKey in base64 */
export function keyIdOf(publicKey: string): string {
  return Buffer.from(sha256(Buffer.from(publicKey, 'base64')), 'hex')
    .toString('base64url')
    .slice(0, 16);
}

/** What both keys sign when one follows the other: lines, so that others can write it by hand. */
export function rotationText(root: string, key: Omit<CardKey, 'revokedAt' | 'proof' | 'accepts'>): string {
  return `dreamos-rotation-v1\n${root}\n${key.by ?? ''}\n${key.id}\n${key.public}\n${key.since}\n${key.seal ?? ''}\n`;
}

/** The one way to write 32 bytes in base64. */
const publicKey = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** A key that is what its id says. A line end in a field could make one text of two. */
function isWhole({ id, public: raw, since, seal = '' }: CardKey): boolean {
  return publicKey.test(raw) && id === keyIdOf(raw) && /^[\w.:+-]{1,40}$/.test(since) && /^\w{0,200}$/.test(seal);
}

/** The key that a card says is the agent's now. */
export function currentKey(card: AgentCard): CardKey | undefined {
  return card.keys?.find(isWhole);
}

export function judge(card: AgentCard | undefined, pin: Pin | undefined, root: string, verify: Verify): Judged {
  const keys = (card?.keys ?? []).filter(isWhole);
  const find = (id: string | undefined): CardKey | undefined => keys.find((key) => key.id === id);
  const isRevoked = (id: string): boolean => Boolean(find(id)?.revokedAt) || (pin?.revoked?.includes(id) ?? false);
  const signs = (key: CardKey, text: string, signature: string | undefined): boolean =>
    signature !== undefined && !isRevoked(key.id) && verify(key.public, text, signature);
  const current = keys[0];
  const start = pin ? (find(pin.key) ?? pinned(pin)) : current;
  if (!start) return { state: 'none', keys: new Map() };

  const forward = !pin ? [] : isSameKey(start, pin) ? leading(current, start, keys.length) : undefined;
  const trusted = new Set([start.id, ...(forward ?? []).map(({ id }) => id)]);
  for (let at: CardKey | undefined = start; at && !isRevoked(at.id);) {
    const older = find(at.by);
    if (!older || trusted.has(older.id) || !signs(at, rotationText(root, at), at.accepts)) break;
    trusted.add(older.id);
    at = older;
  }

  const states = new Map<string, { readonly state: KeyState; readonly public: string }>();
  const others = forward ? 'unknown' : 'changed';
  for (const key of [start, ...keys]) {
    const state = isRevoked(key.id) ? 'revoked' : trusted.has(key.id) ? 'good' : others;
    if (!states.has(key.id)) states.set(key.id, { state, public: key.public });
  }
  const revoked = [...trusted].filter(isRevoked);
  const isOver = current !== undefined && isRevoked(current.id);
  const next = pinAs(pin, forward && current && !isOver ? current : undefined, revoked);
  const state = isOver ? 'revoked' : !forward ? 'changed' : pin ? 'good' : 'new';
  return { state, keys: states, ...(current && { current }), ...(next && { pin: next }) };

  /** The keys between the card's first one and this, each signed for by the one before. */
  function leading(from: CardKey | undefined, to: CardKey, most: number): CardKey[] | undefined {
    const way: CardKey[] = [];
    for (let at = from; at;) {
      if (at.id === to.id) return way;
      way.push(at);
      const older: CardKey | undefined = at.by === to.id ? to : find(at.by);
      if (!older || way.length > most || !signs(older, rotationText(root, at), at.proof)) return undefined;
      at = older;
    }
    return undefined;
  }
}

function pinned({ key, public: raw, since, seal }: Pin): CardKey {
  return { id: key, public: raw, since, ...(seal !== undefined && { seal }) };
}

/** Also what is sealed goes to the same one. */
function isSameKey(key: CardKey, pin: Pin): boolean {
  return key.public === pin.public && key.seal === pin.seal;
}

/** @param key that is trusted by now @param revoked of those that are trusted, or were */
export function pinAs(pin: Pin | undefined, key: CardKey | undefined, revoked: readonly string[]): Pin | undefined {
  const all = [...new Set([...(pin?.revoked ?? []), ...revoked])];
  const isAsBefore = pin && (!key || isSameKey(key, pin)) && all.length === (pin.revoked?.length ?? 0);
  if (isAsBefore || (!key && !pin)) return pin;
  const said = key
    ? { key: key.id, public: key.public, since: key.since, ...(key.seal !== undefined && { seal: key.seal }) }
    : (pin as Pin);
  return { ...said, ...(all.length > 0 && { revoked: all }), ...(pin?.former && { former: pin.former }) };
}
