import { resolveAgent } from '../../core/agents/agents.ts';
import { pausedSentence } from '../../core/agents/pause.ts';
import { findNow } from '../../core/look/find.ts';
import { meantId } from '../../core/look/meant.ts';
import type { Session } from '../../core/root/root.ts';
import { timeLeft } from '../../model/duration.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Output } from '../output.ts';

/** Nothing came, because the mailbox is paused; `undefined` also where it was said when the wait began. */
export async function pausedNow(output: Output, session: Session, mailbox: string): Promise<DreamosError | undefined> {
  const card = await resolveAgent(session, mailbox);
  const message = pausedSentence(card);
  return message === undefined || output.hasWarned(message)
    ? undefined
    : new DreamosError('nothing', 'AGENT_PAUSED', message, { hint: `dreamos resume ${card.name}` });
}

/** Nothing came: of one message that was asked for, where it is instead, and until when. */
export async function nothingReady(
  session: Session,
  mailbox: string,
  said: { readonly message: string; readonly hint: string; readonly id: string | undefined },
): Promise<DreamosError> {
  const { id } = said;
  const why = id === undefined ? undefined : await whyNotReady(session, mailbox, id);
  const hint = why === undefined ? said.hint : `dreamos show ${id}`;
  return new DreamosError('nothing', 'NOTHING_THERE', why ?? said.message, { hint });
}

/** `undefined`: it is ready, or not there. */
async function whyNotReady(session: Session, mailbox: string, end: string): Promise<string | undefined> {
  const { name } = await resolveAgent(session, mailbox);
  const id = await meantId(session, end, { mailbox: name });
  const [entry] = await findNow(session, id, name);
  if (!entry || entry.state === 'ready') return undefined;
  const { state, dueAt, leaseUntil } = entry;
  const until = dueAt ?? leaseUntil;
  if (until === undefined) return `${id} in ${name} is ${state}.`;
  const rest = timeLeft(until - session.store.now());
  return `${id} in ${name} is ${state} until ${new Date(until).toISOString()} (for ${rest}).`;
}
