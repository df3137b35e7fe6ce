/** `dreamos hook <host> --guard`: before a tool changes files, whether somebody else has reserved one of them. */
import { quoteWord } from '../model/basics/shell-word.ts';
import type { Context } from '../cli/context.ts';
import { harmless } from '../cli/harmless.ts';
import { checkReservations } from '../core/reserve/held.ts';
import { asItStands } from '../core/reserve/place.ts';
import { cut } from '../model/basics/text.ts';
import { DreamosError } from '../model/errors.ts';
import { hearFrom, hookWithin, whose } from './hook.ts';
import { hosts } from './hosts.ts';

const mostShown = 300;

/** Reservations are advice: what cannot be looked up in time is not refused. */
export async function guardCommand(context: Context, name: string): Promise<void> {
  const host = hosts[name];
  if (!host) return;
  await hookWithin(context, `${name} --guard`, async (isLate) => {
    const heard = await hearFrom(context, host);
    if (heard?.moment !== 'edit' || !heard.files || !host.refuse) return undefined;
    const session = await context.session();
    const key = { host: name, session: heard.session };
    const card = await whose(context, session, name, await session.store.reach.getSession(key));
    const { acting: _, ...nobody } = session;
    const who = card ? { ...session, acting: card.name } : nobody;
    const cwd = heard.cwd ?? context.around.cwd();
    let failed: DreamosError | undefined;
    for (const file of heard.files) {
      if (isLate()) return undefined;
      const checks = await checkReservations(who, file, { cwd, literal: true }).catch((error: unknown) => {
        if (!(error instanceof DreamosError)) throw error;
        // It hides none of the others.
        failed ??= error;
        return [];
      });
      const [by] = checks.flatMap(({ held }) => held);
      // Its path and reason are another agent's words; the file's name is the model's own.
      if (by) return host.refuse(heard, refusal(file, by.agent, by.until, context.flags()));
    }
    if (failed) throw failed;
    return undefined;
  });
}

function refusal(file: string, holder: string, until: string, flags: string): string {
  const shown = harmless(cut(file, mostShown));
  const word = shown === file ? quoteWord(asItStands(file)) : '<file>';
  return (
    `dreamos: ${shown} is reserved by ${holder} until ${until}. Work on something else meanwhile, or wait for it: ` +
    `\`dreamos reserve ${word} --wait 10m${flags}\`.`
  );
}
