import type { Context } from '../cli/context.ts';
import { harmless } from '../cli/harmless.ts';
import type { HookBound } from '../contract/reach.ts';
import { bindSession } from '../core/reach/sessions.ts';
import { usage } from '../model/refusals.ts';
import { isSessionId } from '../storage/port/reach.ts';
import { hosts } from './hosts.ts';

export interface BindOptions {
  readonly host?: string;
  readonly session?: string;
}

/** Says whose a session is: the one that it is run in, if not given. */
export async function bindCommand(context: Context, agent: string, options: BindOptions): Promise<void> {
  const { env } = context.around;
  const found = Object.entries(hosts).flatMap(([host, { sessionIn }]) => {
    const session = options.session ?? sessionIn(env);
    const isMeant = options.host === undefined ? options.session === undefined : options.host === host;
    return isMeant && session !== undefined ? [{ host, session }] : [];
  });
  const [key] = found;
  if (!key || !isSessionId(key.session))
    throw usage(
      options.session === undefined
        ? 'No session of an agent is to be seen here: it is named by the tool that runs this command.'
        : `There can be no session ${JSON.stringify(options.session)} of ${options.host ?? 'an agent that is not named'}.`,
      `Name it: dreamos hook bind ${agent} --host claude --session <id>; or say it once for all sessions of a project: dreamos setup claude --as ${agent}`,
    );
  const { agent: name = agent, ...bound } = await bindSession(await context.session(), key, agent);
  const { host, session } = bound;
  await context.output.item({ agent: name, host, session } satisfies HookBound, () =>
    harmless(`This session of ${host} is ${name}: its mail is announced here.`),
  );
}
