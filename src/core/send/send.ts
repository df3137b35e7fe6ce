import type { Addressee, SendReceipt } from '../../contract/mail.ts';
import type { AgentCard } from '../../model/agent.ts';
import { type Draft, parseDraft } from '../../model/draft.ts';
import { checkWait } from '../../model/duration.ts';
import { DreamosError } from '../../model/errors.ts';
import { grouped } from '../../model/basics/grouped.ts';
import { tooManyAtOnce } from '../../model/refusals.ts';
import { mostAtOnce } from '../../model/basics/limits.ts';
import type { Durability } from '../../model/settings.ts';
import { inTrace, type TraceContext, traceOf } from '../../model/trace/trace-context.ts';
import type { Sent } from '../../storage/port/mail.ts';
import { type AddressBook, createAddressBook } from '../agents/address-book.ts';
import { canShare, sendGathered } from './gather.ts';
import type { Patience } from './room.ts';
import { compose, type Composed } from './compose.ts';
import type { Session } from '../root/root.ts';
import { traced } from '../root/tracing.ts';
import type { Route } from './route.ts';
import { warnUnread } from './unread.ts';
import type { CheckedDraft, SendOptions } from './draft.ts';
import { operation } from '../root/operation.ts';

export const send = operation('send', sendBody);

async function sendBody(session: Session, draft: Draft, options?: SendOptions): Promise<SendReceipt> {
  const checked = parseDraft(draft, 'send');
  try {
    return await sendOne(session, checked, options);
  } catch (error) {
    await noteRefusals(session, [error], true);
    throw error;
  }
}

/** As send, for what the core has made of a draft. */
export async function sendChecked(session: Session, draft: CheckedDraft, options?: SendOptions): Promise<SendReceipt> {
  try {
    return await sendOne(session, draft, options);
  } catch (error) {
    await noteRefusals(session, [error]);
    throw error;
  }
}

async function noteRefusals(session: Session, errors: readonly unknown[], former?: boolean): Promise<void> {
  await (await import('./refused.ts')).noteRefusals(session, errors, former);
}

function sendOne(session: Session, draft: CheckedDraft, options?: SendOptions): Promise<SendReceipt> {
  return traced<SendReceipt>(
    session,
    () => ({ operation: 'send', destination: String(draft.to), trace: traceOf(draft), after: ({ id }) => ({ id }) }),
    (trace) => sendNow(session, inTrace(draft, trace), options),
  );
}

async function sendNow(session: Session, draft: CheckedDraft, options?: SendOptions): Promise<SendReceipt> {
  const composed = await compose(session, createAddressBook(session), draft);
  const [sent] = await sendTogether(session, [composed], composed.durability, { options });
  if (!sent) throw new Error('A send had no result.');
  if (sent instanceof DreamosError) throw sent;
  const recipients = composed.routes.map(({ card }) => card);
  await warnUnread(session, recipients);
  return sent.duplicate ? repeatReceipt(session, sent) : receiptOf(sent);
}

export const preview = operation('preview', previewBody);

async function previewBody(session: Session, draft: Draft): Promise<Addressee[]> {
  const { routes, outgoing } = await compose(session, createAddressBook(session), parseDraft(draft, 'send'));
  if (outgoing.refusal) throw outgoing.refusal;
  await session.checkMay?.(outgoing.mailboxes);
  return routes.map(({ card, reasons }) => ({ mailbox: card.name, reasons }));
}

export const sendAll = operation('sendAll', sendAllBody);

function sendAllBody(
  session: Session,
  drafts: Iterable<Draft>,
  options?: SendOptions,
): Promise<(SendReceipt | DreamosError)[]> {
  return sendEach(session, drafts, (draft) => parseDraft(draft, 'send'), options);
}

/** As sendAll, for what the core has made of drafts. */
export function sendAllChecked(
  session: Session,
  drafts: Iterable<CheckedDraft>,
  options: SendOptions,
  book: AddressBook,
): Promise<(SendReceipt | DreamosError)[]> {
  return sendEach(session, drafts, (draft) => draft, options, book);
}

function sendEach<D>(
  session: Session,
  drafts: Iterable<D>,
  checked: (draft: D) => CheckedDraft,
  options: SendOptions = {},
  book = createAddressBook(session),
): Promise<(SendReceipt | DreamosError)[]> {
  // What says itself where it stands stands there.
  const placed = (draft: D, trace?: TraceContext): CheckedDraft => {
    const own = checked(draft);
    return own.traceparent === undefined ? inTrace(own, trace) : own;
  };
  return traced<(SendReceipt | DreamosError)[]>(
    session,
    () => ({ operation: 'send', after: ({ length: count }) => ({ count }) }),
    (trace) => sendEachNow(session, drafts, (draft) => placed(draft, trace), options, book),
  );
}

