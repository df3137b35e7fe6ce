/**
 * What an agent has said of itself: <mailbox>/presence.json, replaced by a rename and never synced. Its mtime is when the agent
 * was last there, so that whatever it does needs one call on it and writes nothing.
 */
import { agentStatuses } from '../../../model/agent.ts';
import { isoTime } from '../../../model/clock.ts';
import type { PresenceRecord, SeenPresence } from '../../port/presence.ts';
import type { FileContext } from '../disk/context.ts';
import { removedAgain } from '../disk/folders.ts';
import { parseJson } from '../disk/parse-json.ts';
import { stillRuns } from '../disk/programs.ts';
import { waitingOf } from '../names/beside.ts';
import type { Mailbox } from '../names/layout.ts';

const mostBytes = 16 * 1024;
/** What a tick is in the start of a process (/proc/<pid>/stat), the same on all of Linux. */
const tickMs = 10;

export async function putPresence(ctx: FileContext, mailbox: Mailbox, record: PresenceRecord): Promise<boolean> {
  const { pid, since, ...said } = record;
  const process = pid === undefined ? {} : await describeProcess(ctx, pid);
  if (process === undefined) return false;
  const text = `${JSON.stringify({ v: 1, ...said, since: isoTime(since), ...process })}\n`;
  const fresh = waitingOf(mailbox.presence, ctx.ids.token());
  if (!(await ctx.disk.create(fresh, Buffer.from(text), { sync: false }))) throw removedAgain(mailbox.dir);
  await ctx.disk.refresh(fresh, ctx.clock.now());
  if (!(await ctx.disk.rename(fresh, mailbox.presence))) throw removedAgain(mailbox.dir);
  return true;
}

/** `undefined`: there is none. */
async function describeProcess(ctx: FileContext, pid: number): Promise<object | undefined> {
  const pidStart = await ctx.disk.startOf(pid);
  if (pidStart === undefined) return undefined;
  const { hostname, uptime } = await import('node:os');
  const { machine } = await ctx.disk.self();
  const agoMs = pidStart === '' ? undefined : uptime() * 1000 - Number(pidStart) * tickMs;
  const startedAt = agoMs === undefined ? undefined : isoTime(ctx.clock.now() - agoMs);
  return { pid, pidStart, startedAt, host: hostname(), machine };
}

export async function getPresence(ctx: FileContext, mailbox: Mailbox): Promise<SeenPresence | undefined> {
  const file = await ctx.disk.read(mailbox.presence, { maxBytes: mostBytes });
  if (!file.ok) return undefined;
  const said = (parseJson(file.bytes) ?? {}) as Partial<Record<string, unknown>>;
  const status = agentStatuses.find((one) => one === said['status']);
  const since = timeIn(said['since']);
  // Cut short, or somebody else's.
  if (status === undefined || since === undefined) return undefined;
  const startedAt = timeIn(said['startedAt']);
  const running = await isRunning(ctx, said);
  return {
    status,
    since,
    seenAt: Math.max(file.mtimeMs ?? since, (await ctx.disk.stat(mailbox.lastRead))?.mtimeMs ?? -Infinity),
    ...texts(said, 'note', 'label', 'host'),
    ...(Number.isSafeInteger(said['pid']) && { pid: Number(said['pid']) }),
    ...(startedAt !== undefined && { startedAt }),
    ...(running !== undefined && { running }),
  };
}

async function isRunning(ctx: FileContext, said: Partial<Record<string, unknown>>): Promise<boolean | undefined> {
  const { pid, pidStart, machine } = said;
  if (!Number.isSafeInteger(pid) || typeof pidStart !== 'string') return undefined;
  if (machine !== (await ctx.disk.self()).machine) return undefined;
  return stillRuns(ctx, { pid: Number(pid), pidStart });
}

function texts(said: Partial<Record<string, unknown>>, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (typeof said[name] === 'string' ? [[name, said[name]]] : [])));
}

function timeIn(value: unknown): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(time) ? undefined : time;
}
