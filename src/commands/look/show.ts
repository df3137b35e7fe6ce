import type { Context } from '../../cli/context.ts';
import { printMessage } from '../../cli/print-message.ts';
import { entryJson, signatureIn } from '../../contract/json.ts';
import type { ShownJson } from '../../contract/look.ts';
import { messageView, placeLine, signatureLine, unsealedLine } from '../../cli/show/message-view.ts';
import { harmless } from '../../cli/harmless.ts';
import { orWhoseItIs } from '../../cli/held/meant.ts';
import { checkId, given } from '../../cli/input/parse.ts';
import { checkHandedOut } from '../../core/identity/signatures/look.ts';
import { show } from '../../core/look/show.ts';
import { usage } from '../../model/refusals.ts';

export async function showCommand(
  context: Context,
  id: string,
  options: { mailbox?: string; body?: boolean; unseal?: boolean },
): Promise<void> {
  if (options.body && context.output.json) throw usage('--json and --body are two formats.', 'Leave out one of them.');
  const session = await context.session();
  const where = given({ mailbox: options.mailbox });
  const look = () => show(session, checkId(id), { ...where, ...given({ unseal: options.unseal }) });
  const found = await (options.mailbox === undefined ? look() : orWhoseItIs(context, id, where, look));
  if (options.body) {
    await checkHandedOut(session, found.message, found);
    return printBody(context, found.message.body);
  }
  const entries = found.entries.map((entry) => entryJson(entry, session.acting));
  const paint = await context.output.paint();
  const { message, unsealed } = found;
  const json = { message, entries, ...signatureIn(found), ...(unsealed && { unsealed }) } satisfies ShownJson;
  const extra = [...signatureLine(found), ...unsealedLine(found), ...entries.map(placeLine)];
  await printMessage(context.output, message.id, json, () =>
    messageView(message, extra, paint, session.clock.now(), context.output.width),
  );
}

/** Into a file or a pipe as it was sent, to the last byte; on a terminal it cannot steer it. */
async function printBody({ around, output }: Context, body: string): Promise<void> {
  if (around.stdout.isTTY !== true) return output.data(body);
  await output.data(`${harmless(body, 'block').replace(/\n$/, '')}\n`);
}
