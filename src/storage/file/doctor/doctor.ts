/**
 * `dreamos doctor`: checks every rule of the format as a list of named steps, and repairs what is safe to repair while
 * others work on the same root. What is not safe is said, with what to do.
 */
import { agentCardSchema } from '../../../model/agent.ts';
import { settingsSchema } from '../../../model/settings.ts';
import { isLog, logOf } from '../../../model/topic.ts';
import type { Finding, InspectOptions } from '../../port/upkeep.ts';
import type { FileContext } from '../disk/context.ts';
import { quarantine } from '../places/corrupt.ts';
import { ensureFolder } from '../disk/folders.ts';
import { inspectEntries } from './entries.ts';
import { inspectKeys } from './keys.ts';
import { inspectDedupe, inspectFolder, inspectMode, inspectRoot, rootLeftover, unsealed } from './root.ts';
import {
  mailboxFolders,
  outboxBody,
  parseEventLog,
  parseOutboxFolder,
  parseOutboxLink,
  type Mailbox,
} from '../names/layout.ts';
import { finishOutbox, putBack, removeDiscarded } from '../send/outbox.ts';
import { dedupeKeyOf } from '../send/dedupe.ts';
import { parseJson } from '../disk/parse-json.ts';
import { maxFileBytes } from '../places/read-entry.ts';
import { brokenLines } from '../events/read-events.ts';
import { recover } from '../claim/recover.ts';
import { mailboxNames } from '../documents/agents.ts';
import { topicNames } from '../documents/topics.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const lockStaleMs = 60_000;

type Step<Subject> = (ctx: FileContext, subject: Subject, options: InspectOptions) => AsyncIterable<Finding>;

const rootSteps: readonly Step<undefined>[] = [
  inspectFileSystem,
  inspectConfig,
  inspectRoot,
  inspectOutbox,
  inspectDedupe,
  inspectLocks,
  inspectRootLeftovers,
  inspectStrangers,
];
const logSteps: readonly Step<Mailbox>[] = [inspectLogFolders, inspectEventLogs, inspectEntries];
const mailboxSteps: readonly Step<Mailbox>[] = [
  inspectFolders,
  inspectCard,
  inspectDue,
  inspectLeftovers,
  inspectDrop,
  inspectEventLogs,
  inspectEntries,
  inspectKeys,
];

export async function* inspect(ctx: FileContext, options: InspectOptions): AsyncGenerator<Finding, void, void> {
  for (const step of rootSteps) yield* step(ctx, undefined, options);
  const logs = (await topicNames(ctx)).map(logOf);
  for (const name of [...(await mailboxNames(ctx)), ...logs]) {
    for (const step of isLog(name) ? logSteps : mailboxSteps) {
      if (options.signal?.aborted) return;
      for await (const finding of step(ctx, ctx.layout.mailbox(name), options)) yield { mailbox: name, ...finding };
    }
  }
}

// statfs(2) types of file systems on which hard links, atomic rename, fsync or inotify are not what they should be.
const risky: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB2',
  0x01021997: '9p',
  0x65735546: 'FUSE (virtiofs, sshfs, drvfs …)',
  0x53464846: 'drvfs',
};

async function* inspectFileSystem(ctx: FileContext): AsyncGenerator<Finding> {
  const name = risky[await ctx.disk.fileSystem(ctx.layout.root)];
  if (name === undefined) return;
  yield {
    rule: 'file-system',
    level: 'warning',
    message: `The root lies on ${name}: other machines' renames, syncs and pushes cannot be relied on there.`,
    hint: 'Use a local file system: --root or DREAMOS_ROOT.',
  };
}

async function* inspectConfig(ctx: FileContext): AsyncGenerator<Finding> {
  const file = await ctx.disk.read(ctx.layout.config, { maxBytes: maxFileBytes });
  if (!file.ok && file.missing) return;
  if (file.ok && settingsSchema.safeParse(parseJson(file.bytes)).success) return;
  yield {
    rule: 'config',
    level: 'problem',
    message: 'config.json cannot be read or is not valid; commands that need it fail.',
    hint: `Mend ${ctx.layout.config}, or move it away to use the defaults.`,
  };
}

async function* inspectOutbox(ctx: FileContext, _: undefined, { fix }: InspectOptions): AsyncGenerator<Finding> {
  for (const name of (await ctx.disk.list(ctx.layout.outbox)) ?? []) {
    const folder = parseOutboxFolder(name);
    const path = `${ctx.layout.outbox}/${name}`;
    if (!folder) {
      yield {
        rule: 'outbox-junk',
        level: 'warning',
        message: `outbox/${name} is nothing of dreamos.`,
        hint: `Move ${path} away.`,
      };
    } else if (folder.committed) {
      yield* inspectCommitted(ctx, folder.id, path, fix);
    } else if (await olderThan(ctx, path, dayMs)) {
      if (fix) await discardStale(ctx, folder.id);
      yield {
        rule: 'outbox-stale',
        level: 'info',
        message: `The send ${folder.id} was cut off before its commit.`,
        fixed: fix,
      };
    }
  }
}

