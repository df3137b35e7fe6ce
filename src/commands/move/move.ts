import type { Moved } from '../../contract/keep.ts';
import type { Context } from '../../cli/context.ts';
import { broken } from '../../cli/fit.ts';
import { harmless } from '../../cli/harmless.ts';
import { countOption, durabilityOption, given } from '../../cli/input/parse.ts';
import { type MoveOptions, moveRoot } from '../../core/move/move.ts';
import { usage } from '../../model/refusals.ts';

export interface MoveCommandOptions {
  to?: string;
  durability?: string;
  replicas?: string;
  resume?: boolean;
  abort?: boolean;
  dryRun?: boolean;
  purge?: boolean;
}

export async function moveCommand(
  context: Context,
  { resume, abort, dryRun, purge, ...said }: MoveCommandOptions,
): Promise<void> {
  const { output, signal } = context;
  const place = given({
    to: said.to,
    durability: durabilityOption(said.durability),
    replicas: countOption(said.replicas, '--replicas'),
  });
  const hows = [resume && '--resume', abort && '--abort', dryRun && '--dry-run', purge && '--purge'].filter(Boolean);
  if (hows.length > 1)
    throw usage(
      `"move" takes one of ${hows.join(' and ')}.`,
      'For example: dreamos move --to file:/mnt/mail --dry-run',
    );
  if (Object.keys(place).length > 0 && (resume || abort || purge))
    throw usage('A move that has begun knows where it goes; --to is for a new one.', `dreamos move ${hows.join('')}`);
  const how: MoveOptions['how'] = resume
    ? 'resume'
    : abort
      ? 'abort'
      : purge
        ? 'purge'
        : dryRun
          ? 'dry-run'
          : undefined;
  const onProgress = (messages: number): void => output.progress(`${messages} messages`);
  const onPlace = (root: string): void => void (context.at = root);
  const done = await moveRoot({ ...context.openOptions(), ...place, ...given({ how }), onProgress, onPlace, signal });
  if (!done) return;
  const told = withoutId(done);
  await output.outcome(told, () => broken(textOf(told), output.width));
  const gone = done.state === 'purged' ? done.left.filter((one) => /^\w[\w+]*:\/\//.test(one)) : [];
  if (gone.length > 0)
    await output.warn(
      `Other folders, and other machines, that name ${gone.join(' or ')} do not find the root any more: name its new place there, with --root or DREAMOS_ROOT.`,
    );
  if (done.state === 'moved')
    await output.note(`What was there stays until it is removed:\n  dreamos move --purge${context.flags()}`);
}

/** The id that a root would have in an engine is drawn anew for each move. */
function withoutId(done: Moved): Moved {
  if (done.state !== 'planned' || done.to === null || done.to.startsWith('file:')) return done;
  return { ...done, to: done.to.replace(/#.*$/s, '') };
}

function textOf({ state, from, to, messages, mailboxes, left }: Moved): string {
  const what = `${messages} ${messages === 1 ? 'message' : 'messages'} in ${mailboxes} ${mailboxes === 1 ? 'mailbox' : 'mailboxes'}`;
  const places = left.map((path) => `\n  ${harmless(path)}`).join('');
  switch (state) {
    case 'planned':
      return `Would move ${harmless(from)} to ${harmless(to ?? '')}\n  ${what}`;
    case 'moved':
      return `Moved ${harmless(from)} to ${harmless(to ?? '')}\n  ${what}`;
    case 'aborted':
      return `${harmless(from)} is where it was`;
    case 'none':
      return `Nobody moves ${harmless(from)}`;
    case 'purged':
    default:
      return left.length === 0 ? 'Nothing was left of moves' : `Removed${places}`;
  }
}
