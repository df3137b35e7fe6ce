import { dayMs, hourMs } from '../../../model/basics/limits.ts';
import { recover } from '../claim/recover.ts';
import { quarantine } from '../places/corrupt.ts';
import type { FileContext } from '../disk/context.ts';
import { aheadFinding, heldAhead } from './ahead.ts';
import { isHandedInName, type Mailbox, mailboxFolders } from '../names/layout.ts';
import type { InspectOptions, Finding } from '../../port/upkeep.ts';
import { inspectFolder, inspectMode, inspectRevisions, shown } from './root.ts';
import { olderThan, sweep, sweepStaged } from './leftovers.ts';
import { parseEventLog, parsePrunedMark } from '../names/slots.ts';
import { brokenLines } from '../events/log-lines.ts';
import { readCardFile, replaceSpoiltCard } from '../documents/agents.ts';
import {
  allowanceFolder,
  isStagedAllowance,
  mailboxLeftover,
  reasonLeftover,
  rollupLeftover,
  tmpLeftover,
} from '../names/beside.ts';
import { documentBytes, documentText } from '../documents/text.ts';
import { pathIn } from '../names/path.ts';

/** A topic's log has the folders that were needed so far, and what cannot be read beside them. */
export async function* inspectTopicLogFolders(
  ctx: FileContext,
  topicLog: Mailbox,
  { fix }: InspectOptions,
): AsyncGenerator<Finding> {
  for (const dir of [topicLog.dir, topicLog.archive, topicLog.corrupt, topicLog.events, topicLog.metrics]) {
    if (await ctx.disk.stat(dir)) yield* inspectFolder(ctx, dir, fix);
  }
}

export async function* inspectFolders(
  ctx: FileContext,
  mailbox: Mailbox,
  { fix }: InspectOptions,
): AsyncGenerator<Finding> {
  for (const dir of [mailbox.dir, ...mailboxFolders.map((folder) => pathIn(mailbox.dir, folder))]) {
    yield* inspectFolder(ctx, dir, fix);
  }
  // Only where something was requested, announced, claimed by who goes on to claim, sent under a limit, counted, or its card changed.
  for (const dir of [
    mailbox.requests,
    mailbox.announced,
    mailbox.consumers,
    allowanceFolder(mailbox),
    mailbox.metrics,
    mailbox.cards,
  ])
    if (await ctx.disk.stat(dir)) yield* inspectFolder(ctx, dir, fix);
  for (const path of [mailbox.card, mailbox.lastRead, mailbox.refused, mailbox.presence])
    yield* inspectMode(ctx, path, fix);
  yield* inspectRevisions(ctx, mailbox.cards, fix);
}

export async function* inspectCard(
  ctx: FileContext,
  mailbox: Mailbox,
  { fix }: InspectOptions,
): AsyncGenerator<Finding> {
  const found = await ctx.disk.stat(mailbox.card);
  const { card, fault, missing } = (await readCardFile(ctx, mailbox)) ?? {};
  if (card === undefined || fault === undefined) return;
  const text = documentText(card, 'The card', documentBytes);
  const rewrite = (): Promise<boolean> => replaceSpoiltCard(ctx, mailbox, text, found);
  const fixed = fix && (await ctx.disk.withLock(ctx.layout.lock('agents'), rewrite));
  yield {
    rule: 'card',
    level: 'problem',
    message: missing ? 'agent.json is missing.' : `${mailbox.card} cannot be used as it is: ${fault}.`,
    fixed,
    hint: missing
      ? 'dreamos doctor --fix'
      : 'Mend it there; or keep it in corrupt/ and write a new one: dreamos doctor --fix',
  };
}

/** Not a defect, only work that somebody has to do: whoever reads next does it too. Without `fix` only what a clock has put off is told. */
export async function* inspectDue(
  ctx: FileContext,
  mailbox: Mailbox,
  { fix, policies, policy }: InspectOptions,
): AsyncGenerator<Finding> {
  const ahead = await heldAhead(ctx, mailbox);
  const own = policies.get(mailbox.name) ?? policy;
  let moved = 0;
  while (fix) {
    const round = await recover(ctx, mailbox, own);
    if (round.moved === 0) break;
    moved += round.moved;
  }
  for (const one of ahead) yield aheadFinding(one, fix);
  if (moved > 0)
    yield { rule: 'due', level: 'info', message: `${moved} messages were due and have been moved.`, fixed: true };
}

/** What killed processes leave behind: files in tmp/, and what waited beside documents. */
export async function* inspectLeftovers(
  ctx: FileContext,
  mailbox: Mailbox,
  { fix }: InspectOptions,
): AsyncGenerator<Finding> {
  for (const [dir, leftoverOf, age] of [
    [mailbox.tmp, tmpLeftover, dayMs],
    [mailbox.dir, mailboxLeftover, hourMs],
    [mailbox.dlq, reasonLeftover, hourMs],
    [mailbox.metrics, rollupLeftover, hourMs],
  ] as const) {
    yield* sweep(ctx, dir, leftoverOf, age, fix);
  }
  for (const name of (await ctx.disk.list(mailbox.dir)) ?? []) {
    const dir = pathIn(mailbox.dir, name);
    if (isStagedAllowance(name) && (await olderThan(ctx, dir, hourMs))) yield* sweepStaged(ctx, dir, fix);
  }
}

/** Broken lines; what is no log; and what lies under a log's name and is not written to: a link, a device, a file's second name. */
export async function* inspectEventLogs(
  ctx: FileContext,
  mailbox: Mailbox,
  { fix }: InspectOptions,
): AsyncGenerator<Finding> {
  for (const name of (await ctx.disk.list(mailbox.events)) ?? []) {
    const path = pathIn(mailbox.events, name);
    const day = parseEventLog(name);
    if (parsePrunedMark(name) !== undefined) continue;
    if (day === undefined) {
      const message = `events/${shown(name)} is no event log; it is not looked at.`;
      yield { rule: 'stranger', level: 'info', message };
      continue;
    }
    const stat = await ctx.disk.stat(path);
    if (!stat) continue;
    if (stat.kind === 'file' && stat.links <= 1) {
      yield* inspectMode(ctx, path, fix);
      const broken = await brokenLines(ctx, mailbox, day);
      const message = `Lines of events/${name} that are no event, as a full disk leaves them, and are passed over: ${broken}.`;
      // Not mended: whoever follows the log has come so many bytes far in it, and others append to it.
      if (broken > 0) yield { rule: 'event-lines', level: 'info', message, hint: `jq -R 'fromjson?' ${path}` };
      continue;
    }
    const why =
      stat.kind === 'file' ? 'it has another name somewhere else (a hard link)' : `it is a ${stat.kind}, not a file`;
    const fixed = fix && (await quarantine(ctx, mailbox, path, why));
    yield { rule: 'events', level: 'problem', message: `events/${name} is not written to: ${why}.`, fixed };
  }
}

export async function* inspectDrop(ctx: FileContext, mailbox: Mailbox): AsyncGenerator<Finding> {
  for (const name of (await ctx.disk.list(mailbox.drop)) ?? []) {
    if (isHandedInName(name)) continue;
    yield {
      rule: 'drop',
      level: 'warning',
      message: `drop/${shown(name)} is not adopted: only names that end in .json and do not begin with a dot are.`,
      hint: 'Rename it: see `dreamos help format`.',
    };
  }
}
