/** What somebody holds: what a bare `ack`, `nack`, `renew` or `reply` means, and what is said where nothing comes. */
import { readOrWarn } from '../../core/look/read-entry.ts';
import type { Session } from '../../core/root/root.ts';
import { type Held, listHeld } from '../../core/take/held.ts';
import { sameAgent } from '../../model/agent.ts';
import { cut } from '../../model/basics/text.ts';
import { formatDuration, timeLeft } from '../../model/duration.ts';
import { endOf } from '../../model/id.ts';
import { DreamosError } from '../../model/errors.ts';
import { nearestName, notFound, usage } from '../../model/refusals.ts';
import type { Context } from '../context.ts';
import { harmless } from '../harmless.ts';
import { titleOf, whoText } from '../show/message-view.ts';

const mostListed = 5;
/** Of a mailbox at which hundreds work nobody waits for it to be told who holds what. */
const mostLookedAt = 50;

/**
 * The receipt of the only message that the acting agent holds; where nobody acts, of the only one that is held at all, if it
 * was claimed in its mailbox's own name, as `read <agent>` does. Never somebody else's, and no guess between two.
 * @param typed what is typed, with the end of an id: `(end) => 'ack ' + end`
 * @throws MESSAGE_NOT_FOUND, USAGE
 */
export async function heldReceipt(context: Context, session: Session, typed: (end: string) => string): Promise<string> {
  const { acting } = session;
  const held = await listHeld(session, { by: acting });
  const [only, ...more] = held;
  if (only === undefined) throw await holdsNothing(context, session);
  if (more.length > 0) {
    const shown = held.slice(0, mostListed);
    const whose = acting === undefined ? 'It is not known who you are, and' : `${acting} holds`;
    throw usage(
      `${whose} ${held.length} messages${acting === undefined ? ' are held' : ''}: ${listedOf(held, acting, await titlesOf(session, shown))}.`,
      `Say which one: ${shown.map((one) => `dreamos ${typed(endAmong(one, held))}${asWho(context, one)}`).join('; ')}`,
    );
  }
  if (acting !== undefined || (only.by !== undefined && sameAgent(only.by, only.entry.mailbox))) return only.receipt;
  throw usage(
    `It is not known who you are, and ${listedOf(held, acting)} is held.`,
    `If that is you: dreamos ${typed(only.entry.id)}${asWho(context, only)}`,
  );
}

function asWho(context: Context, { by }: Held): string {
  return by === undefined ? context.flags() : context.flagsAs(by);
}

async function holdsNothing(context: Context, session: Session): Promise<DreamosError> {
  const { acting } = session;
  if (acting === undefined)
    return notFound('MESSAGE_NOT_FOUND', 'Nobody holds a message.', `dreamos status${context.flags()}`);
  const card = await session.store.documents.getAgent(acting);
  const others = card === undefined ? [] : await listHeld(session, { mailbox: card.name });
  const but = others.length === 0 ? '' : ` In its mailbox others hold ${listedOf(others, acting)}.`;
  if (card !== undefined)
    return notFound(
      'MESSAGE_NOT_FOUND',
      `${acting} holds no message.${but}`,
      `dreamos read ${card.name}${context.flags()}`,
    );
  // A worker need not be an agent; a name that is nearly one's is rather misspelt.
  const nearest = nearestName(acting, await context.names());
  const meant = nearest === undefined ? '' : `Did you mean "${nearest}"? If not: `;
  const message = `${acting} holds no message. There is no agent of this name.`;
  return notFound('MESSAGE_NOT_FOUND', message, `${meant}dreamos status${context.flags()}`);
}

/** Of several one tells by their ids alone which is which to no person. */
async function titlesOf(session: Session, held: readonly Held[]): Promise<string[]> {
  const messages = await Promise.all(held.map(({ entry }) => readOrWarn(session, entry)));
  return messages.map((message) => (message ? ` ${JSON.stringify(cut(harmless(titleOf(message)), 40))}` : ''));
}