async function* inspectCommitted(ctx: FileContext, id: string, path: string, fix: boolean): AsyncGenerator<Finding> {
  const names = (await ctx.disk.list(path)) ?? [];
  const stray = names.find((name) => name !== outboxBody && !parseOutboxLink(name));
  const body = await ctx.disk.read(`${path}/${outboxBody}`, { maxBytes: maxFileBytes });
  const readable = body.ok ? unsealed(body.bytes) !== undefined : body.missing;
  const fixed = fix && (await finishOutbox(ctx, Infinity)) >= 0 && !(await ctx.disk.stat(path));
  if (!readable) {
    const message = `The body of the send ${id} cannot be read; handed out, it goes to corrupt/ of each recipient.`;
    yield { rule: 'outbox-body', level: 'problem', message, fixed, hint: `Look at ${path}/${outboxBody}` };
  }
  if (stray === undefined) {
    const message = `The send ${id} is committed and not yet handed out.`;
    yield { rule: 'outbox-unfinished', level: 'info', message, fixed };
  } else {
    const named = JSON.stringify(stray).slice(1, -1);
    const message = `The send ${id} is committed, and its folder stays because ${named} in it is nothing of dreamos.`;
    yield { rule: 'outbox-unfinished', level: 'warning', message, fixed, hint: `Move what is foreign out of ${path}` };
  }
}

/** The key goes first: a key without a body to finish would call a lost message sent. */
async function discardStale(ctx: FileContext, id: string): Promise<void> {
  await ctx.disk.rename(ctx.layout.uncommitted(id), ctx.layout.discarded(id));
  const gone = ctx.layout.discarded(id);
  const body = await ctx.disk.read(`${gone}/${outboxBody}`, { maxBytes: maxFileBytes });
  const key = body.ok ? await keyMadeBy(ctx, id, body.bytes) : undefined;
  if (!(await putBack(ctx, id, key))) await removeDiscarded(ctx, id, key);
}

/** Its dedupe key, if it has one; a body that was cut short by the kill has made none. */
async function keyMadeBy(ctx: FileContext, id: string, bytes: Buffer): Promise<string | undefined> {
  const message = unsealed(bytes);
  if (message === undefined || message.dedupeKey === null) return undefined;
  const key = dedupeKeyOf(ctx, message);
  const file = await ctx.disk.read(key, { maxBytes: maxFileBytes });
  // Another send may have it by now.
  return file.ok && unsealed(file.bytes)?.id === id ? key : undefined;
}

async function* inspectLocks(ctx: FileContext, _: undefined, { fix }: InspectOptions): AsyncGenerator<Finding> {
  for (const name of (await ctx.disk.list(ctx.layout.root)) ?? []) {
    const path = `${ctx.layout.root}/${name}`;
    if (!name.endsWith('.lock') || !(await olderThan(ctx, path, lockStaleMs))) continue;
    const fixed = fix && (await ctx.disk.removeDir(path));
    yield { rule: 'lock-stale', level: 'info', message: `The lock ${name} was left by a process that died.`, fixed };
  }
}

async function* inspectRootLeftovers(ctx: FileContext, _: undefined, { fix }: InspectOptions): AsyncGenerator<Finding> {
  yield* sweep(ctx, ctx.layout.root, rootLeftover, hourMs, fix);
}

async function* inspectStrangers(ctx: FileContext): AsyncGenerator<Finding> {
  const known = new Set(await mailboxNames(ctx));
  for (const name of (await ctx.disk.list(ctx.layout.mailboxes)) ?? []) {
    if (known.has(name)) continue;
    yield {
      rule: 'stranger',
      level: 'warning',
      message: `agent_mailboxes/${JSON.stringify(name).slice(1, -1)} is no mailbox: not a folder, or not an agent's name.`,
      hint: 'Move it away by hand; dreamos does not look into it.',
    };
  }
  const topics = new Set(await topicNames(ctx));
  for (const name of (await ctx.disk.list(ctx.layout.topics)) ?? []) {
    if (topics.has(name)) continue;
    yield {
      rule: 'stranger',
      level: 'warning',
      message: `topics/${JSON.stringify(name).slice(1, -1)} is no topic's log: not a folder, or not a topic's name.`,
      hint: 'Move it away by hand; dreamos does not look into it.',
    };
  }
}

/** A log has the folders that were needed so far, and what cannot be read beside them. */
async function* inspectLogFolders(ctx: FileContext, log: Mailbox, { fix }: InspectOptions): AsyncGenerator<Finding> {
  for (const dir of [log.dir, log.archive, log.corrupt, log.events]) {
    if (await ctx.disk.stat(dir)) yield* inspectFolder(ctx, dir, fix);
  }
}

async function* inspectFolders(ctx: FileContext, mailbox: Mailbox, { fix }: InspectOptions): AsyncGenerator<Finding> {
  for (const dir of [mailbox.dir, ...mailboxFolders.map((folder) => `${mailbox.dir}/${folder}`)]) {
    yield* inspectFolder(ctx, dir, fix);
  }
  // Only where something was requested.
  if (await ctx.disk.stat(mailbox.requests)) yield* inspectFolder(ctx, mailbox.requests, fix);
  for (const path of [mailbox.card, mailbox.lastRead]) yield* inspectMode(ctx, path, fix);
}

