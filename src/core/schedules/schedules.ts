/**
 * Sends that come again and again. The store keeps all of them in one document; fire-due.ts sends what they say.
 * A schedule never changes but for what became of its last occurrence: who wants another one removes it and adds it anew.
 */
import * as z from 'zod/mini';
import {
  type ListedSchedule,
  type Schedule,
  schedule as scheduleShape,
  type ShownSchedule,
} from '../../contract/system.ts';
import { RawJson } from '../../model/basics/raw-json.ts';
import { type DraftFor, parseDraft } from '../../model/draft.ts';
import { sameAgent } from '../../model/agent.ts';
import { hourMs } from '../../model/basics/limits.ts';
import { isAhead } from '../../model/clock.ts';
import { DreamosError } from '../../model/errors.ts';
import { schema } from '../../model/schema.ts';
import { createAddressBook } from '../agents/address-book.ts';
import { compose } from '../send/compose.ts';
import { recipientsIn } from '../send/route.ts';
import { type CronLine, parseCron } from './cron.ts';
import { meantOr, notFound } from '../../model/refusals.ts';
import { checkName } from '../root/names.ts';
import type { Session } from '../root/root.ts';
import { withoutSettings } from '../root/settings.ts';
import { changeDocument, invalidDocument } from '../root/documents.ts';
import { operation } from '../root/operation.ts';

const documentSchema = schema(() => z.looseObject({ schedules: z.array(scheduleShape()) }));

export interface ScheduleInput {
  readonly name: string;
  /** Five fields, or six with seconds in front. */
  readonly cron: string;
  /** An IANA time zone; else UTC. */
  readonly tz?: string;
  /** What is sent at each occurrence. Its sender is `from`, else the acting agent. */
  readonly message: DraftFor<'schedule'>;
}

export const addSchedule = operation('schedule.add', addScheduleBody);

async function addScheduleBody(
  session: Session,
  { name, cron, tz = 'UTC', message }: ScheduleInput,
): Promise<ListedSchedule> {
  checkName(name, "a schedule's name");
  const now = session.clock.now();
  if ((await parseCron(cron, tz)).next(now) === undefined) {
    throw new DreamosError('invalid', 'CRON_INVALID', `"${cron}" never comes.`, {
      hint: 'Look at its day and month: February has no 30th.',
    });
  }
  const draft = parseDraft(message, 'schedule');
  const { from: _, to, data, ...content } = draft;
  const exact = data instanceof RawJson ? { data: data.value, rawData: data.text } : { data };
  // As it will be sent, whoever looks then.
  const { outgoing } = await compose(withoutSettings(session), createAddressBook(session), draft);
  // What it sends later is nobody's doing any more.
  await session.checkMay?.(outgoing.mailboxes);
  const schedule: Schedule = {
    name,
    cron,
    tz,
    from: outgoing.message.from,
    // Through JSON, as it will be read again.
    message: JSON.parse(
      JSON.stringify({ to: typeof to === 'string' ? [to] : to, ...content, ...exact }),
    ) as Schedule['message'],
    token: session.ids.token(),
    createdAt: new Date(now).toISOString(),
    lastAt: null,
  };
  await changeSchedules(session, (schedules) => {
    if (schedules.some((other) => other.name === name)) throw exists(name);
    const changed = [...schedules, schedule];
    checkSize(changed);
    return changed;
  });
  return listed(session, schedule);
}

export const removeSchedule = operation('schedule.remove', removeScheduleBody);

async function removeScheduleBody(session: Session, name: string): Promise<Schedule> {
  const { token, from } = await findSchedule(session, name);
  await session.checkMay?.([from]);
  let removed: Schedule | undefined;
  await changeSchedules(session, (schedules) => {
    removed = schedules.find((schedule) => schedule.token === token);
    return schedules.filter((schedule) => schedule !== removed);
  });
  if (!removed) throw await unknown(session, name);
  return removed;
}

/**
 * Of an agent that is deleted: those that it sends, and those that go to it alone. One that goes to others as well is a
 * warning, for who knows what it is for. @returns their names
 */
export async function endSchedulesOf(session: Session, agent: string): Promise<string[]> {
  const goesTo = ({ message }: Schedule): boolean => message.to.some((name) => sameAgent(name, agent));
  const isIts = (one: Schedule): boolean =>
    sameAgent(one.from, agent) || one.message.to.every((name) => sameAgent(name, agent));
  let ended = (await loadSchedules(session)).filter(isIts);
  if (ended.length > 0)
    await changeSchedules(session, (schedules) => {
      ended = schedules.filter(isIts);
      return schedules.filter((one) => !isIts(one));
    });
  for (const { name } of (await loadSchedules(session)).filter(goesTo))
    session.warn(
      `The schedule ${name} goes to ${agent} and to others, so nothing of it is sent: dreamos schedule remove ${name}`,
    );
  return ended.map(({ name }) => name);
}

/** Of an agent that has another name: those that it sends, and those that go to it. @returns their names */
export async function renameInSchedules(session: Session, from: string, to: string): Promise<string[]> {
  const renamed = (one: Schedule): Schedule => ({
    ...one,
    from: sameAgent(one.from, from) ? to : one.from,
    message: {
      ...one.message,
      to: one.message.to.map((text) => inWords(text, (word) => (sameAgent(word, from) ? to : word))),
    },
  });
  const isOf = (one: Schedule): boolean => namedIn(one).some((name) => sameAgent(name, from));
  let followed = (await loadSchedules(session)).filter(isOf);
  if (followed.length > 0)
    await changeSchedules(session, (schedules) => {
      followed = schedules.filter(isOf);
      return schedules.map((one) => (isOf(one) ? renamed(one) : one));
    });
  return followed.map(({ name }) => name);
}

