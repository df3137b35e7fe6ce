/** Taking what comes from another root: each message once, under the rules of this one. */
import type { Answer, Parcel } from '../../carriers/port.ts';
import type { AgentCard } from '../../model/agent.ts';
import { sha256 } from '../../model/basics/sha256.ts';
import { DreamosError } from '../../model/errors.ts';
import { dataJson, type Message, unseal } from '../../model/message.ts';
import type { Limits, Sent } from '../../storage/port/mail.ts';
import { type AddressBook, createAddressBook } from '../agents/address-book.ts';
import { admit } from '../root/operation.ts';
import type { Session } from '../root/root.ts';
import { type Effective, settingsNow } from '../root/settings.ts';
import { type Composed, tooLarge } from '../send/compose.ts';
import { noteRefusals } from '../send/refused.ts';
import { sendTogether } from '../send/send.ts';
import { gone } from '../wait/still-there.ts';
import { isOfRoot } from './refusals.ts';
import { isThere, Received, type ReceivedRow } from './received.ts';

/** A message that has left more roots than this goes no further. */
const mostHops = 8;

/** Takes what is brought, one call at a time. */
export interface Receiver {
  /** Never rejects. @returns an answer for each, in their order; what is `stored` is on disk */
  take(parcels: readonly Parcel[]): Promise<Answer[]>;
  close(): Promise<void>;
}

export function createReceiver(session: Session): Receiver {
  const received = new Received(session);
  let before: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = before.then(work);
    before = done.catch(() => undefined);
    return done;
  };
  return {
    take: (parcels) => inTurn(() => takeAll(session, received, parcels)),
    close: async () =>
      inTurn(() =>
        session.store.documents.withLock('receive', async () => {
          await received.refresh();
          await received.end();
        }),
      ).catch((error: unknown) => {
        // What it would say is looked for by the next one.
        if (!(error instanceof DreamosError)) throw error;
      }),
  };
}

/** One that may be stored. */
interface Candidate {
  readonly parcel: Parcel;
  readonly message: Message;
  readonly card: AgentCard;
  readonly settings: Effective;
  /** Of the parcel's bytes: 16 hex digits. */
  readonly digest: string;
  readonly at: number;
}

async function takeAll(session: Session, received: Received, parcels: readonly Parcel[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  const errors: unknown[] = [];
  let rest: Candidate[] = [];
  try {
    const book = createAddressBook(session);
    const settingsOf = await settingsNow(session);
    const mays = new Set<string>();
    for (const [at, parcel] of parcels.entries()) {
      const checked = await check(session, { book, settingsOf, mays }, parcel).catch(async (error: unknown) => {
        errors.push(error);
        return asAnswer(await orOfRoot(session, error));
      });
      if ('is' in checked) answers[at] = checked;
      else rest.push({ ...checked, parcel, at });
    }
    await noteRefusals(session, errors);
    // One message for several mailboxes is several commits: a store takes it once a call.
    while (rest.length > 0) {
      const round = new Map<string, Candidate>();
      const next: Candidate[] = [];
      for (const one of rest)
        if (round.has(one.message.id)) next.push(one);
        else round.set(one.message.id, one);
      await takeRound(session, received, [...round.values()], answers);
      rest = next;
    }
  } catch (error) {
    const answer = asAnswer(error);
    for (const at of parcels.keys()) answers[at] ??= answer;
  }
  return answers;
}

async function takeRound(
  session: Session,
  received: Received,
  round: readonly Candidate[],
  answers: Answer[],
): Promise<void> {
  await session.store.documents.withLock('receive', async (lock) => {
    await received.refresh();
    const fresh: Candidate[] = [];
    for (const one of round) {
      const known = await knownAs(session, received, one);
      if (known) answers[one.at] = known;
      else fresh.push(one);
    }
    if (fresh.length === 0) return;
    const rows = fresh.map(({ parcel, card, digest }): ReceivedRow => [parcel.id, card.name, parcel.hops, digest]);
    const isOurs = (await received.begin(rows)) && lock.isHeld();
    const results = isOurs
      ? await sendTogether(
          session,
          fresh.map((one) => composed(one, session.store.now())),
          'full',
          { options: undefined },
        )
      : fresh.map(() => later('STATE_CHANGED', 'another process takes what comes'));
    const is = { stored: [] as ReceivedRow[], refused: [] as ReceivedRow[] };
    for (const [i, { at }] of fresh.entries()) {
      const answer = (answers[at] = asStored(await orOfRoot(session, results[i])));
      if (answer.is !== 'later') is[answer.is].push(rows[i] as ReceivedRow);
    }
    received.settled(is.stored, is.refused);
    await noteRefusals(session, results);
  });
}

/** What holds for all that is brought together. */
interface Rules {
  readonly book: AddressBook;
  readonly settingsOf: (card: AgentCard) => Effective;
  /** Who was let send to whom. */
  readonly mays: Set<string>;
}

/** What is refused whatever has come before. @throws what is */
async function check(
  session: Session,
  { book, settingsOf, mays }: Rules,
  { id, to, hops, bytes }: Parcel,
): Promise<Omit<Candidate, 'parcel' | 'at'> | Answer> {
  if (hops > mostHops)
    return refused(
      'TOO_MANY_HOPS',
      `it has left ${hops} roots, and ${mostHops} is the most: where does its agent live?`,
    );
  const message = unseal(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), true);
  if (message.id !== id) return refused('MESSAGE_INVALID', `its id is ${message.id}, and not ${id}`);
  if (message.task) return refused('NOT_CARRIED', 'a task stays in the root in which it was made');
  const card = await book.recipient(to);
  const may = `${message.from} ${card.name}`;
  if (!mays.has(may)) await admit({ ...session, acting: message.from }, 'send', { named: [card.name] });
  mays.add(may);
  const settings = settingsOf(card);
  const size = Buffer.byteLength(message.body) + (message.data === null ? 0 : Buffer.byteLength(dataJson(message)));
  if (size <= settings.maxMessageBytes) return { message, card, settings, digest: sha256(bytes).slice(0, 16) };
  throw tooLarge(size, settings.maxMessageBytes, card.name, card.name, false);
}

