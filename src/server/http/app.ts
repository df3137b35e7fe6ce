/** What a request goes through: who asks, which route, with what; and its answer. What was done is noted as a command's is. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { operations, type OperationName } from '../../contract/operations.ts';
import { sessionOn } from '../../core/open-root.ts';
import { isDenied, noteIfDenied } from '../../core/audit/note.ts';
import type { Root, Session } from '../../core/root/root.ts';
import { answerOf } from '../route/answer.ts';
import type { HandOvers } from '../route/handing.ts';
import type { Mount, OpenMount } from '../route/mount.ts';
import { onlyLooks } from '../route/refusal.ts';
import { type Call, isLook, mayLook, methodOf, pathOf, type Route } from '../route/route.ts';
import { inputOf } from '../route/take.ts';
import type { Access, Asking, Door } from './access.ts';
import { alreadySent, guarded, problemResponse, respond, write } from './answer.ts';
import { broughtIn, type Reading, talkOf } from './body.ts';
import type { BodyRoom } from './body-room.ts';
import { staysOpen } from './client-errors.ts';
import { goneOf } from './gone.ts';
import { type Known, pathIn } from './guard.ts';
import { keepNone } from './keep-none.ts';
import type { Places } from './places.ts';
import type { Unproved } from './unproved.ts';

/** A request, with what it came by and where its answer goes. */
interface Came {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly door: Door;
}

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
  /** Of what guard.ts lets through. @returns when it is answered, or its answer has begun */
  readonly answer: (came: Came) => Promise<void>;
  readonly known: Known;
}

export function createApp(options: AppOptions): App {
  const answers = new Map<string, Map<string, App['answer']>>();
  const at = (method: string, path: string, answer: App['answer']): void => {
    const methods = answers.get(path) ?? new Map<string, App['answer']>();
    answers.set(path, methods.set(method, answer));
    if (method === 'GET') methods.set('HEAD', answer);
  };
  for (const route of options.routes) at(methodOf(route), pathOf(route), (came) => answerRoute(came, route, options));
  for (const mount of options.mounts) at(mount.method, mount.path, (came) => answerMount(came, mount, options));
  const known = new Map([...answers].map(([path, methods]) => [path, new Set(methods.keys())]));
  return {
    answer: async (came) => {
      const { method = '', url = '' } = came.incoming;
      await answers.get(pathIn(url))?.get(method)?.(came);
    },
    known,
  };
}

async function answerRoute(came: Came, route: Route, options: AppOptions): Promise<void> {
  const { incoming, outgoing } = came;
  const asking = { operation: route.operation, looks: mayLook(route) };
  try {
    const answer = await asked(came, options, asking, async (call, warnings) => {
      const brought =
        methodOf(route) === 'GET' ? {} : await broughtIn(incoming, outgoing, await readingOf(call, outgoing, options));
      const input = inputOf(route, { query: queryIn(incoming.url ?? ''), ...brought });
      if (options.readOnly && !isLook(route, input)) {
        const refusal = onlyLooks(route.operation);
        await noteIfDenied(call.session, route.operation, refusal);
        throw refusal;
      }
      const { accept, 'if-none-match': ifNoneMatch } = incoming.headers;
      return answerOf({ route, call, input, wanted: { accept, ifNoneMatch }, warnings: () => warnings });
    });
    await write(came, answer);
  } catch (error) {
    await respond(came, () => problemResponse(error, incoming.headers['if-match']));
  }
}

function queryIn(url: string): URLSearchParams {
  return url.includes('?') ? new URL(url, 'http://localhost').searchParams : new URLSearchParams();
}

function answerMount(came: Came, mount: Mount | OpenMount, options: AppOptions): Promise<void> {
  return respond(came, (request) =>
    mounted(came, request, mount, options).catch((error: unknown) =>
      problemResponse(error, came.incoming.headers['if-match']),
    ),
  );
}

async function mounted(came: Came, request: Request, mount: Mount | OpenMount, options: AppOptions): Promise<Response> {
  const { incoming, outgoing, door } = came;
  const exchange = { request, incoming, outgoing };
  if ('open' in mount) {
    keepNone(door, outgoing);
    return guarded(await mount.run(exchange));
  }
  const { operation } = mount;
  const looks = operation === undefined || operations[operation].effect === 'looks';
  return asked(came, options, { operation, looks }, async (call) => {
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
  { incoming, outgoing, door }: Came,
  { root, access, places, unproved, env, ending, handOvers, readOnly: isReadOnly }: AppOptions,
  { operation, looks }: { readonly operation: OperationName | undefined; readonly looks: boolean },
  answer: (call: Call, warnings: readonly string[]) => Promise<T>,
): Promise<T> {
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
  const { 'idempotency-key': key, 'if-match': ifMatch } = incoming.headers;
  const said = { key: typeof key === 'string' ? key.replace(/^"(.*)"$/, '$1') : undefined, ifMatch };
  const call = new RequestCall(session, said, handOver.hands, () => goneOf(outgoing, [ending, held.signal]));
  const made = await answer(call, warnings);
  await handOver.look();
  return made;
}

/** Not an object with a getter of its own: of each of these V8 makes a class, which stays until all that is old is collected. */
class RequestCall implements Call {
  readonly session: Session;
  readonly key: string | undefined;
  readonly ifMatch: string | undefined;
  readonly hands: Call['hands'];
  readonly #goneOf: () => AbortSignal;
  #gone: AbortSignal | undefined;

  constructor(
    session: Session,
    { key, ifMatch }: { readonly key: string | undefined; readonly ifMatch: string | undefined },
    hands: Call['hands'],
    gone: () => AbortSignal,
  ) {
    this.session = session;
    this.key = key;
    this.ifMatch = ifMatch;
    this.hands = hands;
    this.#goneOf = gone;
  }

  /** Made when it is first asked for. */
  get signal(): AbortSignal {
    return (this.#gone ??= this.#goneOf());
  }
}
