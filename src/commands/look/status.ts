import type { Session } from '../../core/root/root.ts';
import type { MailboxStatus } from '../../contract/look.ts';
import type { Context } from '../../cli/context.ts';
import { ago, refusedLine, whoText } from '../../cli/show/message-view.ts';
import { harmless } from '../../cli/harmless.ts';
import { pausedSentence } from '../../core/agents/pause.ts';
import { moreText, tableThatFits } from '../../cli/show/screenful.ts';
import { status } from '../../core/look/status.ts';
import { isServerAway } from '../../core/root/trouble.ts';
import { formatDuration, timeLeft } from '../../model/duration.ts';

// On a terminal the ages are brought up to date this often.
const refreshMs = 5000;

export async function statusCommand(
  context: Context,
  names: readonly string[],
  options: { watch?: boolean },
): Promise<void> {
  const asked = names.length > 0 ? [...names] : undefined;
  if (options.watch) return watchStatus(context, asked);
  const all = await status(await context.session(), asked);
  await printStatus(context, all);
}

async function printStatus(context: Context, all: readonly MailboxStatus[]): Promise<void> {
  const { output } = context;
  if (all.length > 0) {
    await output.rows(all, head, await rowNow(context));
    const nowMs = (await context.session()).clock.now();
    for (const one of all) {
      const { mailbox, pausedAt, pausedBy } = one;
      for (const line of heldLines(one, nowMs, context.flags())) await output.note(line);
      if (one.announced) await output.note(harmless(announcedLine(mailbox, one.announced)));
      if (one.refused) await output.note(harmless(refusedLine(one.mailbox, one.refused, nowMs)));
      const paused = pausedSentence({ name: mailbox, pausedAt, pausedBy });
      if (paused !== undefined) await output.note(harmless(`${paused}${context.flags()}`));
    }
    return;
  }
  await output.note(await context.noAgents());
}

function announcedLine(mailbox: string, count: number): string {
  return `${mailbox}: ${count} of them ${count === 1 ? 'was' : 'were'} announced in its own tool, and not read yet`;
}

const mostNamed = 5;

/** Who holds what of one mailbox. */
function heldLines({ mailbox, held = [] }: MailboxStatus, nowMs: number, flags: string): string[] {
  const lines = held.slice(0, mostNamed).map(({ id, attempt, heldBy, heldLabel, heldSince, leaseUntil }) => {
    const known = heldSince === undefined ? [] : [`for ${formatDuration(Math.max(0, nowMs - Date.parse(heldSince)))}`];
    const left = `${timeLeft(Date.parse(leaseUntil) - nowMs)} left`;
    const how = [...known, left, ...(attempt > 1 ? [`attempt ${attempt}`] : [])].join(', ');
    return heldBy === undefined
      ? `${mailbox}: ${id} is held, ${how}`
      : `${mailbox}: ${harmless(whoText(heldBy, heldLabel))} holds ${id} ${how}`;
  });
  const more = held.length - lines.length;
  return more > 0 ? [...lines, `${moreText(more)}: dreamos list ${mailbox} --state inflight${flags}`] : lines;
}

/** What fits the screen, so that the next one can take its place: the busiest first, long names cut, how many more there are. */
async function statusScreen(context: Context, all: readonly MailboxStatus[]): Promise<string> {
  const { output } = context;
  // The head, and the line where the cursor stays.
  const room = Math.max(1, (output.screen?.rows ?? Infinity) - 2);
  const busiest = all.toSorted((a, b) => busy(b) - busy(a));
  const shown = busiest.slice(0, all.length > room ? room - 1 : room);
  const rows = shown.map(await rowNow(context)).map((row) => row.map((cell) => harmless(cell)));
  const least = head.map((title) => (title === 'mailbox' ? 8 : Infinity));
  const table = await tableThatFits(output, { head, least }, rows);
  const more = all.length - shown.length;
  return more > 0 ? `${table}\n${moreText(more)}` : table;
}

function busy({ ready, inflight, delayed, dead }: MailboxStatus): number {
  return ready + inflight + delayed + dead;
}

const head = ['mailbox', 'ready', 'inflight', 'delayed', 'dead', 'archived', 'corrupt', 'oldest', 'last read'];

/** Ages are by the time of the root. */
async function rowNow(context: Context): Promise<(one: MailboxStatus) => string[]> {
  const nowMs = (await context.session()).clock.now();
  return (one) => [
    one.pausedAt === undefined ? one.mailbox : `${one.mailbox} (paused)`,
    ...[one.ready, one.inflight, one.delayed, one.dead, one.archived, one.corrupt].map(String),
    one.oldestReadyAgeMs === null ? '-' : formatDuration(one.oldestReadyAgeMs),
    one.lastReadAt === null ? 'never' : ago(one.lastReadAt, nowMs),
  ];
}

/**
 * On a terminal one table that stays in its place; elsewhere a block for each change, and with --json only the mailboxes
 * that changed. Events wake it; the clock is only for the ages that a person sees.
 */
async function watchStatus(context: Context, asked: string[] | undefined): Promise<void> {
  const { output } = context;
  const { changes } = await import('../../core/follow/changes.ts');
  const { persist } = await import('../../core/wait/persist.ts');
  const session = await context.session();
  const inPlace = output.toTerminal && !output.json;
  const mailboxes =
    asked === undefined ? undefined : (await status(session, asked, { held: false })).map((one) => one.mailbox);
  const draw = drawer(context, sayingOnce(session), inPlace, mailboxes);
  const restMs = inPlace ? refreshMs : Infinity;
  // The table stays as it was while an engine, or a server, is away.
  const how = { leftMs: () => Infinity, also: isServerAway, signal: context.signal };
  for await (const _ of changes(session, { mailboxes, signal: context.signal, restMs }))
    await persist(session, how, draw);
}

/** It looks again and again, and what it does not see is the same each time. */
function sayingOnce(session: Session): Session {
  const said = new Set<string>();
  const warn = (message: string): void => {
    if (!said.has(message)) session.warn(message);
    said.add(message);
  };
  return { ...session, warn };
}

function drawer(
  context: Context,
  session: Session,
  inPlace: boolean,
  mailboxes: string[] | undefined,
): () => Promise<void> {
  const { output } = context;
  let drawnLines = 0;
  let before = new Map<string, string>();
  return async () => {
    const all = await status(session, mailboxes, { held: false });
    const now = new Map(all.map((one) => [one.mailbox, fingerprint(one)]));
    const changed = all.filter((one) => before.get(one.mailbox) !== now.get(one.mailbox));
    before = now;
    if (inPlace) {
      const table = all.length > 0 ? await statusScreen(context, all) : ((await context.unseen()) ?? 'No agents yet.');
      // Up to the first line of the last table, and clear from there.
      await output.data(`${drawnLines > 0 ? `\u001B[${drawnLines}A` : ''}\r\u001B[J${table}\n`);
      drawnLines = table.split('\n').length;
    } else if (changed.length > 0) await printStatus(context, output.json ? changed : all);
  };
}

/** What of a status is a change; ages, and reads that found nothing, are not. */
function fingerprint({ ready, inflight, delayed, dead, archived, corrupt, pausedAt, refused }: MailboxStatus): string {
  return [ready, inflight, delayed, dead, archived, corrupt, pausedAt, refused?.count].join();
}
