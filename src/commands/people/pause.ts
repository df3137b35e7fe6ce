import type { Context } from '../../cli/context.ts';
import { pauseAgent, pauseOf, resumeAgent } from '../../core/agents/pause.ts';

export async function pauseCommand(context: Context, name: string | undefined): Promise<void> {
  const session = await context.session();
  const paused = await pauseAgent(session, await context.mailbox(name, 'pause'));
  await context.output.outcome(paused, () =>
    paused.changed
      ? `Paused ${paused.name}: it takes mail, and nothing is claimed from it.`
      : `No change: ${pauseOf(paused)}.`,
  );
  await context.output.note(`To deliver its mail again: dreamos resume ${paused.name}${context.flags()}`);
}

export async function resumeCommand(context: Context, name: string | undefined): Promise<void> {
  const session = await context.session();
  const resumed = await resumeAgent(session, await context.mailbox(name, 'resume'));
  await context.output.outcome(resumed, () =>
    resumed.changed ? `Resumed ${resumed.name}: its mail is delivered again.` : `${resumed.name} was not paused.`,
  );
}
