/**
 * Consumers that claim for as long as their process lives. <mailbox>/consumers/<mark>.json says which process that is, and the
 * tokens of its claims begin with the mark: so what a dead one held is known by its name, and need not wait for its lease.
 *
 * Whoever looks for what is due looks for those, too; and each consumer keeps an eye on the next one in the order of the marks,
 * so that all are watched, each by one, at the price of a look into /proc. Whether a process lives is said of this machine
 * since its start alone, and of processes that can be seen from here: of all others the lease decides.
 */
import { maxLeaseMs } from '../../../model/basics/limits.ts';
import { agoMs } from '../../../model/clock.ts';
import type { Actor, Consumer } from '../../port/mail.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder, forgetFolder, removedAgain } from '../disk/folders.ts';
import { memory } from '../disk/memory.ts';
import { parseJson } from '../disk/parse-json.ts';
import { stillRuns } from '../disk/programs.ts';
import { consumerFile, markFrom, markOf, parseConsumerName, tokenOf } from '../names/reach-name.ts';
import type { Mailbox } from '../names/layout.ts';
import { wheelEntries, type WheelEntry } from '../places/wheel.ts';

/** Nobody looks again sooner for consumers that are gone, unless one was seen to be. */
const everyMs = 250;
/** Who waits and is no consumer himself looks again after this. */
const lookAgainMs = 1000;

interface Known {
  /** Uptime of the last look. */
  at: number;
  /** Marks of this process, with their labels. */
  readonly own: Map<string, string | undefined>;
  /** What stands in the others' files, which never changes. */
  readonly records: Map<string, ConsumerRecord>;
  /** Those of which a look has found nothing more. One listing may miss a name; two in a row do not. */
  readonly empty: Set<string>;
}

interface ConsumerRecord {
  readonly pid: number;
  readonly pidStart: string | undefined;
  /** Where that number means a process: which start of which machine, seen from where. */
  readonly machine: string;
  readonly label?: string | undefined;
}

/** By mailbox. */
const known = memory(() => new Map<string, Known>());

function knownOf(ctx: FileContext, { name }: Mailbox): Known {
  const all = known.of(ctx);
  const one = all.get(name) ?? { at: -Infinity, own: new Map(), records: new Map(), empty: new Set() };
  all.set(name, one);
  return one;
}

export async function takeUp(
  ctx: FileContext,
  mailbox: Mailbox,
  { label }: Pick<Actor, 'label'> = {},
): Promise<Consumer> {
  const { own } = knownOf(ctx, mailbox);
  const { pid, machine } = await ctx.disk.self();
  const record: ConsumerRecord = { pid, pidStart: await ctx.disk.startOf(pid), machine, label };
  const mark = await makeFile(ctx, mailbox, `${JSON.stringify({ v: 1, ...record })}\n`);
  own.set(mark, label);
  let n = Math.floor(ctx.ids.fraction() * 2 ** 30);
  return {
    token: () => tokenOf(mark, n++),
    seesGone: () => seesGone(ctx, mailbox, mark),
    async close() {
      own.delete(mark);
      await ctx.disk.remove(consumerFile(mailbox, mark));
    },
  };
}

/** @returns the mark, which no other consumer of the mailbox has */
async function makeFile(ctx: FileContext, mailbox: Mailbox, text: string): Promise<string> {
  for (let round = 0; round < 100; round++) {
    const mark = markFrom(ctx.ids.token());
    await ensureFolder(ctx, mailbox.consumers);
    if ((await marksIn(ctx, mailbox)).includes(mark)) continue;
    if (await ctx.disk.create(consumerFile(mailbox, mark), Buffer.from(text), { sync: false })) return mark;
    forgetFolder(ctx, mailbox.consumers);
  }
  throw removedAgain(mailbox.consumers);
}

async function marksIn(ctx: FileContext, mailbox: Mailbox): Promise<string[]> {
  return ((await ctx.disk.list(mailbox.consumers)) ?? []).flatMap((name) => parseConsumerName(name) ?? []).sort();
}

async function seesGone(ctx: FileContext, mailbox: Mailbox, mark: string): Promise<boolean> {
  const marks = await marksIn(ctx, mailbox);
  const next = marks.find((other) => other > mark) ?? marks[0];
  if (next === undefined || next === mark || !(await isGone(ctx, mailbox, next))) return false;
  knownOf(ctx, mailbox).at = -Infinity;
  return true;
}

