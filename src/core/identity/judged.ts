import type { AgentCard } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { type Judged, judge, type Pin } from '../../model/security/identity.ts';
import { namesNow } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';
import { changePin, pinIn, pinsOf } from './pins.ts';
import { rootIdOf } from './root-id.ts';

/** What a user may trust of an agent's keys, and what of that he has not kept yet. */
export interface Known {
  readonly root: string;
  readonly name: string;
  readonly card: AgentCard | undefined;
  readonly pin: Pin | undefined;
  readonly judged: Judged;
}

// As long as neither the card nor the pin is another one, nothing is verified again.
const judgements = new WeakMap<AgentCard, { readonly pin: Pin | undefined; readonly judged: Judged }>();

/** @param agent however it is cased; also a name that it had before, if nobody has it now @returns `undefined`: the root has no identities */
export async function knownOf(session: Session, agent: string): Promise<Known | undefined> {
  const root = await rootIdOf(session);
  if (root === undefined) return undefined;
  const card = await cardOf(session, agent);
  const name = card?.name ?? agent;
  const pin = await pinIn(session, await pinsOf(session, root), name, card);
  return { root, name, card, pin, judged: await judgedOf(card, pin, root) };
}

async function cardOf(session: Session, agent: string): Promise<AgentCard | undefined> {
  const { documents } = session.store;
  const card = await documents.getAgent(agent);
  if (card) return card;
  const [now] = await namesNow(session, agent);
  return now === undefined ? undefined : documents.getAgent(now);
}

async function judgedOf(card: AgentCard | undefined, pin: Pin | undefined, root: string): Promise<Judged> {
  const before = card && judgements.get(card);
  if (before && before.pin === pin) return before.judged;
  const judged = judge(card, pin, root, (await import('../ed25519/ed25519.ts')).verifyText);
  if (card) judgements.set(card, { pin, judged });
  return judged;
}

/** Keeps what is trusted: at first use, and where a rotation was followed. @throws DISK_FAILED */
export async function keepTrust(session: Session, { root, name, card, pin, judged }: Known): Promise<void> {
  if (judged.pin === pin) return;
  const { verifyText } = await import('../ed25519/ed25519.ts');
  await changePin(session, root, { name, card }, (now) => judge(card, now, root, verifyText).pin);
}

const told = new WeakSet<Session['warn']>();

/** As `keepTrust`, for who looks: where it cannot be kept, that is one warning. */
export async function keepTrustIfPossible(session: Session, known: Known): Promise<void> {
  if (known.judged.pin === known.pin) return;
  try {
    await keepTrust(session, known);
  } catch (error) {
    if (!(error instanceof DreamosError) || error.kind !== 'disk') throw error;
    if (told.has(session.warn)) return;
    told.add(session.warn);
    session.warn(`By which key ${known.name} is known could not be kept: ${error.message}`);
  }
}