async function sendEachNow<D>(
  session: Session,
  drafts: Iterable<D>,
  checked: (draft: D) => CheckedDraft,
  options: SendOptions,
  book: AddressBook,
): Promise<(SendReceipt | DreamosError)[]> {
  const results: (SendReceipt | DreamosError)[] = [];
  const places: Place[] = [];
  let index = 0;
  for (const draft of drafts) {
    if (index >= mostAtOnce) throw tooManyAtOnce();
    try {
      const { outgoing, durability, limited, pace, isAudited, routes } = await compose(session, book, checked(draft));
      places.push({ index, outgoing, durability, limited, pace, isAudited, routes });
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      results[index] = error;
    }
    index++;
  }
  const reached = new Map<string, AgentCard>();
  for (const [place, result] of await sendPlaces(session, places, options)) {
    results[place.index] = result;
    if (!(result instanceof DreamosError)) for (const { card } of place.routes) reached.set(card.name, card);
  }
  await warnUnread(session, reached.values());
  if (results.some((result) => result instanceof DreamosError)) await noteRefusals(session, results, true);
  return results;
}

interface Place extends Composed {
  readonly index: number;
  readonly routes: readonly Route[];
}

async function sendPlaces(
  session: Session,
  places: readonly Place[],
  options: SendOptions,
): Promise<[Place, SendReceipt | DreamosError][]> {
  const all: [Place, SendReceipt | DreamosError][] = [];
  const patience: Patience = { options };
  for (const [durability, group] of grouped(places, (place) => place.durability)) {
    const sent = await sendTogether(session, group, durability, patience);
    for (const [i, place] of group.entries()) {
      const result = sent[i];
      if (!result) throw new Error('The store answered with fewer results than messages.');
      if (result instanceof DreamosError) all.push([place, result]);
      else all.push([place, result.duplicate ? await repeatReceipt(session, result) : receiptOf(result)]);
    }
  }
  return all;
}

/** What has been composed for one durability, in one call of the store; it waits for its turn and for room where there are limits. */
export function sendTogether(
  session: Session,
  composed: readonly Composed[],
  durability: Durability,
  patience: Patience,
): Promise<(Sent | DreamosError)[]> {
  const sending = composed.some(({ isAudited }) => isAudited) ? sendAudited : sendThem;
  return sending(session, composed, durability, patience);
}

async function sendAudited(...[session, composed, ...how]: Parameters<typeof sendThem>): ReturnType<typeof sendThem> {
  const { noteMail } = await session.audit();
  const results = await sendThem(session, composed, ...how);
  const sent = composed.flatMap(({ outgoing: { message } }, i) => {
    const result = results[i];
    if (!result || result instanceof DreamosError || result.duplicate) return [];
    return [{ op: 'send', by: message.from, id: result.id, to: result.mailboxes } as const];
  });
  await noteMail(session, sent);
  return results;
}

async function sendThem(
  session: Session,
  composed: readonly Composed[],
  durability: Durability,
  patience: Patience,
): Promise<(Sent | DreamosError)[]> {
  if (patience.options?.waitMs !== undefined) checkWait(patience.options.waitMs);
  if (composed.some(({ pace }) => pace)) {
    const { sendPaced } = await import('./pace.ts');
    return sendPaced(session, composed, patience, (some) => sendThem(session, some, durability, patience));
  }
  if (composed.some(({ limited }) => limited.length > 0)) {
    const { sendInOrder, waitingFor } = await import('./room.ts');
    return sendInOrder(session, composed, durability, waitingFor(session, patience));
  }
  const outgoing = composed.map((one) => one.outgoing);
  // Without syncs there is nothing to share.
  const [only, ...more] = outgoing;
  if (only && more.length === 0 && durability === 'full' && canShare(only))
    return [await sendGathered(session.store, only)];
  return session.store.mail.send(outgoing, { durability });
}

/** What goes to no topic is addressed to its mailboxes. */
function receiptOf({ id, mailboxes, state, durability, replaced }: Sent): SendReceipt {
  const receipt = { id, to: [...mailboxes], mailboxes, state, durability };
  return replaced === undefined || replaced.length === 0 ? receipt : { ...receipt, replaced };
}

/** Of a dedupe key that was used before: where the first one is now. */
async function repeatReceipt(session: Session, sent: Sent): Promise<SendReceipt> {
  const { whereNow } = await import('./repeat.ts');
  return { ...receiptOf(sent), duplicate: true, ...(await whereNow(session, sent.id, sent.mailboxes)) };
}
