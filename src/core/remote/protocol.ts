/**
 * What a client of dreamos' own and a server say to each other: `POST /v1/-/call` with a `Question`, which is a line of JSON, is
 * answered by such lines until one of them is the last (`end`, or `error`). The request stays open for as long: by further lines of
 * it (`Said`) the client says that its signal has come, and of a claim that it has arrived. A connection that its client ends before
 * has told nobody of the claim, and it is given back; of one that the server ends nobody knows, and the claim has its lease.
 * It is nobody's interface: both have to be of one version.
 */

/** Put in by the build; what runs from its sources is of one version with itself. */
declare const DREAMOS_VERSION: string;

export const ownVersion = typeof DREAMOS_VERSION === 'undefined' ? 'source' : DREAMOS_VERSION;

export const callPath = '/v1/-/call';
/** How many bytes the question has: the request has no length, since it goes on. Without it they are few. */
export const lineBytesHeader = 'dreamos-line-bytes';

/** Called first. */
export const hello = '-hello';
/** For as long as a consumer is there. */
export const takeUpCall = '-take-up';
/** Of a worker whose answer its recipient does not take. */
export const keepReplyCall = 'keepReply';
/** Before the name of what is looked up in the storage itself: `-store.documents.getAgent`. */
export const storeCall = '-store.';

/** What is looked up there, besides all operations: who there is, what is set, and what one holds. `each` comes bit by bit. */
export const storeLooks: Readonly<Record<string, 'one' | 'each'>> = {
  'documents.listAgents': 'one',
  'documents.getAgent': 'one',
  'documents.get': 'one',
  'documents.locate': 'one',
  'documents.lastGoodSettings': 'one',
  'documents.revisions': 'one',
  'documents.revision': 'one',
  'look.list': 'each',
  'look.find': 'one',
  'look.read': 'one',
  'look.listTopics': 'one',
  'journal.claims': 'one',
  'journal.cursor': 'one',
  'presence.get': 'one',
  'reach.sessions': 'one',
};

export interface Hello {
  readonly path: string;
  readonly version: string;
  /** Who asks, as far as the server knows it: a socket may be one agent's alone. */
  readonly agent?: string;
}

export interface Question {
  /** The version of who asks. */
  readonly v: string;
  /** An operation, or a function of it (server/calls/table.ts); or one of the names above. */
  readonly call: string;
  /** Its signal has come already. */
  readonly isEnded?: true;
  /** `packed`, as a list. */
  readonly args: unknown;
  /** What the consumer calls itself. */
  readonly label?: string;
  /** The settings among its variables; a server takes them from the root's own user alone. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Said {
  /** `end`: its signal has come, and its last line still comes; `have`: that has arrived. */
  readonly said: 'end' | 'have';
}

/** Each of these may hand a claim over. */
const claimingCalls: ReadonlySet<string> = new Set(['read', 'ask', 'tasks.next', 'tasks.accept']);

/** The receipt of the claim that is handed over, which is said to have arrived. @param result of the call, also as it travels */
export function handedOver(call: string, result: unknown): string | undefined {
  const { receipt, answer } = (result ?? {}) as { readonly receipt?: string; readonly answer?: { receipt: string } };
  return claimingCalls.has(call) ? (receipt ?? answer?.receipt) : undefined;
}

/** Exactly one of these fields; what is in them is `toJson`'s. */
export interface Line {
  readonly warn?: string;
  /** A function among the arguments is to be called. */
  readonly call?: { readonly name: number; readonly args: unknown };
  readonly item?: unknown;
  readonly end?: unknown;
  readonly error?: unknown;
  /** The server ends, and has not done it. */
  readonly ending?: true;
}
