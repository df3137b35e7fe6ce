/**
 * With DREAMOS_TEST_SERVER=1 each root gets a server, and the commands of a test work on it through that, as far as they can:
 * `npm run test:server` runs what is here so.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withoutServer } from '../../src/contract/remote/through-server.ts';
import { project } from './runtime.ts';
import type { Terms } from './rig.ts';

export const isServed = process.env['DREAMOS_TEST_SERVER'] === '1';

export interface ServedRoot {
  /** Begins a server as soon as there is a root. */
  begin(): Promise<void>;
  /** What a command line gets into its environment. */
  env(words: readonly string[], terms: Terms): Record<string, string>;
  close(): Promise<void>;
}

const none: ServedRoot = { begin: async () => undefined, env: () => ({}), close: async () => undefined };

export function servedRoot(dir: string): ServedRoot {
  if (!isServed) return none;
  const root = join(dir, 'runtime', 'agent_comms');
  const socket = `${dir}.sock`;
  let serving: Promise<ChildProcess> | undefined;
  const begin = async (): Promise<void> => {
    if (!existsSync(join(root, 'config.json')) && !existsSync(join(root, 'agent_mailboxes'))) return;
    serving ??= serveIt(root, socket);
    await serving;
  };
  return {
    begin,
    env: (words, { env = {}, cwd, uid }) => {
      if (!serving || cwd !== undefined || uid !== undefined) return {};
      if (['DREAMOS_ROOT', 'DREAMOS_SERVER', 'HOME', 'DREAMOS_IDENTITY'].some((name) => name in env)) return {};
      const verbs = words.filter((word) => !word.startsWith('-'));
      const isRepair = verbs[0] === 'doctor' && words.includes('--fix');
      const isHere =
        isRepair || [verbs.slice(0, 2).join(' '), verbs[0] ?? ''].some((verb) => withoutServer(verb) !== undefined);
      return isHere ? {} : { DREAMOS_SERVER: `unix:${socket}` };
    },
    close: async () => {
      const child = await serving?.catch(() => undefined);
      if (child && child.exitCode === null && child.kill('SIGKILL')) await once(child, 'close');
      rmSync(socket, { force: true });
    },
  };
}

/** A process of its own, as a user has it. */
async function serveIt(root: string, socket: string): Promise<ChildProcess> {
  const home = dirname(dirname(root));
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, LANG: 'C.UTF-8' };
  const words = ['serve', '--socket', socket, '--root', root, '--json'];
  const child = spawn(process.execPath, [join(project, 'bin', 'dreamos.cjs'), ...words], { env, stdio: 'pipe' });
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('close', () => reject(new Error(`the server of a test did not begin: ${err}`)));
  });
  return child;
}

/** What cannot hold so, by the name of its test. */
export const notServed: Readonly<Record<string, string>> = {
  audit: 'a server notes which operation was called, and not by which words of the command',
  'every command has been run here': 'some of them are not (audit, serve)',
  'the server, its page, and tokens': 'it begins a server, and of two of one root the second says that one runs',
  'started before the deliveries and left alone':
    'the watches are the server’s, by which the test knows that it listens',
  'Ctrl-C ends a wait, with nothing reserved': 'the watches are the server’s, by which the test knows that it waits',
  'killed by SIGKILL loses nothing: the message comes again at once, and once':
    'what a worker held that was killed is given back by the server, with an event of its own',
};