/** `01K… of reviewer (by worker-1)`. @param titles of each, if they are to be told */
function listedOf(held: readonly Held[], acting: string | undefined, titles: readonly string[] = []): string {
  const listed = held.slice(0, mostListed).map(({ entry: { id, mailbox }, by, label }, at) => {
    const own = acting !== undefined && sameAgent(mailbox, acting);
    const mine = by !== undefined && sameAgent(by, acting ?? mailbox);
    const holder = mine ? label : `by ${by === undefined ? 'nobody knows whom' : whoText(by, label)}`;
    return `${id}${titles[at] ?? ''}${own ? '' : ` of ${mailbox}`}${holder === undefined ? '' : ` (${harmless(holder)})`}`;
  });
  if (held.length > mostListed) listed.push(`and ${held.length - mostListed} more`);
  return listed.join(', ');
}

/** The end of its id that tells it from the others. */
function endAmong({ entry }: Held, among: readonly Held[]): string {
  return endOf(
    entry.id,
    among.map((one) => one.entry.id),
  );
}

/**
 * Nothing came, and the reader holds something: what a cut-off or forgotten read has left behind.
 * @returns the error with it, and what is shown to people below it; `undefined`: it holds nothing here
 */
export async function butHeld(
  context: Context,
  session: Session,
  nothing: DreamosError,
  reader: { readonly by: string; readonly mailbox: string },
): Promise<{ error: DreamosError; text: string } | undefined> {
  const held = await listHeld(session, { ...reader, most: mostLookedAt });
  const [first, ...more] = held;
  if (first === undefined) return undefined;
  const end = endAmong(first, held);
  const shown = await Promise.all(held.slice(0, mostListed).map((one) => linesOf(session, one)));
  const awaited = shown[0]?.awaited ?? false;
  const finish = `dreamos ${awaited ? `reply ${end} "your answer" --ack` : `ack ${end}`}${context.flagsAs(reader.by)}`;
  const rest = held.length > mostListed ? `and ${held.length - mostListed} more` : undefined;
  const text = [
    `${harmless(reader.by)} still holds what it has not finished:`,
    ...shown.flatMap(({ lines }) => lines),
    ...(rest === undefined ? [] : [`  ${rest}`]),
    `See ${more.length === 0 ? 'it' : 'one'} again, and ${awaited ? 'answer' : 'finish'} it:`,
    `dreamos show ${end}${context.flags()}`,
    finish,
  ].join('\n');
  const said = [...held.slice(0, mostListed).map(sinceWhen), ...(rest === undefined ? [] : [rest])].join('; ');
  const { kind, code, message } = nothing;
  const whole = context.output.json ? `${message} ${reader.by} still holds ${said}.` : message;
  return { error: new DreamosError(kind, code, whole, { hint: finish }), text };
}

function sinceWhen({ entry: { id, leaseUntil = 0 }, since }: Held): string {
  return `${id} (since ${since ?? 'nobody knows when'}, until ${new Date(leaseUntil).toISOString()})`;
}

async function linesOf(session: Session, { entry, since }: Held): Promise<{ lines: string[]; awaited: boolean }> {
  const message = await readOrWarn(session, entry);
  const now = session.store.now();
  const { leaseUntil = now } = entry;
  const from = message ? `  from ${harmless(message.from)}: ${harmless(titleOf(message))}` : '';
  const held = since === undefined ? '' : `for ${formatDuration(Math.max(0, now - Date.parse(since)))}, `;
  const rest = timeLeft(leaseUntil - now);
  const { replyBy } = message ?? {};
  const awaited = replyBy !== undefined && Date.parse(replyBy) > now;
  return {
    awaited,
    lines: [
      cut(`  ${entry.id}${from}`, 79),
      `    held ${held}until ${new Date(leaseUntil).toISOString()} (${rest} more)`,
      ...(awaited ? [`    ${harmless(message?.from ?? '')} waits for the answer until ${harmless(replyBy)}`] : []),
    ],
  };
}
