/** Which keys of the agents a user trusts, and his word for one that nobody else has signed for. */
import type { Trusted, TrustAccepted, TrustRemoved } from '../../contract/security/identity.ts';
import { sameAgent } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import { pinAs } from '../../model/security/identity.ts';
import { listMailboxes, resolveMailbox } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';
import { ofMailbox, operation } from '../root/operation.ts';
import { type Known, knownOf } from './judged.ts';
import { changePin, pinsOf } from './pins.ts';
import { unauthenticated } from './refusals.ts';
import { rootIdOf } from './root-id.ts';

/** Of each agent that has a key, or is known by one, in the order of their names. Pins nothing. */
export const listTrust = operation('trust.list', listTrustBody);

async function listTrustBody(session: Session): Promise<Trusted[]> {
  const root = await rootIdOf(session);
  if (root === undefined) return [];
  const cards = await listMailboxes(session);
  const pinned = Object.keys(await pinsOf(session, root));
  const isCalled = (name: string): boolean =>
    cards.some((card) => [card, ...(card.formerNames ?? [])].some((one) => sameAgent(one.name, name)));
  const names = [...cards.map(({ name }) => name), ...pinned.filter((name) => !isCalled(name))];
  const all: Trusted[] = [];
  for (const agent of names.sort((a, b) => a.localeCompare(b, 'en'))) {
    const { card, pin, judged } = (await knownOf(session, agent)) ?? {};
    if (!judged || judged.state === 'none') continue;
    all.push({
      agent,
      state: card ? judged.state : 'gone',
      ...(judged.current && { key: judged.current.id }),
      ...(pin && { pinned: pin.key, since: pin.since }),
    });
  }
  return all;
}

export interface AcceptOptions {
  /** Only if this is the key, as its owner has said it. */
  readonly key?: string;
}

/**
 * Trusts the key that an agent's card says now, whoever has signed for it; of a card without one, no key is trusted any more.
 * @throws KEY_CHANGED: the card says another one than `key`; UNAUTHENTICATED: it is revoked; AGENT_NOT_FOUND
 */
export const acceptTrust = operation('trust.accept', acceptTrustBody, ofMailbox);

async function acceptTrustBody(session: Session, agent: string, { key }: AcceptOptions = {}): Promise<TrustAccepted> {
  const { name } = await resolveMailbox(session, agent);
  const { root, card, pin, judged } = (await knownOf(session, name)) ?? {};
  const current = judged?.current;
  if (root === undefined || (!current && !pin))
    throw usage(`There is no key of ${name}, and you know it by none.`, `To make one: dreamos identity create ${name}`);
  if (key !== undefined && key !== current?.id) throw another(name, key, current?.id);
  if (judged?.state === 'revoked')
    throw unauthenticated(
      `The key ${current?.id} of ${name} is revoked, so it is not accepted.`,
      `Its owner makes another one: dreamos identity create ${name}`,
    );
  await changePin(session, root, { name, card }, (now) => current && pinAs(now, current, []));
  const changed = pin?.key !== current?.id || pin?.seal !== current?.seal;
  return { agent: name, ...(current && { key: current.id }), ...(pin && { was: pin.key }), changed };
}

/**
 * Forgets by which key this user knows an agent, and which of its keys were revoked, as far as its card does not say so: it is
 * trusted anew with its first use. @throws AGENT_NOT_FOUND: there is no such agent, and nothing is known of one
 */
export const removeTrust = operation('trust.remove', removeTrustBody, ofMailbox);

async function removeTrustBody(session: Session, agent: string): Promise<TrustRemoved> {
  const known = await knownOf(session, agent);
  const name = known?.pin ? known.name : (await resolveMailbox(session, agent)).name;
  if (!known?.pin) return { agent: name, ...keyOf(known), changed: false };
  const { root, card, pin } = known;
  await changePin(session, root, { name, card }, () => undefined);
  return { agent: name, was: pin.key, ...keyOf(await knownOf(session, name)), changed: true };
}

/** Which would be trusted now. */
function keyOf(known: Known | undefined): Pick<TrustRemoved, 'key'> {
  return known?.judged.current && known.judged.state === 'new' ? { key: known.judged.current.id } : {};
}

function another(name: string, wanted: string, found: string | undefined): DreamosError {
  const message = `The card of ${name} says ${found === undefined ? 'no key' : `the key ${found}`}, not ${wanted}. Nothing was accepted.`;
  return new DreamosError('denied', 'KEY_CHANGED', message, {
    hint: `Ask its owner again, what he sees: dreamos identity show ${name}`,
  });
}
