/**
 * The sessions of agents' tools: reach/sessions/<host>.<id>.json, replaced as a whole by a rename and never synced, because a
 * hook that runs at every step of an agent writes them; beside it .place says who waits for it.
 */
import { dayMs } from '../../../model/basics/limits.ts';
import { agoMs, isoTime } from '../../../model/clock.ts';
import type { HostSession, SessionKey } from '../../port/reach.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder, forgetFolder, removedAgain } from '../disk/folders.ts';
import { parseJson } from '../disk/parse-json.ts';
import { stillRuns } from '../disk/programs.ts';
import {
  parseAnnouncedFolder,
  parseSessionName,
  placeFile,
  sessionFile,
  unfinishedReach,
} from '../names/reach-name.ts';
import { isMailboxName } from '../names/layout.ts';
import { mailboxNames } from '../documents/agents.ts';
import { forget } from './announcements.ts';

const mostBytes = 64 * 1024;

export async function sessions(ctx: FileContext): Promise<HostSession[]> {
  const all: HostSession[] = [];
  for (const key of await keysIn(ctx)) {
    const record = await readRecord(ctx, key);
    if (record && (await runs(ctx, record))) all.push(record.session);
  }
  return all;
}

/** What is known of each, and who waits for it: for a dump. */
export async function* sessionRecords(
  ctx: FileContext,
): AsyncGenerator<{ readonly key: SessionKey; readonly record?: SessionRecord; readonly place?: string }, void, void> {
  for (const key of await keysIn(ctx)) {
    const place = await ctx.disk.read(placeFile(ctx.layout, key), { maxBytes: mostBytes });
    const record = await readRecord(ctx, key);
    yield { key, ...(record && { record }), ...(place.ok && { place: place.bytes.toString().trimEnd() }) };
  }
}

async function keysIn(ctx: FileContext): Promise<SessionKey[]> {
  return ((await ctx.disk.list(ctx.layout.sessions)) ?? []).flatMap((name) => parseSessionName(name) ?? []);
}

export async function isRunning(ctx: FileContext, key: SessionKey): Promise<boolean> {
  const record = await readRecord(ctx, key);
  return record !== undefined && runs(ctx, record);
}

/** What is on disk: with when its process began, because a number is given again. */
interface SessionRecord {
  readonly session: HostSession;
  readonly pidStart?: string | undefined;
}

async function runs(ctx: FileContext, { session, pidStart }: SessionRecord): Promise<boolean> {
  return session.pid === undefined || stillRuns(ctx, { pid: session.pid, pidStart });
}

export async function getSession(ctx: FileContext, key: SessionKey): Promise<HostSession | undefined> {
  return (await readRecord(ctx, key))?.session;
}

async function readRecord(ctx: FileContext, key: SessionKey): Promise<SessionRecord | undefined> {
  const file = await ctx.disk.read(sessionFile(ctx.layout, key), { maxBytes: mostBytes });
  return file.ok ? recordIn(parseJson(file.bytes), key) : undefined;
}

export async function putSession(ctx: FileContext, session: HostSession): Promise<void> {
  const { pid } = session;
  await putRecord(ctx, { session, pidStart: pid === undefined ? undefined : await ctx.disk.startOf(pid) });
}

export async function putRecord(ctx: FileContext, { session, pidStart }: SessionRecord): Promise<void> {
  const { host, session: id, since, lastPromptAt, pid, ...more } = session;
  const text = JSON.stringify({
    v: 1,
    host,
    session: id,
    ...more,
    ...(pid !== undefined && { pid, pidStart }),
    since: isoTime(since),
    ...(lastPromptAt !== undefined && { lastPromptAt: isoTime(lastPromptAt) }),
  });
  await replace(ctx, sessionFile(ctx.layout, session), `${text}\n`);
}

export async function removeSession(ctx: FileContext, key: SessionKey): Promise<void> {
  const agent = (await getSession(ctx, key))?.agent;
  if (agent !== undefined) await forgetIn(ctx, agent, key);
  await ctx.disk.remove(placeFile(ctx.layout, key));
  await ctx.disk.remove(sessionFile(ctx.layout, key));
}

