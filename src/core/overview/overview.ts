/**
 * A root at a glance. Who follows it looks again only where something has happened, and everywhere now and then, for what no
 * event tells of: an agent that is registered, a process that has ended, time.
 */
import type { MailboxNow, MailboxStatus, Overview } from '../../contract/look.ts';
import type { Finding } from '../../contract/keep.ts';
import { type AgentCard, isQueue } from '../../model/agent.ts';
import { minuteMs } from '../../model/basics/limits.ts';
import { beatBy, isoTime } from '../../model/clock.ts';
import { openStates, taskStates } from '../../model/state.ts';
import type { MailEvent, WatchedEvent } from '../../model/event.ts';
import { listAgents } from '../agents/agents.ts';
import { changes } from '../follow/changes.ts';
import { statusOf } from '../look/status.ts';
import type { Session } from '../root/root.ts';
import { diskTrouble, lookIntoEach } from '../root/trouble.ts';
import { persist } from '../wait/persist.ts';
import { countTasks } from '../tasks/list.ts';
import { agentsNow } from './agents-now.ts';
import { sharedPictures } from './shared.ts';
import { stuck } from './stuck.ts';
import { eachOf, operation } from '../root/operation.ts';

export interface OverviewOptions {
  /** How many of the last events. */
  readonly events?: number;
}

export const overview = operation('overview', overviewBody);

function overviewBody(session: Session, { events = 20 }: OverviewOptions = {}): Promise<Overview> {
  return createObserver(session, events).look();
}

export interface FollowOverviewOptions extends OverviewOptions {
  readonly signal: AbortSignal;
  /** Not more often than that. */
  readonly leastMs: number;
}

/** Now, and again whenever something has changed, or a rate has. Who is slow gets the newest. */
export const followOverview = eachOf('overview', followOverviewBody, { lasting: 'looks' }, 'followOverview');

async function* followOverviewBody(
  session: Session,
  { events = 20, signal, leastMs }: FollowOverviewOptions,
): AsyncGenerator<Overview, void, undefined> {
  const now = () => persist(session, { leftMs: () => Infinity, signal }, () => overviewBody(session, { events }));
  const all = (own: Session, ended: AbortSignal) => pictures(own, events, leastMs, ended);
  yield* sharedPictures(session, { events, leastMs }, signal, all, now);
}

async function* pictures(
  session: Session,
  events: number,
  leastMs: number,
  signal: AbortSignal,
): AsyncGenerator<Overview, void, undefined> {
  const observer = createObserver(session, events);
  for await (const news of changes(session, { signal, leastMs, restMs: ratesMs })) {
    let told: readonly WatchedEvent[] | undefined = news;
    // Of a look that an engine has cut off it is not known what of the news it took in.
    const look = (): Promise<Overview> => {
      const given = told;
      told = undefined;
      return observer.look(given);
    };
    const seen = await persist(session, { leftMs: () => Infinity, signal }, look);
    if (seen === undefined) return;
    yield seen;
  }
}

// How often rates are counted anew where nothing happens: it touches no disk.
const ratesMs = 5000;
/** A look everywhere rests for so long, and for so many times as long as it takes; where nothing happens, for a minute. */
const everywhereMs = 15_000;
const everywhereShare = 20;

interface Observer {
  /** @param news what has happened since the last look; without it all is new */
  look(news?: readonly WatchedEvent[]): Promise<Overview>;
}

