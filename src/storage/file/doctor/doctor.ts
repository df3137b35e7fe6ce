/**
 * `dreamos doctor`: checks every rule of the format as a list of named steps, and repairs what is safe to repair while
 * others work on the same root. What is not safe is said, with what to do.
 */
import { DreamosError } from '../../../model/errors.ts';
import { isLog, logOf } from '../../../model/topic.ts';
import type { Finding, InspectOptions } from '../../port/upkeep.ts';
import type { FileContext } from '../disk/context.ts';
import { inspectDays } from './ahead.ts';
import { inspectAudit } from './audit.ts';
import { inspectEntries } from './entries.ts';
import { inspectOrderingKeys } from './keys.ts';
import { inspectDedupe, inspectRoot } from './root.ts';
import { type Mailbox } from '../names/layout.ts';
import { mailboxNames } from '../documents/agents.ts';
import { topicNames } from '../documents/topics.ts';
import { inspectFileSystem, inspectLocks, inspectRootLeftovers, inspectStrangers } from './place.ts';
import { inspectOutbox } from './outbox.ts';
import {
  inspectTopicLogFolders,
  inspectEventLogs,
  inspectFolders,
  inspectCard,
  inspectDue,
  inspectLeftovers,
  inspectDrop,
} from './mailbox.ts';
import { inspectKeptDocuments, inspectKeptOfMailbox } from './kept.ts';

type Step<Subject> = (ctx: FileContext, subject: Subject, options: InspectOptions) => AsyncIterable<Finding>;

const rootSteps: readonly Step<undefined>[] = [
  inspectFileSystem,
  inspectKeptDocuments,
  inspectRoot,
  inspectAudit,
  inspectOutbox,
  inspectDedupe,
  inspectLocks,
  inspectRootLeftovers,
  inspectStrangers,
];
const topicLogSteps: readonly Step<Mailbox>[] = [inspectTopicLogFolders, inspectDays, inspectEventLogs, inspectEntries];
const mailboxSteps: readonly Step<Mailbox>[] = [
  inspectFolders,
  inspectKeptOfMailbox,
  inspectCard,
  inspectDue,
  inspectLeftovers,
  inspectDrop,
  inspectDays,
  inspectEventLogs,
  inspectEntries,
  inspectOrderingKeys,
];

export async function* inspect(ctx: FileContext, options: InspectOptions): AsyncGenerator<Finding, void, void> {
  for (const step of rootSteps) yield* tried(() => step(ctx, undefined, options), options);
  const topicLogs = (await topicNames(ctx)).map(logOf);
  for (const name of [...(await mailboxNames(ctx)), ...topicLogs]) {
    const looked = tried(() => inspectMailbox(ctx, ctx.layout.mailbox(name), options), options);
    for await (const finding of looked) yield { mailbox: name, ...finding };
  }
}

async function* inspectMailbox(ctx: FileContext, mailbox: Mailbox, options: InspectOptions): AsyncIterable<Finding> {
  // Where not even its folder can be read, one finding says it all. Who repairs has begun nothing there, and goes on.
  try {
    await ctx.disk.list(mailbox.dir);
  } catch (error) {
    yield unreadable(error);
    return;
  }
  for (const step of isLog(mailbox.name) ? topicLogSteps : mailboxSteps) {
    if (options.signal?.aborted) return;
    yield* tried(() => step(ctx, mailbox, options), options);
  }
}

/** What cannot be looked into is a finding, and the others follow. Who repairs is told that he could not. */
async function* tried(
  step: () => AsyncIterable<Finding>,
  { fix }: InspectOptions,
): AsyncGenerator<Finding, void, void> {
  try {
    yield* step();
  } catch (error) {
    if (fix) throw error;
    yield unreadable(error);
  }
}

/** @throws what is no failure of the disk */
function unreadable(error: unknown): Finding {
  if (!(error instanceof DreamosError)) throw error;
  const { message, hint } = error;
  return { rule: 'unreadable', level: 'problem', message, ...(hint !== undefined && { hint }) };
}
