/** What event logs say of the time of a backup. */
import type { FileContext } from '../disk/context.ts';
import { loggedDays, parseLine } from '../events/log-lines.ts';
import { mailboxNames } from '../documents/agents.ts';
import { isId } from '../../../model/id.ts';
import { dayOf, eventLog } from '../names/slots.ts';
import type { OpenFile } from '../disk/disk.ts';
import type { Collection } from './collection.ts';
import { partsOf, type Source, withFile } from './source.ts';

const newline = 0x0a;
const linesAtOnce = 512;
/** After these it is rightly nowhere. */
const endings = new Set(['purged', 'corrupt']);

/** The messages to which something has happened since the beginning, that belong into the backup, and are not in it. */
export async function idsToldOf(ctx: FileContext, collection: Collection): Promise<string[]> {
  const missing: string[] = [];
  for (const name of await mailboxNames(ctx)) {
    const mailbox = ctx.layout.mailbox(name);
    const unmet = new Set<string>();
    for (const day of await loggedDays(ctx, mailbox, dayOf(collection.begunAt))) {
      const path = eventLog(mailbox, day);
      await withFile(ctx, path, async (file) => {
        for await (const line of linesOf(partsOf(path, file))) {
          const event = parseLine(line.subarray(0, -1).toString());
          if (!event || !isId(event.id) || Date.parse(event.at) < collection.begunAt) continue;
          if (endings.has(event.event)) unmet.delete(event.id);
          else if (collection.isMissing(name, event.id)) unmet.add(event.id);
        }
      });
    }
    missing.push(...unmet);
  }
  return missing;
}

/** The lines of a log that tell of the time before the beginning: what is restored has not had the others. */
export async function toldBefore(path: string, file: OpenFile, begunAt: number): Promise<Source> {
  let size = 0;
  for await (const line of linesBefore(path, file, begunAt)) size += line.length;
  return { size, parts: linesBefore(path, file, begunAt) };
}

/** Many together, because each part costs its writer a turn. */
async function* linesBefore(path: string, file: OpenFile, begunAt: number): AsyncGenerator<Buffer, void, void> {
  let lines: Buffer[] = [];
  for await (const line of linesOf(partsOf(path, file))) {
    const event = parseLine(line.subarray(0, -1).toString());
    if (event && Date.parse(event.at) >= begunAt) continue;
    if (lines.push(line) < linesAtOnce) continue;
    yield Buffer.concat(lines);
    lines = [];
  }
  yield Buffer.concat(lines);
}

/** Those that have their end, with it. */
async function* linesOf(parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  let begun: Buffer[] = [];
  for await (const part of parts) {
    let start = 0;
    for (let end = part.indexOf(newline); end >= 0; end = part.indexOf(newline, start)) {
      yield begun.length === 0
        ? part.subarray(start, end + 1)
        : Buffer.concat([...begun, part.subarray(start, end + 1)]);
      begun = [];
      start = end + 1;
    }
    if (start < part.length) begun.push(part.subarray(start));
  }
}
