/** What a request goes through: who asks, which route, with what; and its answer. What was done is noted as a command's is. */
import type { ServerResponse } from 'node:http';
import { type Context, Hono } from 'hono';
import type { HttpBindings } from '@hono/node-server';
import { operations, type OperationName } from '../../contract/operations.ts';
import { sessionOn } from '../../core/open-root.ts';
import { isDenied, noteIfDenied } from '../../core/audit/note.ts';
import type { Root } from '../../core/root/root.ts';
import { answerOf } from '../route/answer.ts';
import type { HandOvers } from '../route/handing.ts';
import type { Mount, OpenMount } from '../route/mount.ts';
import { onlyLooks } from '../route/refusal.ts';
import { type Call, isLook, mayLook, methodOf, pathOf, type Route } from '../route/route.ts';
import { inputOf } from '../route/take.ts';
import type { Access, Asking, Door } from './access.ts';
import { alreadySent, guarded, problemResponse, write } from './answer.ts';
import { broughtIn, type Reading, talkOf } from './body.ts';
import type { BodyRoom } from './body-room.ts';
import { staysOpen } from './client-errors.ts';
import { createGone } from './gone.ts';
import type { Known } from './guard.ts';
import { keepNone } from './keep-none.ts';
import type { Places } from './places.ts';
import type { Unproved } from './unproved.ts';

export type Env = { Bindings: HttpBindings & { readonly door: Door } };

export interface AppOptions {
  readonly root: Root;
  readonly routes: readonly Route[];
  readonly mounts: readonly (Mount | OpenMount)[];
  readonly access: Access;
  readonly unproved: Unproved;
  /** Where the keys of this user lie; no setting is read from it. */
  readonly env: NodeJS.ProcessEnv;
  /** Only what looks is done. */
  readonly readOnly: boolean;
  /** The most that one request may have, in bytes. */
  readonly mostBytes: () => Promise<number>;
  readonly bodyRoom: BodyRoom;
  readonly places: Places;
  readonly handOvers: HandOvers;
  /** Aborted when the server ends. */
  readonly ending: AbortSignal;
}

export interface App {
  readonly fetch: (request: Request, env: Env['Bindings']) => Promise<Response> | Response;
  readonly known: Known;
}

export function createApp(options: AppOptions): App {
  const app = new Hono<Env>();
  const known = new Map<string, Set<string>>();
  const at = (method: string, path: string, answer: (context: Context<Env>) => Promise<Response>): void => {
    const methods = known.get(path) ?? new Set();
    known.set(path, methods.add(method));
    if (method === 'GET') methods.add('HEAD');
    app.on(method, path, answer);
  };
  for (const route of options.routes)
    at(methodOf(route), pathOf(route), (context) => answerRoute(context, route, options));
  for (const mount of options.mounts) at(mount.method, mount.path, (context) => answerMount(context, mount, options));
  app.onError((error, { req }) => problemResponse(error, req.header('if-match')));
  return { fetch: (request, env) => app.fetch(request, env), known };
}

async function answerRoute(context: Context<Env>, route: Route, options: AppOptions): Promise<Response> {
  const { incoming, outgoing } = context.env;
  const asking = { operation: route.operation, looks: mayLook(route) };
  const answer = await asked(context, options, asking, async (call, warnings) => {
    const hasQuery = incoming.url?.includes('?') ?? false;
    const query = hasQuery ? new URL(context.req.url).searchParams : new URLSearchParams();
    const brought =
      methodOf(route) === 'GET' ? {} : await broughtIn(incoming, outgoing, await readingOf(call, outgoing, options));
    const input = inputOf(route, { query, ...brought });
    if (options.readOnly && !isLook(route, input)) {
      const refusal = onlyLooks(route.operation);
      await noteIfDenied(call.session, route.operation, refusal);
      throw refusal;
    }
    const { accept, 'if-none-match': ifNoneMatch } = incoming.headers;
    return answerOf({ route, call, input, wanted: { accept, ifNoneMatch }, warnings: () => warnings });
  });
  return write(outgoing, answer);
}

async function answerMount(context: Context<Env>, mount: Mount | OpenMount, options: AppOptions): Promise<Response> {
  const { incoming, outgoing, door } = context.env;
  const exchange = { request: context.req.raw, incoming, outgoing };
  if ('open' in mount) {
    keepNone(door, outgoing);
    return guarded(await mount.run(exchange));
  }
  const { operation } = mount;
  const looks = operation === undefined || operations[operation].effect === 'looks';
  return asked(context, options, { operation, looks }, async (call) => {
    const talk = async (heard: (said: unknown) => void): Promise<unknown> => {
      const room = (bytes: number): Promise<void> => options.bodyRoom.take(call.session, outgoing, bytes);
      const first = await talkOf(incoming, outgoing, { heard, room });
      // As long as it has not said what it wants, it has no more time than others.
      staysOpen(incoming.socket);
      return first;
    };
    const response = await mount.run(call, { ...exchange, talk });
    return response ? guarded(response) : alreadySent;
  });
}

async function readingOf(
  { session }: Call,
  outgoing: ServerResponse,
  { mostBytes, bodyRoom }: AppOptions,
): Promise<Reading> {
  return { mostBytes: await mostBytes(), room: (bytes) => bodyRoom.take(session, outgoing, bytes) };
}

/** Lets who may ask. @throws UNAUTHENTICATED, FORBIDDEN */
async function asked<T>(
  context: Context<Env>,
  { root, access, places, unproved, env, ending, handOvers, readOnly: isReadOnly }: AppOptions,
  { operation, looks }: { readonly operation: OperationName | undefined; readonly looks: boolean },
  answer: (call: Call, warnings: readonly string[]) => Promise<T>,
): Promise<T> {
  const { incoming, outgoing, door } = context.env;
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  let asking: Asking;
  try {
    asking = await access.whoAsks(door, incoming.headers);
    if (asking.token) places.prove(incoming.socket, asking.token.agent);
    if (isReadOnly && operation !== undefined && !looks) throw onlyLooks(operation);
  } catch (error) {
    keepNone(door, outgoing);
    const name = operation ?? 'serve';
    if (isDenied(error) && error.code === 'UNAUTHENTICATED') await unproved.note(name, error);
    else await noteIfDenied(sessionOn(root, { warn }), name, error);
    throw error;
  }
  const { agent } = asking;
  const session = sessionOn(root, {
    ...(agent !== undefined && { as: agent }),
    proved: asking.by !== 'socket',
    env,
    warn,
  });
  const handOver = handOvers.of(session, outgoing);
  const held = access.hold(asking);
  outgoing.once('close', held.release);
  const gone = createGone(outgoing, [ending, held.signal]);
  const { 'idempotency-key': key } = incoming.headers;
  const call: Call = {
    session,
    get signal() {
      return gone.signal;
    },
    key: typeof key === 'string' ? key.replace(/^"(.*)"$/, '$1') : undefined,
    ifMatch: incoming.headers['if-match'],
    hands: handOver.hands,
  };
  const made = await answer(call, warnings);
  await handOver.look();
  return made;
}
