/** Every operation that can be called over HTTP, and why the others cannot. */
import type { Route } from '../route/route.ts';
import { configRoutes } from './config.ts';
import { keepRoutes } from './keep.ts';
import { lookRoutes } from './look.ts';
import { moreRoutes } from './more.ts';
import { peopleRoutes } from './people.ts';
import { sendRoutes } from './send.ts';
import { takeRoutes } from './take.ts';
import { taskRoutes } from './tasks.ts';
import { topicRoutes } from './topics.ts';

export const routes: readonly Route[] = [
  ...[...sendRoutes, ...takeRoutes, ...lookRoutes, ...peopleRoutes, ...topicRoutes],
  ...[...taskRoutes, ...keepRoutes, ...configRoutes, ...moreRoutes],
];

const streams = 'a stream: src/server/live/';
const filesHere = 'it reads or writes files of the user who runs it, and the server is another one than who asks';
const ownTools = 'it is about the tools and the terminal of who runs it';
const keysHere = 'a key is a file of the user who makes it, on his machine';
const listener = 'it is about the server itself';
const carries = 'its carrier brings it to the root itself';

/** By the operation's name. */
export const notOverHttp: Readonly<Record<string, string>> = {
  init: 'a server has a root',
  restore: 'a server has a root',
  load: 'a server has a root',
  move: 'it works on its root, and would have to be started again',
  ...{ backup: filesHere, dump: filesHere, export: filesHere, import: filesHere, 'config.edit': filesHere },
  ...{ watch: streams, listen: streams, 'tasks.watch': streams },
  work: 'its handler runs where its caller is: read, ack and nack do the rest',
  consume: 'it is read, again and again',
  coordinate: 'it is a role that a process keeps: dreamos coordinate',
  'schedule.fire': 'the server waits, and whoever waits sends what is due',
  ...{ hook: ownTools, 'hook.bind': ownTools, setup: ownTools, 'setup.check': ownTools, mcp: ownTools, wake: ownTools },
  ...{ completion: ownTools, help: ownTools },
  schema: '/openapi.json has them all',
  ...{
    'identity.create': keysHere,
    'identity.rotate': keysHere,
    'identity.revoke': keysHere,
    'trust.accept': keysHere,
    'trust.remove': keysHere,
  },
  ...{ bridge: carries, receive: carries },
  ...{ serve: listener, 'serve.status': listener, 'serve.stop': listener, dashboard: listener },
  ...{ 'token.create': listener, 'token.list': listener, 'token.revoke': listener },
};