async function* inspectCard(ctx: FileContext, mailbox: Mailbox, { fix }: InspectOptions): AsyncGenerator<Finding> {
  const file = await ctx.disk.read(mailbox.card, { maxBytes: maxFileBytes });
  if (file.ok && agentCardSchema.safeParse(parseJson(file.bytes)).success) return;
  if (fix) await rewriteCard(ctx, mailbox);
  yield { rule: 'card', level: 'problem', message: 'agent.json is missing or cannot be read.', fixed: fix };
}

async function rewriteCard(ctx: FileContext, mailbox: Mailbox): Promise<void> {
  if (await ctx.disk.stat(mailbox.card)) {
    await ensureFolder(ctx, mailbox.corrupt);
    await ctx.disk.rename(mailbox.card, `${mailbox.corrupt}/agent-${ctx.ids.token()}.json`);
  }
  const card = { name: mailbox.name, createdAt: new Date(ctx.clock.now()).toISOString() };
  await ctx.disk.replace(mailbox.card, `${JSON.stringify(card, null, 2)}\n`);
}

/** Not a defect, only work that somebody has to do: whoever reads next does it too. */
async function* inspectDue(
  ctx: FileContext,
  mailbox: Mailbox,
  { fix, policies, policy }: InspectOptions,
): AsyncGenerator<Finding> {
  if (!fix) return;
  const own = policies.get(mailbox.name) ?? policy;
  let moved = 0;
  for (let round = await recover(ctx, mailbox, own); round.moved > 0;) {
    moved += round.moved;
    round = await recover(ctx, mailbox, own);
  }
  if (moved > 0)
    yield { rule: 'due', level: 'info', message: `${moved} messages were due and have been moved.`, fixed: true };
}

/** What killed processes leave behind: files in tmp/, and `<name>.<number>` beside documents. */
async function* inspectLeftovers(ctx: FileContext, mailbox: Mailbox, { fix }: InspectOptions): AsyncGenerator<Finding> {
  for (const [dir, pattern, age] of [
    [mailbox.tmp, /^[0-9A-Z]{26}\.(?:jsonl?|jsonl\.gz)$/, dayMs],
    [mailbox.dir, /^agent\.json\.\d+$/, hourMs],
    [mailbox.dlq, /\.reason\.json\.\d+$/, hourMs],
  ] as const) {
    yield* sweep(ctx, dir, pattern, age, fix);
  }
}

async function* sweep(
  ctx: FileContext,
  dir: string,
  pattern: RegExp,
  ageMs: number,
  fix: boolean,
): AsyncGenerator<Finding> {
  for (const name of (await ctx.disk.list(dir)) ?? []) {
    const path = `${dir}/${name}`;
    if (!pattern.test(name) || !(await olderThan(ctx, path, ageMs))) continue;
    const fixed = fix && (await ctx.disk.remove(path));
    yield { rule: 'leftover', level: 'info', message: `${path} was left by a process that died.`, fixed };
  }
}

/** Broken lines; and what lies under a log's name and is not written to: a link, a device, a file's second name. */
async function* inspectEventLogs(ctx: FileContext, mailbox: Mailbox, { fix }: InspectOptions): AsyncGenerator<Finding> {
  for (const name of (await ctx.disk.list(mailbox.events)) ?? []) {
    const path = `${mailbox.events}/${name}`;
    const day = parseEventLog(name);
    const stat = day === undefined ? undefined : await ctx.disk.stat(path);
    if (day === undefined || !stat) continue;
    if (stat.kind === 'file' && stat.links <= 1) {
      yield* inspectMode(ctx, path, fix);
      const broken = await brokenLines(ctx, mailbox, day);
      const message = `Lines of events/${name} that cannot be read, and are passed over: ${broken}.`;
      if (broken > 0) yield { rule: 'event-lines', level: 'info', message };
      continue;
    }
    const why =
      stat.kind === 'file' ? 'it has another name somewhere else (a hard link)' : `it is a ${stat.kind}, not a file`;
    const fixed = fix && (await quarantine(ctx, mailbox, path, why));
    yield { rule: 'events', level: 'problem', message: `events/${name} is not written to: ${why}.`, fixed };
  }
}

async function* inspectDrop(ctx: FileContext, mailbox: Mailbox): AsyncGenerator<Finding> {
  for (const name of (await ctx.disk.list(mailbox.drop)) ?? []) {
    if (name.endsWith('.json') && !name.startsWith('.')) continue;
    yield {
      rule: 'drop',
      level: 'warning',
      message: `drop/${JSON.stringify(name).slice(1, -1)} is not adopted: only names that end in .json and do not begin with a dot are.`,
      hint: 'Rename it: see `dreamos help format`.',
    };
  }
}

async function olderThan(ctx: FileContext, path: string, ageMs: number): Promise<boolean> {
  const stat = await ctx.disk.stat(path);
  return stat !== undefined && ctx.clock.now() - stat.mtimeMs > ageMs;
}
