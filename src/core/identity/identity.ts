/**
 * Making, rotating and revoking an agent's key. Its halves lie in two places, the private one with the user and the public one on
 * the card, and the card decides: of the keys in the file that one is used which the card says. So in this order any process
 * may be killed:
 *
 *   make, rotate: 1 the private key, synced, in front of those before  2 the card, under the version that was read
 *                 3 the user's own pin  4 the file without what signs no more, and the key as one that was said
 *   revoke:       1 the card  2 the pin  3 the file without what signs no more
 *
 * Killed behind 1 the file has a key that no card says: the next `create` makes it the agent's, the next `rotate` leaves it out.
 * Killed later, the same command again does the rest.
 */
import type { Identity, IdentityMade, IdentityRevoked } from '../../contract/security/identity.ts';
import { type AgentCard, isOwnSender, isQueue } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { notFound } from '../../model/refusals.ts';
import { type CardKey, currentKey, judge, keyIdOf, pinAs, rotationText } from '../../model/security/identity.ts';
import { changeKnownCard, noAgent, resolveAgent } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';
import { ofMailbox, operation } from '../root/operation.ts';
import { keepTrust, knownOf } from './judged.ts';
import { ensureOwnSender } from './own-sender.ts';
import { changePin } from './pins.ts';
import {
  giveBack,
  type OwnKey,
  type PrivateFile,
  privateFileOf,
  privateFileOrWarn,
  whileHeld,
  writeKeys,
} from './private-file.ts';
import { isElsewhere, isRevoked, notHere, unauthenticated } from './refusals.ts';
import { ensureRootId, rootIdOf } from './root-id.ts';

/**
 * Makes a key pair of an agent: the private half for this user, the public one on the card.
 * @throws ALREADY_EXISTS: it has one, and the private half is not here
 */
export const createIdentity = operation('identity.create', createIdentityBody, ofMailbox);

async function createIdentityBody(session: Session, agent: string): Promise<IdentityMade> {
  if (isOwnSender(agent)) await ensureOwnSender(session);
  const { name } = await resolveOwner(session, agent);
  const root = await ensureRootId(session);
  const created = await whileOwnHeld(session, root, name, async (card, found) => {
    const current = currentKey(card);
    if (isGood(current)) {
      if (!found.keys.some(({ id }) => id === current.id)) throw isElsewhere(name, current, found.path);
      await writeSaid(found, root, name);
      await pinOwn(session, root, card, current);
      return false;
    }
    const isSaid = ({ id }: OwnKey): boolean => (card.keys ?? []).some((key) => key.id === id);
    // Only what was never said: a key of who had the name before is not taken up.
    const left = found.keys.find((key) => key.private !== undefined && key.unsaid && !isSaid(key));
    const made = left ? await publicHalf(left) : await makeKey(session);
    await giveBack(session, root, found);
    const written = left ? found : await writeKeys(found, root, name, [made.own, ...found.keys]);
    const after = await changeKnownCard(session, name, (before) => {
      const now = currentKey(before);
      if (isGood(now)) throw isElsewhere(name, now, found.path);
      return { ...before, keys: [made.key, ...(before.keys ?? [])] };
    });
    await pinOwn(session, root, after, made.key);
    await writeSaid(written, root, name);
    return true;
  });
  return { ...(await showIdentity(session, name)), created };
}

/** The next key, signed for by the one before. @throws UNAUTHENTICATED: that is not here, or is revoked; STATE_CHANGED */
export const rotateIdentity = operation('identity.rotate', rotateIdentityBody, ofMailbox);