/** The agents that schedules name. */
export async function namedInSchedules(session: Session): Promise<string[]> {
  return (await loadSchedules(session)).flatMap(namedIn);
}

function namedIn({ from, message }: Schedule): string[] {
  return [from, ...recipientsIn(message.to).filter((word) => !word.startsWith('@'))];
}

function inWords(text: string, change: (word: string) => string): string {
  return text.split(',').map(change).join(',');
}

export const listSchedules = operation('schedule.list', listSchedulesBody);

async function listSchedulesBody(session: Session): Promise<ListedSchedule[]> {
  const sorted = [...(await loadSchedules(session))].sort((a, b) => a.name.localeCompare(b.name, 'en'));
  return Promise.all(sorted.map((schedule) => listed(session, schedule)));
}

const upcomingCount = 5;

export const showSchedule = operation('schedule.show', showScheduleBody);

async function showScheduleBody(session: Session, name: string): Promise<ShownSchedule> {
  const schedule = await listed(session, await findSchedule(session, name));
  const upcoming: string[] = [];
  if (schedule.nextAt !== null) {
    const cron = await parseCron(schedule.cron, schedule.tz);
    let at: number | undefined = Date.parse(schedule.nextAt);
    for (; at !== undefined && upcoming.length < upcomingCount; at = cron.next(at)) upcoming.push(isoOf(at));
  }
  return { ...schedule, upcoming };
}

/** Until when everything is done: occurrences up to then are not sent any more. Milliseconds since 1970. */
export function doneUntil({ lastAt, createdAt }: Schedule): number {
  return Date.parse(lastAt ?? createdAt);
}

// A clock that is set back by less finds what it has sent, and sends nothing until it is there again.
const mostAheadMs = hourMs;

/** Whether that is later than now, by far: it was recorded while the clock was ahead. */
export function isDoneAhead(schedule: Schedule, now: number): boolean {
  return isAhead(doneUntil(schedule), now, mostAheadMs);
}

/** When a schedule comes next. Milliseconds since 1970. */
export function nextOf(schedule: Schedule, cron: CronLine, now: number): number | undefined {
  return cron.next(isDoneAhead(schedule, now) ? now : Math.max(now, doneUntil(schedule)));
}

const none: readonly Schedule[] = [];
const parsed = new WeakMap<object, readonly Schedule[]>();

/** The same list as long as the store's document is the same. @throws CONFIG_INVALID */
export async function loadSchedules(session: Session): Promise<readonly Schedule[]> {
  const document = (await session.store.documents.get('schedules'))?.value;
  if (document === undefined) return none;
  const known = typeof document === 'object' && document !== null ? parsed.get(document) : undefined;
  if (known) return known;
  const { schedules } = await parse(session, document);
  parsed.set(document as object, schedules);
  return schedules;
}

/** Read, change, write, as one step. */
export async function changeSchedules(
  session: Session,
  change: (schedules: readonly Schedule[]) => readonly Schedule[],
): Promise<void> {
  await changeDocument(session.store.documents, 'schedules', async (document) => {
    const before = document === undefined ? { schedules: [] } : await parse(session, document);
    return { ...before, schedules: change(before.schedules) };
  });
}

async function parse({ store }: Session, document: unknown): Promise<z.infer<ReturnType<typeof documentSchema>>> {
  const result = documentSchema.safeParse(document);
  if (result.success) return result.data;
  throw await invalidDocument(store.documents, 'schedules', result.error);
}

async function findSchedule(session: Session, name: string): Promise<Schedule> {
  const schedule = (await loadSchedules(session)).find((one) => one.name === name);
  if (schedule) return schedule;
  throw await unknown(session, name);
}

async function unknown(session: Session, name: string): Promise<DreamosError> {
  const known = (await loadSchedules(session)).map((schedule) => schedule.name);
  const hint = meantOr(name, known, 'dreamos schedule list');
  return notFound('SCHEDULE_NOT_FOUND', `There is no schedule "${name}".`, hint);
}

/** A line that somebody wrote into the file by hand may be wrong; it must not hide the others. */
async function listed(session: Session, schedule: Schedule): Promise<ListedSchedule> {
  try {
    const next = nextOf(schedule, await parseCron(schedule.cron, schedule.tz), session.clock.now());
    return { ...schedule, nextAt: next === undefined ? null : isoOf(next) };
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    session.warn(`The schedule ${schedule.name} sends nothing: ${error.message}`);
    return { ...schedule, nextAt: null };
  }
}

// Every waiting process reads the document when it changes. The store takes twice as much.
const mostBytes = 8 * 1024 * 1024;

function checkSize(schedules: readonly Schedule[]): void {
  if (Buffer.byteLength(JSON.stringify(schedules)) <= mostBytes) return;
  throw new DreamosError('invalid', 'MESSAGE_TOO_LARGE', `All schedules together may have ${mostBytes} bytes.`, {
    hint: 'Write the body to a file and send its path.',
  });
}

function exists(name: string): DreamosError {
  return new DreamosError('conflict', 'ALREADY_EXISTS', `There is a schedule "${name}" already.`, {
    hint: `Look at it: dreamos schedule show ${name}; to add it anew, first: dreamos schedule remove ${name}`,
  });
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
