/**
 * With DREAMOS_TEST_STORE=redis the roots that tests make by `dreamos init` are kept by a Redis of this test file:
 * `npm run test:store` runs what is here so.
 */
import { startServer, type TestServer } from '../storage/redis/server.ts';

export const isStored = process.env['DREAMOS_TEST_STORE'] === 'redis';

let server: Promise<TestServer> | undefined;

/** What a command line that makes a root says besides. */
export async function storeWords(words: readonly string[]): Promise<readonly string[]> {
  if (!isStored || words[0] !== 'init' || words.some((word) => /^--(?:store|root|help)/.test(word))) return [];
  return ['--store', (await (server ??= startServer())).address];
}

/** At the end of a test file: vitest ends its processes by a signal, so that nothing could be done at their exit. */
export async function endStore(): Promise<void> {
  const one = await server;
  server = undefined;
  await one?.close();
}

/** What cannot hold so, by the name of its test. */
const looks = 'it looks into the files of a root, or puts some there';
export const notStored: Readonly<Record<string, string>> = {
  'versions of settings': 'it names the file that says where a setting is from',
  'archive, dlq, status, watch and config': looks,
  'backup, restore': 'an engine has its own',
  'every command has been run here': 'one of them is not (backup)',
  'of eight that check at once each message arrives once and each command runs once': looks,
  'checkers that are killed at any moment leave each message told once, and each command run': looks,
  'a checker that gets Ctrl-C ends its command, which counts as not run': looks,
  'of each ordering key one message is out at a time and they come in order, while 8 processes take, give back and are killed':
    looks,
  'a consumer of the same mailbox never gets the answer that a request waits for': looks,
  'the answer to a requester that was killed comes to its mailbox when its time is over': looks,
  'a request that is interrupted leaves nothing behind, and its answer is ordinary mail': looks,
  'a script answers a request by handing a file in': looks,
  'who waits with read gets what was missed, once': looks,
  'a schedules.json that nobody can read keeps nobody from his mail, and doctor tells of it': looks,
  'started before the deliveries and left alone': looks,
  'started after the deliveries, from the start': looks,
  'started in the middle, killed by SIGKILL again and again, and resumed with --since @file': looks,
  'stopped by SIGTERM again and again, and resumed with --since <cursor>': looks,
  'a message that comes while it waits wakes `read --wait` and `peek --wait` long before their time is over': looks,
  'what an older build let be nested too deeply is handed over as it was written, and holds nobody up': looks,
  'killed by SIGKILL loses nothing: the message comes again at once, and once': 'it comes when its lease ends',
  'killed by SIGKILL gives what it holds to those that wait, although nobody looks and leases are long':
    'it comes when its lease ends',
};
