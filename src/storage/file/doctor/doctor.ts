/**
 * `dreamos doctor`: checks every rule of the format as a list of named steps, and repairs what is safe to repair while
 * others work on the same root. What is not safe is said, with what to do.
 */
import { isLog, logOf } from '../../../model/topic.ts';
import type { Finding, InspectOptions } from '../../port/upkeep.ts';
import type { FileContext } from '../disk/context.ts';
import { inspectDays } from './ahead.ts';
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
  for (const step of rootSteps) yield* step(ctx, undefined, options);
  const topicLogs = (await topicNames(ctx)).map(logOf);
  for (const name of [...(await mailboxNames(ctx)), ...topicLogs]) {
    for (const step of isLog(name) ? topicLogSteps : mailboxSteps) {
      if (options.signal?.aborted) return;
      for await (const finding of step(ctx, ctx.layout.mailbox(name), options)) yield { mailbox: name, ...finding };
    }
  }
}
