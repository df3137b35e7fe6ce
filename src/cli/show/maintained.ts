import type { Maintained } from '../../contract/keep.ts';
import type { Context } from '../context.ts';

/** A line, or an object, for each thing that was done. @param nothing said when there was none */
export async function printMaintained(
  context: Context,
  done: AsyncIterable<Maintained>,
  nothing: string,
): Promise<void> {
  let some = false;
  for await (const one of done) {
    some = true;
    await context.output.item(one, () => maintainedText(one));
  }
  if (!some && !context.signal.aborted) await context.output.note(nothing);
}

function maintainedText(one: Maintained): string {
  const { task, mailbox, day, count, bytes = 0, packedBytes, dryRun } = one;
  const messages = count === 1 ? '1 message' : `${count} messages`;
  const would = dryRun ? 'would be ' : '';
  const what = {
    due: `${messages} that ${count === 1 ? 'was' : 'were'} due: ${would}moved`,
    expired: `${messages} that outlived ${count === 1 ? 'its' : 'their'} time-to-live: ${would}moved to the dead-letter queue`,
    pack: `archive of ${day}: ${messages} ${would}packed, ${bytes} bytes${packedBytes === undefined ? '' : ` to ${packedBytes}`}`,
    prune: `archive of ${day}: ${messages} ${would}removed, ${bytes} bytes`,
    audit: `audit of ${day}: ${would}removed, ${bytes} bytes`,
    events: `event log of ${day}: ${would}removed, ${bytes} bytes`,
    schedule: `the schedule ${one.schedule}: 1 message ${would}sent`,
    topic: `the topic ${one.topic}: ${messages} ${would}removed, ${bytes} bytes`,
    reservations: `${count} ${count === 1 ? 'reservation that was' : 'reservations that were'} over: ${would}removed`,
    alerts: `${count} ${count === 1 ? 'alert' : 'alerts'}: told`,
    config: `the settings, edited by hand: ${would}kept as a version`,
    policy: `the policy, edited by hand: ${would}kept as a version`,
    dedupe: `${count} old dedupe ${count === 1 ? 'key' : 'keys'}: ${would}removed`,
    reach: `${count} ${count === 1 ? 'session' : 'sessions'} of agents' tools that are over: ${would}forgotten`,
  }[task];
  return mailbox === undefined ? what : `${mailbox}: ${what}`;
}
