/** Tools that look: none of these claims or finishes anything. */
import { given } from '../cli/input/parse.ts';
import { placeName, signatureLine, signatureWord, titleOf, unsealedLine, whoText } from '../cli/show/message-view.ts';
import { harmless } from '../cli/harmless.ts';
import { entryJson, signatureIn } from '../contract/json.ts';
import type { Listed, MailboxStatus } from '../contract/look.ts';
import { mostToolMessages } from './fields.ts';
import { list } from '../core/look/list.ts';
import { peek } from '../core/look/peek.ts';
import { status } from '../core/look/status.ts';
import { thread } from '../core/look/thread.ts';
import { formatDuration } from '../model/duration.ts';
import type { Filter } from '../model/filter.ts';
import type { Message } from '../model/message.ts';
import { type Body, mailboxOf, openedAll } from './call.ts';
import { aboutWords, fitted, quoted, viewOf } from './words.ts';

export const mailStatus: Body<'mail_status'> = async ({ session }, { mailbox }) => {
  const all = await status(session, mailbox === undefined ? undefined : [mailbox]);
  const who = session.acting === undefined ? 'It is not known who you are.' : `You are ${session.acting}.`;
  return {
    text: [who, ...all.map(statusLine)].join('\n'),
    value: { acting: session.acting ?? null, mailboxes: all },
  };
};

function statusLine(one: MailboxStatus): string {
  const { mailbox, ready, inflight, delayed, dead, oldestReadyAgeMs, pausedAt } = one;
  const oldest = oldestReadyAgeMs === null ? '' : `, the oldest for ${formatDuration(oldestReadyAgeMs)}`;
  const paused = pausedAt === undefined ? '' : ', paused';
  return `${mailbox}: ${ready} ready${oldest}, ${inflight} inflight, ${delayed} delayed, ${dead} dead${paused}`;
}

export const mailPeek: Body<'mail_peek'> = async (call, { mailbox: named, limit = 1, ...filter }) => {
  const { session, signal, context } = call;
  const mailbox = mailboxOf(call, named);
  const found = await peek(session, mailbox, { limit, signal, ...filterOf(filter) });
  const shown = fitted(messagesOf(found), context.flags());
  const nowMs = session.clock.now();
  const text = found.map((one, i) =>
    viewOf(shown.messages[i] ?? one.message, shown.rest[i] ?? '', signatureLine(one), nowMs),
  );
  return {
    text: text.join('\n\n') || `Nothing in ${mailbox} is ready.`,
    value: {
      ...aboutWords(shown),
      messages: found.map((one, i) => ({ ...one, message: shown.messages[i] ?? one.message })),
    },
  };
};

const fewListed = 20;

export const mailList: Body<'mail_list'> = async (call, { mailbox: named, states, limit = fewListed, ...filter }) => {
  const { session, signal, context } = call;
  const mailbox = mailboxOf(call, named);
  const found: Listed[] = [];
  let more = false;
  for await (const one of list(session, mailbox, {
    ...given({ states }),
    limit: limit + 1,
    signal,
    ...filterOf(filter),
  }))
    if (found.length < limit) found.push(one);
    else more = true;
  const shown = fitted(
    found.flatMap(({ message }) => message ?? []),
    context.flags(),
  );
  const byId = new Map(shown.messages.map((message) => [message.id, message]));
  const messages = found.map((one) => ({ ...one, message: byId.get(one.id) ?? null }));
  return {
    text:
      [...messages.map(listedLine), ...(more ? ['… and more: with a larger limit, or a filter'] : [])].join('\n') ||
      `Nothing in ${mailbox} is there.`,
    value: { ...aboutWords(shown), messages, more },
  };
};

function listedLine({
  id,
  state,
  priority,
  attempt,
  message,
  receipt,
  heldBy,
  heldLabel,
  leaseUntil,
  dueAt,
  reason,
  ...known
}: Listed): string {
  const facts = [
    `${id} ${state}`,
    ...(message === null ? ['(unreadable)'] : [`from ${harmless(message.from)}: ${quoted(titleOf(message))}`]),
    ...(known.signature === undefined ? [] : [signatureWord(known)]),
    ...(priority === 'normal' ? [] : [priority]),
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(dueAt === undefined ? [] : [`due ${dueAt}`]),
    ...(leaseUntil === undefined
      ? []
      : [`held${heldBy === undefined ? '' : ` by ${harmless(whoText(heldBy, heldLabel))}`} until ${leaseUntil}`]),
    ...(receipt === undefined ? [] : [`receipt ${receipt}`]),
    ...(reason === undefined ? [] : [`reason ${quoted(reason)}`]),
  ];
  return facts.join(', ');
}

export const mailThread: Body<'mail_thread'> = async ({ session, context, signal }, { id }) => {
  const all = await thread(session, id, { signal });
  const newest = await openedAll(session, all.slice(-mostToolMessages));
  const shown = fitted(messagesOf(newest), context.flags());
  const nowMs = session.clock.now();
  const text = newest.map(({ entries, ...known }, i) => {
    const message = shown.messages[i] as Message;
    const where = entries.map(({ mailbox, state }) => `${placeName(mailbox)}: ${state}`).join(', ');
    const extra = [...signatureLine(known), ['Where', where] as const, ...unsealedLine(known)];
    return viewOf(message, shown.rest[i] ?? '', extra, nowMs);
  });
  const earlier = all.length - newest.length;
  return {
    text: [...(earlier > 0 ? [`${earlier} earlier ones: dreamos thread ${id}${context.flags()}`] : []), ...text].join(
      '\n\n',
    ),
    value: {
      ...aboutWords(shown),
      messages: newest.map(({ message, entries, ...known }, i) => ({
        message: shown.messages[i] ?? message,
        entries: entries.map((entry) => entryJson(entry, session.acting)),
        ...signatureIn(known),
        ...(known.unsealed && { unsealed: known.unsealed }),
      })),
      more: earlier > 0,
    },
  };
};

function messagesOf(found: readonly { readonly message: Message }[]): Message[] {
  return found.map(({ message }) => message);
}

export function filterOf(fields: { [Key in keyof Filter]: Filter[Key] | undefined }): { filter?: Filter } {
  const filter = given(fields);
  return Object.keys(filter).length > 0 ? { filter } : {};
}