/** Of what is here, or was. `undefined`: it is new. */
async function knownAs(session: Session, received: Received, one: Candidate): Promise<Answer | undefined> {
  const { card, digest } = one;
  const { id, hops } = one.parcel;
  const known = await received.find(id, card.name);
  if (known) {
    const isOther = known.digest !== undefined && known.digest !== digest;
    if (!isOther && hops > known.hops) return loop(card, hops);
    if (known.isOpen && !(await isThere(session, id, card.name))) return undefined;
    // Its sender is to hear of it: to him `stored` would mean that this one is here.
    return isOther ? refused('ALREADY_EXISTS', 'another message came here under its id before') : again;
  }
  // What was sent here has no row: it comes back only to an agent that lives elsewhere, or lived there.
  const mayBeOurs = card.at !== undefined || hops > 1;
  if (!mayBeOurs && !received.isForgotten(id)) return undefined;
  if (!(await isThere(session, id, card.name))) return undefined;
  return mayBeOurs ? loop(card, hops) : again;
}

const again: Answer = { is: 'stored', again: true };

function loop({ name, at }: AgentCard, hops: number): Answer {
  const where = at === undefined ? '' : `, where ${name} lives at ${at}`;
  return refused('LOOP', `it has been here before, ${hops === 1 ? 'one root' : `${hops} roots`} ago${where}`);
}

function composed({ message, card, settings }: Candidate, now: number): Composed {
  const { maxMessages, maxBytes, ttlMs, auditsMail } = settings;
  const isLimited = maxMessages < Infinity || maxBytes < Infinity;
  const limits = new Map<string, Limits>([[card.name, { maxMessages, maxBytes }]]);
  const expiresAt = new Map([[card.name, now + ttlMs]]);
  return {
    outgoing: {
      message,
      mailboxes: [card.name],
      carried: true,
      ...(isLimited && { limits }),
      ...(ttlMs < Infinity && message.expiresAt === null && { expiresAt }),
    },
    durability: 'full',
    limited: isLimited ? [card] : [],
    isAudited: auditsMail,
  };
}

function asStored(result: Sent | DreamosError | Answer | undefined): Answer {
  if (result instanceof DreamosError) return asAnswer(result);
  if (result === undefined) throw new Error('The store answered with fewer results than messages.');
  return 'is' in result ? result : { is: 'stored' };
}

/** An agent is missing, too, because its root is: then that. */
async function orOfRoot<T>({ store, path }: Session, result: T): Promise<T | DreamosError> {
  if (!(result instanceof DreamosError) || result.code !== 'AGENT_NOT_FOUND') return result;
  try {
    return ((await store.isThere?.()) ?? true) ? result : gone(path);
  } catch (error) {
    if (error instanceof DreamosError) return error;
    throw error;
  }
}

/** What is wrong with this root is no fault of the message. */
function asAnswer(error: unknown): Answer {
  if (!(error instanceof DreamosError)) throw error;
  return (isOfRoot(error) ? later : refused)(error.code, error.message);
}

const refused = (code: string, reason: string): Answer => ({ is: 'refused', code, reason });
const later = (code: string, reason: string): Answer => ({ is: 'later', code, reason });