/** Not of one that nobody here can tell anything of. */
async function isGone(ctx: FileContext, mailbox: Mailbox, mark: string): Promise<boolean> {
  const { own, records } = knownOf(ctx, mailbox);
  if (own.has(mark)) return false;
  const record = records.get(mark) ?? (await readRecord(ctx, mailbox, mark));
  if (!record) return false;
  records.set(mark, record);
  if (record.machine !== (await ctx.disk.self()).machine) return false;
  return !(await stillRuns(ctx, record));
}

/** `undefined`: it is not there, not written yet, or spoilt. */
async function readRecord(ctx: FileContext, mailbox: Mailbox, mark: string): Promise<ConsumerRecord | undefined> {
  const file = await ctx.disk.read(consumerFile(mailbox, mark), { maxBytes: 4096 });
  const { pid, pidStart, machine, label } = ((file.ok && parseJson(file.bytes)) || {}) as Partial<ConsumerRecord>;
  if (pid === undefined || !Number.isSafeInteger(pid) || typeof machine !== 'string') return undefined;
  return { pid, pidStart: textOr(pidStart), machine, label: textOr(label) };
}

function textOr(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** What the consumer of a claim calls itself, as far as this process has seen it: nothing is read for it. */
export function labelOf(ctx: FileContext, { name }: Mailbox, token: string | undefined): string | undefined {
  const here = known.of(ctx).get(name);
  if (here === undefined || token === undefined) return undefined;
  const mark = markOf(token);
  return here.own.get(mark) ?? here.records.get(mark)?.label;
}

/** Of what nobody can tell anything of, until no claim can be of it any more. */
async function isStale(ctx: FileContext, mailbox: Mailbox, mark: string): Promise<boolean> {
  const { own, records } = knownOf(ctx, mailbox);
  if (own.has(mark) || records.get(mark)?.machine === (await ctx.disk.self()).machine) return false;
  const stat = await ctx.disk.stat(consumerFile(mailbox, mark));
  return stat !== undefined && agoMs(stat.mtimeMs, ctx.clock.now()) > maxLeaseMs;
}

/**
 * What consumers held whose process has ended.
 * @returns also when to look again, where others hold something
 */
export async function heldByGone(
  ctx: FileContext,
  mailbox: Mailbox,
  limit: number,
): Promise<{ readonly entries: readonly WheelEntry[]; readonly nextAt?: number }> {
  const here = knownOf(ctx, mailbox);
  const now = ctx.clock.now();
  // A consumer's own eye is on them.
  const nothing = (others: number) => ({
    entries: [],
    ...(others > 0 && here.own.size === 0 && { nextAt: now + lookAgainMs }),
  });
  if (ctx.clock.uptime() - here.at < everyMs) return nothing(here.records.size);
  here.at = ctx.clock.uptime();
  const marks = await marksIn(ctx, mailbox);
  for (const mark of here.records.keys()) if (!marks.includes(mark)) here.records.delete(mark);
  const gone: string[] = [];
  for (const mark of marks) {
    if (await isGone(ctx, mailbox, mark)) gone.push(mark);
    else if (await isStale(ctx, mailbox, mark)) await ctx.disk.remove(consumerFile(mailbox, mark));
  }
  if (gone.length === 0) return nothing(marks.length);
  const entries: WheelEntry[] = [];
  for await (const entry of wheelEntries(ctx, mailbox.inflight)) {
    const { token = '' } = entry.name ?? {};
    if (gone.some((mark) => token.startsWith(mark))) entries.push(entry);
    if (entries.length >= limit) break;
  }
  if (entries.length > 0) here.empty.clear();
  else for (const mark of gone) await forget(ctx, mailbox, here, mark);
  here.at = -Infinity;
  return { entries, nextAt: now + 1 };
}

async function forget(ctx: FileContext, mailbox: Mailbox, { empty, records }: Known, mark: string): Promise<void> {
  if (!empty.delete(mark)) {
    empty.add(mark);
    return;
  }
  records.delete(mark);
  await ctx.disk.remove(consumerFile(mailbox, mark));
}
