/** An id may be typed by its end. Only a text that is no whole id is looked for, so a whole one costs nothing. */
import { DreamosError } from '../../model/errors.ts';
import type { Filter } from '../../model/filter.ts';
import { endOf, isId, mayEndId } from '../../model/id.ts';
import { usage } from '../../model/refusals.ts';
import { type State, states as allStates } from '../../model/state.ts';
import { isLog, logOf } from '../../model/topic.ts';
import { listMailboxes } from '../agents/agents.ts';
import { messageNotFound } from '../root/refusals.ts';
import type { Session } from '../root/root.ts';
import { lookIntoEach } from '../root/trouble.ts';
import { finishSendsOrWarn } from '../wait/due.ts';
import type { Entry } from '../../storage/port/look.ts';
import { looks } from './find.ts';

/** Where an id is looked for. */
export interface Within {
  /** All, if not given. */
  readonly mailbox?: string | undefined;
  readonly states?: readonly State[];
  /** Also what was published. */
  readonly logs?: boolean;
  /** As lookIntoAll. */
  readonly said?: Set<string>;
  /** Of the last place: what is thrown where there is none, else that there is no message. */
  readonly notFound?: (which: string) => DreamosError;
}

/**
 * The whole id of a text that is one, or its end.
 * @param places the likeliest first: the first that has any such message decides
 * @returns the text itself if it can be neither
 * @throws MESSAGE_NOT_FOUND; USAGE: several messages have such an id
 */
export async function meantId(session: Session, text: string, ...places: Within[]): Promise<string> {
  if (isId(text) || !mayEndId(text)) return text;
  const end = text.toUpperCase();
  if (isId(end)) return end;
  await finishSendsOrWarn(session);
  for (const [i, place] of places.entries()) {
    // Mail that moves can be missed by one look.
    const rounds = i === places.length - 1 ? looks : 1;
    for (let look = 1; look <= rounds; look++) {
      const found = await endingIn(session, end, place);
      const [id] = found.keys();
      if (id === undefined) continue;
      if (found.size > 1) throw ambiguous(end, [...found.values()]);
      return id;
    }
  }
  const last = places.at(-1);
  const which = `whose id ends in ${end}`;
  const notFound = last?.notFound?.(which) ?? messageNotFound(which, last?.mailbox);
  if (!beginsLikeIds.test(end)) throw notFound;
  const { kind, code, message, hint } = notFound;
  throw new DreamosError(kind, code, message, {
    hint: `An id is told by its end, not by its beginning: its last 4 characters or more. Which there are: ${hint}`,
  });
}

/** An id begins with its time: with 01 from 2004 on, and until 2074 with 02. */
const beginsLikeIds = /^0[12]/;

/** The same with the whole id of the one message that its filter asks for. @throws as meantId */
export async function withWholeId<O extends { readonly filter?: Filter }>(
  session: Session,
  options: O,
  ...places: Within[]
): Promise<O> {
  const { filter } = options;
  if (filter?.id === undefined || isId(filter.id)) return options;
  return { ...options, filter: { ...filter, id: await meantId(session, filter.id, ...places) } };
}

/** By their ids. */
async function endingIn(
  session: Session,
  end: string,
  { mailbox, states = allStates, logs = false, said }: Within,
): Promise<Map<string, Entry[]>> {
  const found = new Map<string, Entry[]>();
  const lookInto = async (name: string): Promise<void> => {
    for (const state of isLog(name) ? (['archived'] as const) : states) {
      for await (const entry of session.store.look.list(name, state))
        if (entry.id.endsWith(end)) found.set(entry.id, [...(found.get(entry.id) ?? []), entry]);
    }
  };
  if (mailbox !== undefined) await lookInto(mailbox);
  else {
    const names = (await listMailboxes(session)).map(({ name }) => name);
    if (logs) names.push(...(await session.store.look.listTopics()).map(logOf));
    await lookIntoEach(session, names, lookInto, said);
  }
  return found;
}

const mostListed = 10;

function ambiguous(end: string, found: readonly (readonly Entry[])[]): DreamosError {
  const ids = found.flatMap(([entry]) => entry?.id ?? []);
  const listed = found.slice(0, mostListed).map((entries) => {
    const [first] = entries;
    return `${first?.id} (${entries.map(({ state, mailbox }) => `${state} in ${mailbox}`).join(', ')})`;
  });
  if (found.length > mostListed) listed.push(`and ${found.length - mostListed} more`);
  const enough = Math.max(...ids.map((id) => endOf(id, ids, end.length).length));
  return usage(
    `${found.length} messages have an id that ends in ${end}: ${listed.join(', ')}.`,
    `Type more of its end, ${enough} characters. For example: dreamos show ${ids[0]?.slice(-enough)}`,
  );
}
