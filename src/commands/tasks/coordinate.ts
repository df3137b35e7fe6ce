import type { Coordinated } from '../../contract/tasks.ts';
import type { Context } from '../../cli/context.ts';
import { durationOption, given } from '../../cli/input/parse.ts';
import { sayWaiting } from '../../cli/waiting.ts';
import { coordinate } from '../../core/tasks/coordinate.ts';
import { checkLease } from '../../core/take/lease.ts';
import { actorOf } from '../../core/root/names.ts';

export async function coordinateCommand(context: Context, options: { lease?: string }): Promise<void> {
  const { output, signal } = context;
  const leaseMs = durationOption(options.lease, '--lease');
  if (leaseMs !== undefined) checkLease(leaseMs);
  const session = await context.session();
  const agent = actorOf(session, 'coordinates');
  let stop = sayWaiting(context, 'the role of coordinator');
  let token = 0;
  const tell = (told: Omit<Coordinated, 'agent' | 'token'>, text: string): Promise<void> =>
    output.item({ agent, token, ...told }, () => text);
  try {
    await coordinate(session, {
      ...given({ leaseMs }),
      signal,
      onRole: async (role) => {
        stop();
        token = role.token;
        if (role.holds) return tell({ holds: true }, `${agent} coordinates (token ${token}); Ctrl-C gives it back.`);
        if (!signal.aborted) stop = sayWaiting(context, 'the role of coordinator');
        return tell({ holds: false }, `${agent} does not coordinate any more.`);
      },
      onTended: ({ released, tookOver, assigned }) =>
        tell({ holds: true, released, tookOver, assigned }, tendedText(released, tookOver, assigned)),
    });
  } finally {
    stop();
  }
}

function tendedText(released: number, tookOver: number, assigned: number): string {
  const said = [
    released > 0 && `${released} can begin`,
    assigned > 0 && `${assigned} assigned`,
    tookOver > 0 && `${tookOver} taken over from who is gone`,
  ];
  return said.filter(Boolean).join(', ');
}
