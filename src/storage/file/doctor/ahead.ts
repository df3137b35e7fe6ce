/** What was written while the clock was ahead of what it is now. What holds something up is over for whoever recovers. */
import { inboxGraceMs, maxLeaseMs, maxRequestMs } from '../../../model/basics/limits.ts';
import { isAhead } from '../../../model/clock.ts';
import { idTime } from '../../../model/id.ts';
import type { Finding } from '../../port/upkeep.ts';
import type { FileContext } from '../disk/context.ts';
import { type Mailbox } from '../names/layout.ts';
import { parsePack } from '../names/pack-name.ts';
import { dayOf, isDay, parseEventLog, parseInbox } from '../names/slots.ts';
import { wheelEntries } from '../places/wheel.ts';

interface Ahead {
  readonly what: string;
  readonly ids: readonly string[];
  /** Whoever recovers brings it back. */
  readonly mended: boolean;
}

/** What waits for a moment that only a clock which was ahead has set. */
export async function heldAhead(ctx: FileContext, mailbox: Mailbox): Promise<Ahead[]> {
  const now = ctx.clock.now();
  const claims: string[] = [];
  for await (const { name } of wheelEntries(ctx, mailbox.inflight))
    if (name && isAhead(name.time, now, maxLeaseMs)) claims.push(name.id);
  const rests: string[] = [];
  const sends: string[] = [];
  for await (const { name } of wheelEntries(ctx, mailbox.delayed)) {
    if (name?.since !== undefined && isAhead(name.since, now)) rests.push(name.id);
    else if (name && isAhead(idTime(name.id), now)) sends.push(name.id);
  }
  const inboxes = ((await ctx.disk.list(mailbox.requests)) ?? []).flatMap((name) => {
    const inbox = parseInbox(name);
    return inbox && isAhead(inbox.until, now, maxRequestMs + inboxGraceMs) ? [inbox.request] : [];
  });
  const all: Ahead[] = [
    { what: 'Claimed for longer than a lease can be', ids: claims, mended: true },
    { what: 'Waiting for answers for longer than a request can', ids: inboxes, mended: true },
    { what: 'Resting since a moment that is still to come', ids: rests, mended: true },
    // How long it is to wait was for its sender to say.
    { what: 'Delayed, and sent at a moment that is still to come', ids: sends, mended: false },
  ];
  return all.filter(({ ids }) => ids.length > 0);
}

export function aheadFinding({ what, ids, mended }: Ahead, fixed: boolean): Finding {
  const message = `${what}, because the clock was ahead: ${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ` and ${ids.length - 3} more` : ''}.`;
  const hint = mended ? 'dreamos doctor --fix' : `To end it: dreamos cancel ${ids[0]}`;
  return {
    rule: 'clock-ahead',
    level: 'warning',
    message,
    fixed: fixed && mended,
    ...(!(fixed && mended) && { hint }),
  };
}

/** Nothing waits for them, but whoever keeps house takes them for the newest until they have come. */
export async function* inspectDays(ctx: FileContext, mailbox: Mailbox): AsyncGenerator<Finding> {
  const today = dayOf(ctx.clock.now());
  const archive = ((await ctx.disk.list(mailbox.archive)) ?? []).map((name) =>
    isDay(name) ? name : parsePack(name)?.day,
  );
  const events = ((await ctx.disk.list(mailbox.events)) ?? []).map(parseEventLog);
  for (const [folder, days] of [
    ['archive', archive],
    ['events', events],
  ] as const) {
    const ahead = [...new Set(days.map(String))].filter((day) => isDay(day) && day > today).sort();
    if (ahead.length === 0) continue;
    yield {
      rule: 'clock-ahead',
      level: 'info',
      message: `${folder}/ has days that are still to come, since the clock was ahead: ${ahead.join(', ')}. No setting deletes them before.`,
      hint: `Remove them by hand, if they are not to be kept: ${mailbox.dir}/${folder}/${ahead[0]}*`,
    };
  }
}
