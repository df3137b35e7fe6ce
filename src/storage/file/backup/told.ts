/** What event logs say of the time of a backup. */
import type { FileContext } from '../disk/context.ts';
import { loggedDays, parseLine } from '../events/log-lines.ts';
import { mailboxNames } from '../documents/agents.ts';
import { isId } from '../../../model/id.ts';
import { dayOf, eventLog } from '../names/slots.ts';
import type { Collection } from './collection.ts';

const newline = 0x0a;
/** After these it is rightly nowhere. */
const endings = new Set(['purged', 'corrupt']);

/** The messages to which something has happened since the beginning, that belong into the backup, and are not in it. */
export async function idsToldOf(ctx: FileContext, collection: Collection): Promise<string[]> {
  const missing: string[] = [];
  for (const name of await mailboxNames(ctx)) {
    const mailbox = ctx.layout.mailbox(name);
    const unmet = new Set<string>();
    for (const day of await loggedDays(ctx, mailbox, dayOf(collection.begunAt))) {
      const file = await ctx.disk.read(eventLog(mailbox, day), { maxBytes: Infinity });
      if (!file.ok) continue;
      for (const { line } of linesOf(file.bytes)) {
        const event = parseLine(line.toString());
        if (!event || !isId(event.id) || Date.parse(event.at) < collection.begunAt) continue;
        if (endings.has(event.event)) unmet.delete(event.id);
        else if (collection.isMissing(name, event.id)) unmet.add(event.id);
      }
    }
    missing.push(...unmet);
  }
  return missing;
}

/** The lines of a log that tell of the time before the beginning: what is restored has not had the others. */
export function toldBefore(bytes: Buffer, begunAt: number): Buffer {
  const kept: Buffer[] = [];
  for (const { line, whole } of linesOf(bytes)) {
    const event = parseLine(line.toString());
    if (!event || Date.parse(event.at) < begunAt) kept.push(whole);
  }
  return Buffer.concat(kept);
}

/** Those that have their end. */
function* linesOf(bytes: Buffer): Generator<{ readonly line: Buffer; readonly whole: Buffer }> {
  let start = 0;
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
    yield { line: bytes.subarray(start, end), whole: bytes.subarray(start, end + 1) };
    start = end + 1;
  }
}