async function rotateIdentityBody(session: Session, agent: string): Promise<Identity> {
  const { name } = await resolveOwner(session, agent);
  const root = await rootIdOf(session);
  if (root === undefined) throw noIdentity(name);
  await whileOwnHeld(session, root, name, async (card, found) => {
    const current = currentKey(card);
    if (!current) throw noIdentity(name);
    if (!isGood(current)) throw isRevoked(name, current);
    const old = found.keys.find(({ id, private: pem }) => id === current.id && pem !== undefined);
    if (!old) throw notHere(name, current, found.path);
    const { privateKeyOf, signBytes } = await import('../ed25519/ed25519.ts');
    const made = await makeKey(session);
    const signing = (pem: string | undefined, text: string): string => {
      const { key } = privateKeyOf(pem ?? '') ?? {};
      if (!key) throw notHere(name, current, found.path);
      return signBytes(key, Buffer.from(text)).toString('base64');
    };
    const next: CardKey = { ...made.key, by: current.id };
    const text = rotationText(root, next);
    const key: CardKey = { ...next, proof: signing(old.private, text), accepts: signing(made.own.private, text) };
    const known = found.keys.filter(({ id }) => (card.keys ?? []).some((one) => one.id === id));
    const written = await writeKeys(found, root, name, [made.own, ...known]);
    const after = await changeKnownCard(session, name, (before) => {
      if (currentKey(before)?.id !== current.id || !isGood(currentKey(before))) throw changedMeanwhile(name);
      return { ...before, keys: [key, ...(before.keys ?? [])] };
    });
    await pinOwn(session, root, after, key);
    await writeKeys(written, root, name, [said(made.own), ...known.map(withoutPrivate)]);
  });
  return showIdentity(session, name);
}

export interface RevokeOptions {
  /** The id of the key; the current one, if not given. */
  readonly key?: string;
}

/** Ends a key: what it signs from then on, or has signed before, is refused, and it leads to no other key, older ones too. */
export const revokeIdentity = operation('identity.revoke', revokeIdentityBody, ofMailbox);

async function revokeIdentityBody(
  session: Session,
  agent: string,
  { key }: RevokeOptions = {},
): Promise<IdentityRevoked> {
  const { name } = await resolveOwner(session, agent);
  const root = await rootIdOf(session);
  if (root === undefined) throw noIdentity(name);
  const at = new Date(session.clock.now()).toISOString();
  let revoked: CardKey | undefined;
  await changeKnownCard(session, name, (before) => {
    revoked = key === undefined ? currentKey(before) : before.keys?.find(({ id }) => id === key);
    if (!revoked) throw key === undefined ? noIdentity(name) : noSuchKey(name, key);
    const { id } = revoked;
    const marked = (one: CardKey): CardKey => (one.id === id && isGood(one) ? { ...one, revokedAt: at } : one);
    return { ...before, keys: (before.keys ?? []).map(marked) };
  });
  const { id = '' } = revoked ?? {};
  const known = await knownOf(session, name);
  if (known) await keepTrust(session, known);
  const own = await privateFileOrWarn(session, root, await resolveAgent(session, name));
  if (own?.keys.some((one) => one.id === id && one.private !== undefined))
    await whileOwnHeld(session, root, name, async (_, found) => {
      const less = found.keys.map((one) => (one.id === id ? withoutPrivate(one) : one));
      await writeKeys(found, root, name, less);
    });
  return { ...(await showIdentity(session, name)), revoked: id, changed: isGood(revoked) };
}

/** What the card says, what of that this user may trust, and whether he has the private key. Changes nothing. */
export const showIdentity = operation('identity.show', showIdentityBody, ofMailbox);

async function showIdentityBody(session: Session, agent: string): Promise<Identity> {
  const card = await resolveAgent(session, agent);
  const known = await knownOf(session, card.name);
  if (!known) return { agent: card.name, state: 'none', keys: [] };
  const { root, judged } = known;
  const { current } = judged;
  const own = await privateFileOrWarn(session, root, card);
  const isHere = own?.keys.some(({ id, private: pem }) => id === current?.id && pem !== undefined) === true;
  return {
    agent: card.name,
    root,
    state: judged.state,
    ...(current && {
      key: current.id,
      since: current.since,
      pem: (await import('../ed25519/ed25519.ts')).pemOf(current.public),
    }),
    ...(current?.seal !== undefined && { seal: current.seal }),
    ...(isHere && { private: own.path }),
    keys: (card.keys ?? []).map(({ id, public: raw, since, seal, by, revokedAt }) => ({
      ...{ id, public: raw, since, state: judged.keys.get(id)?.state ?? 'unknown' },
      ...(seal !== undefined && { seal }),
      ...(by !== undefined && { by }),
      ...(revokedAt !== undefined && { revokedAt }),
    })),
  };
}