/** Whatever stands in its record is a name of a mailbox only if it can be one. */
async function forgetIn(ctx: FileContext, name: string, key: SessionKey): Promise<void> {
  if (isMailboxName(name)) await forget(ctx, ctx.layout.mailbox(name), key);
}

/** Of a tool whose process nobody knows it is not to be seen whether it has ended. */
const forgottenMs = 7 * dayMs;
const ringers = new Set(['wake', 'tmux']);

export async function sweepSessions(ctx: FileContext, dryRun: boolean): Promise<number> {
  const now = ctx.clock.now();
  const over = new Map<string, SessionKey>();
  const live = new Set<string>();
  for (const key of await keysIn(ctx)) {
    const record = await readRecord(ctx, key);
    const isOld = agoMs(record?.session.since ?? 0, now) > forgottenMs;
    // Who rings from outside runs again and again, and what it has announced counts meanwhile.
    const isRinger = record !== undefined && ringers.has(record.session.host);
    const goesByAge = isRinger || record?.session.pid === undefined;
    const isLive = record && (goesByAge ? !isOld : await runs(ctx, record));
    if (isLive) live.add(placeFile(ctx.layout, key));
    else over.set(placeFile(ctx.layout, key), key);
  }
  for (const mailbox of await mailboxNames(ctx))
    for (const folder of (await ctx.disk.list(ctx.layout.mailbox(mailbox).announced)) ?? []) {
      const key = parseAnnouncedFolder(folder);
      if (key && !live.has(placeFile(ctx.layout, key))) over.set(placeFile(ctx.layout, key), key);
    }
  if (dryRun) return over.size;
  for (const key of over.values()) {
    for (const mailbox of await mailboxNames(ctx)) await forgetIn(ctx, mailbox, key);
    await removeSession(ctx, key);
  }
  return over.size;
}

export function takePlace(ctx: FileContext, key: SessionKey, token: string): Promise<void> {
  return replace(ctx, placeFile(ctx.layout, key), `${token}\n`);
}

export async function hasPlace(ctx: FileContext, key: SessionKey, token: string): Promise<boolean> {
  const file = await ctx.disk.read(placeFile(ctx.layout, key), { maxBytes: mostBytes });
  return file.ok && file.bytes.toString('utf8') === `${token}\n`;
}

async function replace(ctx: FileContext, path: string, text: string): Promise<void> {
  const fresh = unfinishedReach(path, ctx.ids.token());
  for (let round = 0; round < 100; round++) {
    await ensureFolder(ctx, ctx.layout.sessions);
    if (await ctx.disk.create(fresh, Buffer.from(text), { sync: false })) {
      await ctx.disk.rename(fresh, path);
      return;
    }
    forgetFolder(ctx, ctx.layout.sessions);
  }
  throw removedAgain(ctx.layout.sessions);
}

/** `undefined`: somebody else has written it, or it was cut short. */
function recordIn(value: unknown, { host, session: id }: SessionKey): SessionRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const said = value as Record<string, unknown>;
  const since = timeIn(said['since']);
  const state = said['state'];
  if ((state !== 'busy' && state !== 'idle') || since === undefined) return undefined;
  const lastPromptAt = timeIn(said['lastPromptAt']);
  const session: HostSession = {
    host,
    session: id,
    ...(typeof said['agent'] === 'string' && { agent: said['agent'] }),
    ...(said['bound'] === true && { bound: true }),
    ...(typeof said['cwd'] === 'string' && { cwd: said['cwd'] }),
    state,
    since,
    interactive: said['interactive'] === true,
    ...(Number.isSafeInteger(said['pid']) && { pid: Number(said['pid']) }),
    ...(lastPromptAt !== undefined && { lastPromptAt }),
    ...(Number.isSafeInteger(said['heldUp']) && { heldUp: Number(said['heldUp']) }),
    ...(said['delegates'] === true && { delegates: true }),
  };
  const pidStart = said['pidStart'];
  return { session, ...(typeof pidStart === 'string' && { pidStart }) };
}

function timeIn(value: unknown): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(time) ? undefined : time;
}