function createObserver(session: Session, most: number): Observer {
  const { clock, store } = session;
  let cards: AgentCard[] = [];
  let statuses = new Map<string, MailboxStatus>();
  let findings: Finding[] = [];
  let log: MailEvent[] | undefined;
  /** Of the events that were read at first: what the watch tells once more. */
  const known = new Set<string>();
  let [everywhereAt, busyAt, hasNews] = [-Infinity, -Infinity, true];
  let tasks: Overview['tasks'];
  let [tasksAt, isCounted] = [-Infinity, false];

  const lookEverywhere = async (): Promise<void> => {
    const startedAt = clock.uptime();
    cards = await listAgents(session);
    const all = new Map<string, MailboxStatus>();
    await lookIntoEach(
      session,
      cards.map(({ name }) => name),
      async (name) => all.set(name, await statusOf(session, cardOf(name), true)),
    );
    statuses = all;
    findings = await stuck(session);
    const restMs = Math.max(everywhereMs, everywhereShare * (clock.uptime() - startedAt));
    busyAt = beatBy(clock, clock.uptime() + restMs);
    everywhereAt = beatBy(clock, clock.uptime() + Math.max(restMs, minuteMs));
    hasNews = false;
  };

  const countAgain = async (): Promise<void> => {
    const startedAt = clock.uptime();
    tasks = cards.some(isQueue) ? await tasksNow(session, [...statuses.values()]) : undefined;
    tasksAt = clock.uptime() + everywhereShare * (clock.uptime() - startedAt);
    isCounted = true;
  };

  const cardOf = (name: string): Pick<AgentCard, 'name'> => cards.find((card) => card.name === name) ?? { name };

  const lookAmong = async (names: readonly string[]): Promise<void> => {
    try {
      await lookIntoEach(session, names, async (name) =>
        statuses.set(name, await statusOf(session, cardOf(name), true)),
      );
    } catch (error) {
      // None of these can be looked into: is there any other?
      diskTrouble(error);
      await lookEverywhere();
    }
  };

  const note = (news: readonly WatchedEvent[]): void => {
    for (const { cursor: _, ...event } of news) if (!known.delete(JSON.stringify(event))) log?.push(event);
  };

  return {
    look: async (news = []) => {
      if (log === undefined) {
        log = await store.journal.recent(store.now() - minuteMs, most);
        for (const event of log) known.add(JSON.stringify(event));
      }
      note(news);
      hasNews ||= news.length > 0;
      isCounted &&= news.length === 0;
      const names = [...new Set(news.map(({ mailbox }) => mailbox))];
      const isNew = names.some((name) => !statuses.has(name));
      if (isNew || clock.uptime() >= (hasNews ? busyAt : everywhereAt)) await lookEverywhere();
      else await lookAmong(names);
      if (!isCounted && clock.uptime() >= tasksAt) await countAgain();
      const now = store.now();
      log = lately(log, now, most);
      const mailboxes = withRates([...statuses.values()], log, now);
      return {
        at: isoTime(now),
        agents: await agentsNow(
          session,
          cards.filter((card) => !card.retiredAt && !isQueue(card)),
          statuses,
        ),
        mailboxes,
        ...(tasks && { tasks }),
        events: log.slice(-most),
        stuck: findings,
      };
    },
  };
}

/** Where more is archived it is not looked through for the tasks in it. */
const mostArchived = 10_000;

async function tasksNow(session: Session, all: readonly MailboxStatus[]): Promise<Overview['tasks']> {
  const archived = all.reduce((sum, one) => sum + one.archived, 0);
  const counts = await countTasks(session, archived > mostArchived ? [...openStates, 'failed'] : taskStates);
  return taskStates.flatMap((state) => (counts[state] === undefined ? [] : { state, count: counts[state] }));
}

/** What counts for the rates, and the last ones. */
function lately(log: readonly MailEvent[], now: number, most: number): MailEvent[] {
  const isOfRates = inLastMinute(now);
  return log.filter((event, i) => isOfRates(event) || i >= log.length - most);
}

/** What was told by a clock that was ahead is not. */
function inLastMinute(now: number): (event: MailEvent) => boolean {
  const [since, until] = [isoTime(now - minuteMs), isoTime(now)];
  return ({ at }) => at > since && at <= until;
}

const leaves = ['acked', 'dead', 'cancelled', 'replaced', 'handed_over'];

function withRates(all: readonly MailboxStatus[], log: readonly MailEvent[], now: number): MailboxNow[] {
  const came = new Map<string, number>();
  const left = new Map<string, number>();
  for (const { mailbox, event } of log.filter(inLastMinute(now))) {
    const counts = event === 'delivered' ? came : leaves.includes(event) ? left : undefined;
    counts?.set(mailbox, (counts.get(mailbox) ?? 0) + 1);
  }
  return all.map((one) => ({
    ...one,
    inPerMinute: came.get(one.mailbox) ?? 0,
    outPerMinute: left.get(one.mailbox) ?? 0,
  }));
}