async function resolveOwner(session: Session, agent: string): Promise<AgentCard> {
  const card = await resolveAgent(session, agent);
  if (isQueue(card)) throw noAgent(card.name);
  return card;
}

/** @param work gets the card and the file as they are under the lock */
async function whileOwnHeld<T>(
  session: Session,
  root: string,
  name: string,
  work: (card: AgentCard, found: PrivateFile) => Promise<T>,
): Promise<T> {
  const look = async (): Promise<[AgentCard, PrivateFile]> => {
    const card = await resolveAgent(session, name);
    return [card, await privateFileOf(session, root, card, { mayBeMade: true })];
  };
  for (;;) {
    const [, before] = await look();
    const done = await whileHeld(before, async () => {
      const [card, found] = await look();
      // Meanwhile the keys were put where it is called now.
      return found.path === before.path ? { value: await work(card, found) } : undefined;
    });
    if (done) return done.value;
  }
}

interface Pair {
  readonly own: OwnKey;
  readonly key: CardKey;
}

async function makeKey(session: Session): Promise<Pair> {
  const { keyText, newKey, publicText } = await import('../ed25519/ed25519.ts');
  const made = newKey();
  const publicKey = publicText(made);
  const id = keyIdOf(publicKey);
  const since = new Date(session.clock.now()).toISOString();
  const { secret, recipient } = await (await import('../age/age.ts')).makeSealKey();
  return {
    own: { id, since, private: keyText(made), seal: secret, recipient, unsaid: true },
    key: { id, public: publicKey, since, seal: recipient },
  };
}

/** Of a key that was made and put on no card. */
async function publicHalf(own: OwnKey): Promise<Pair> {
  const { id, since, private: pem = '', recipient } = own;
  const { publicKey = '' } = (await import('../ed25519/ed25519.ts')).privateKeyOf(pem) ?? {};
  return { own, key: { id, public: publicKey, since, ...(recipient !== undefined && { seal: recipient }) } };
}

function withoutPrivate(own: OwnKey): OwnKey {
  const { private: _, ...kept } = said(own);
  return kept;
}

function said(own: OwnKey): OwnKey {
  const { unsaid: _, ...kept } = own;
  return kept;
}

/** Behind the card, which says them. */
async function writeSaid(found: PrivateFile, root: string, name: string): Promise<void> {
  if (found.keys.some(({ unsaid }) => unsaid)) await writeKeys(found, root, name, found.keys.map(said));
}

/** Who has the private half needs no other word for it. */
async function pinOwn(session: Session, root: string, card: AgentCard, key: CardKey): Promise<void> {
  const { verifyText } = await import('../ed25519/ed25519.ts');
  await changePin(session, root, { name: card.name, card }, (pin) => {
    const { revoked = [] } = judge(card, pin, root, verifyText).pin ?? {};
    return pinAs(pin, key, revoked);
  });
}

function isGood(key: CardKey | undefined): key is CardKey {
  return key !== undefined && !key.revokedAt;
}

function noIdentity(name: string): DreamosError {
  return unauthenticated(`There is no key of ${name}.`, `To make one: dreamos identity create ${name}`);
}

function changedMeanwhile(name: string): DreamosError {
  const message = `The key of ${name} was changed by somebody else meanwhile. Nothing was changed.`;
  return new DreamosError('conflict', 'STATE_CHANGED', message, { hint: `dreamos identity show ${name}` });
}

function noSuchKey(name: string, key: string): DreamosError {
  return notFound(
    'VERSION_NOT_FOUND',
    `There is no key ${JSON.stringify(key)} of ${name}.`,
    `Which it has: dreamos identity show ${name}`,
  );
}
