import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { countOption } from '../../cli/input/parse.ts';
import type { Dashboard, TokenMade } from '../../contract/security/serving.ts';
import { createToken, endToken } from '../../core/tokens/tokens.ts';
import type { Session } from '../../core/root/root.ts';
import { admit } from '../../core/root/operation.ts';
import { hourMs } from '../../model/basics/limits.ts';
import { DreamosError } from '../../model/errors.ts';
import { mostPort, usualAddress } from '../../server/place/address.ts';
import { runningServer } from '../../server/place/running.ts';
import { serve, type Served } from '../../server/serve.ts';
import { removePage, temporaryPage } from '../../storage/file/disk/foreign/page-file.ts';

export interface DashboardFlags {
  open?: boolean;
  port?: string;
}

/** As long as a day's work, so that nobody has to look after tokens. */
const expiresMs = 12 * hourMs;

export async function dashboardCommand(context: Context, { open = false, port }: DashboardFlags): Promise<void> {
  const { around, signal } = context;
  const wanted = countOption(port, '--port', mostPort);
  const session = await context.session();
  const agent = await context.mailbox(undefined, 'dashboard --as', '', 'as which agent the page acts');
  await admit(session, 'dashboard', { named: [agent] });
  const running = await runningServer(session);
  const token = await createToken(session, agent, { expiresMs });
  if (running?.http != null) return tell(context, addressOf(running.http, token), running.pid, token, open);
  let hurry: () => void = () => undefined;
  const letGo = around.holdExit(() => hurry());
  try {
    const served = await servePage(context, session, wanted);
    hurry = served.cut;
    context.endsBySignal = true;
    try {
      await tell(context, addressOf(served.about.http ?? '', token), served.about.pid, token, open);
      await context.output.note('It is served until Ctrl-C.');
      await new Promise<void>((resolve) => {
        if (signal.aborted) return resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    } finally {
      try {
        // Nobody can come by it any more.
        await endToken(session, token.id);
      } finally {
        await served.close();
      }
    }
  } finally {
    letGo();
  }
}

/** Without a socket: it is nobody's server but this page's, and several may run. */
async function servePage({ around, output }: Context, session: Session, wanted: number | undefined): Promise<Served> {
  const at = (port: number): Promise<Served> =>
    serve(session, {
      http: { ...usualAddress, port },
      version: around.version(),
      env: around.env,
      warn: (message) => void output.warn(message),
    });
  try {
    return await at(wanted ?? usualAddress.port);
  } catch (error) {
    const isTaken = error instanceof DreamosError && error.code === 'CANNOT_LISTEN';
    if (wanted !== undefined || !isTaken) throw error;
    return at(0);
  }
}

/** Behind the `#` it is sent to no server, and stands in no log. */
function addressOf(http: string, { token }: TokenMade): string {
  return `${http}/#token=${token}`;
}

async function tell(
  { output }: Context,
  url: string,
  pid: number,
  { agent, expiresAt }: TokenMade,
  open: boolean,
): Promise<void> {
  const dashboard: Dashboard = { url, agent, expiresAt: expiresAt ?? '', pid };
  await output.item(dashboard, () => url);
  await output.note(harmless(`Who has this address acts as ${agent}, until ${expiresAt}: show it to nobody.`));
  if (!open) return;
  const { openForUser } = await import('../../cli/handler/browser.ts');
  const page = temporaryPage(pageTo(url));
  const failed = await openForUser(page);
  if (failed === undefined) await new Promise((resolve) => setTimeout(resolve, readMs));
  removePage(page);
  if (failed !== undefined) await output.warn(`No browser was opened: ${failed}. Open the address by hand.`);
}

/** The browser has read the page by then. */
const readMs = 5000;

/** The address itself would stand in the list of processes, for every user of this machine. */
function pageTo(url: string): string {
  const text = url.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  return `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>dreamos</title><meta http-equiv="refresh" content="0;url=${text}">\n`;
}
