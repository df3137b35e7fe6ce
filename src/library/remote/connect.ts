import { type ConnectOptions, connectRoot } from '../../core/remote/connect.ts';
import { usage } from '../../model/refusals.ts';
import { call, checkArguments, type Options, record, text } from '../arguments.ts';
import type { Dreamos } from '../dreamos.ts';
import { bindTo, surrounded } from '../library.ts';

const options: Options<ConnectOptions> = { server: text, as: text, label: text, env: record, warn: call };

/**
 * Works on the root that a server has opened (`dreamos serve`), as `open` does on one that is here. Handlers of `work` are called
 * here, and the claims of `consume` are settled from here. A read that waits goes on where the server is begun anew meanwhile, and
 * so do `watch` and `listen`, behind the last cursor that they told: nothing is told twice or left out.
 * What works on the root itself, with keys or with commands is refused with USAGE: `backup`, `export`, `import`, `doctor`,
 * `maintain`, `identity`, `trust`, `alerts.check`, `alerts.test`. Every call may throw SERVER_UNREACHABLE, which says whether it may
 * have been done; a send then throws SEND_UNCERTAIN.
 * @throws USAGE, NAME_INVALID, SERVER_UNREACHABLE, SERVER_DIFFERS, UNAUTHENTICATED, FORBIDDEN
 */
export async function connect(how: ConnectOptions = {}): Promise<Dreamos> {
  checkArguments([options], [how]);
  const { server: named, ...who } = how;
  const surroundings = surrounded(who);
  const server = named ?? surroundings.env?.['DREAMOS_SERVER'];
  if (!server)
    throw usage('It is not said where the server listens.', "So: connect({ server: 'unix:/path/to/its/socket' })");
  return bindTo(await connectRoot(server, surroundings));
}
