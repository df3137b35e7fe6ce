/** An operation as it is called over HTTP: where, with what, and what answers. */
import type * as z from 'zod/mini';
import { type OperationName, operations } from '../../contract/operations.ts';
import type { SchemaName } from '../../contract/schemas.ts';
import { onlyLooks } from '../../core/audit/what.ts';
import type { Session } from '../../core/root/root.ts';
import { once } from '../../model/schema.ts';

/** One request, once it is known who asks. */
export interface Call {
  /** Of who asks; what it warns of is told with the answer. */
  readonly session: Session;
  /** Aborted when its client has gone, or the server ends. By a getter of its class: who spreads a call names it. */
  readonly signal: AbortSignal;
  /** `Idempotency-Key`, unquoted. */
  readonly key: string | undefined;
  /** `If-Match`, as it was sent. */
  readonly ifMatch?: string | undefined;
  /** Which part of a list is asked for; one that has no pages has none. */
  readonly page?: Page;
  /** A claim that the answer hands over: it is given back, free, where the answer does not arrive; where it does, it is settled so. */
  hands(receipt: string, settle?: 'ack'): void;
}

export interface Page {
  /** At most so many and one, which tells that there are more; `undefined`: all. */
  readonly limit: number | undefined;
  /** Behind this place, as `cursorOf` said it. */
  readonly after: string | undefined;
}

type Input = z.ZodMiniObject;

/** A list that comes whole, and what tells its items apart, by which it is sorted. */
export interface Sorted {
  readonly by: (item: never) => string;
  /** `down`: the last first. */
  readonly order?: 'down';
}

export interface Route<In extends Input = Input> {
  readonly operation: OperationName;
  /** GET takes it as a query, POST as JSON. */
  readonly input: () => In;
  /** @returns what `--json` prints of it; where there are several: these, one after the other; `undefined`: there is nothing */
  readonly run: (call: Call, input: z.output<In>) => Promise<unknown> | AsyncIterable<unknown>;
  /** Where it is not what `effect` says: a look that takes more than fits into a query, and what else only looks at what it might do. */
  readonly method?: 'POST' | 'GET';
  /** Where it is not what the operation says: over HTTP one is named, and one is the answer, or the contrary. */
  readonly each?: boolean;
  /** What answers, where it is not what the command prints. */
  readonly output?: SchemaName;
  /** The field that JSON Lines fill, each with one of it. */
  readonly lines?: string;
  /** It may make something: whether it has. 201 says so. */
  readonly isNew?: (made: never) => boolean;
  /** `Idempotency-Key` is its dedupe key. */
  readonly keyed?: true;
  /** A list that comes in pages. `placed`: the operation goes on behind a cursor by itself. */
  readonly pages?: 'placed' | Sorted;
  /** What `ETag` says of a look's answer where it has a version, which is asked for before it: of then, or older. */
  readonly version?: (session: Session, input: z.output<In>) => Promise<number | undefined>;
  /** What `ETag` says of it else: the same text for the same thing. */
  readonly tag?: (session: Session, input: z.output<In>, answer: unknown, text: string) => Promise<string | undefined>;
  /** It may be called for one version only (`If-Match`), which is what the tag of this look says. */
  readonly matches?: OperationName;
}

/** For the compiler, which then knows of `run` what `input` is. Its input is made when it is first called. */
export function route<In extends Input>(of: Route<In>): Route {
  return { ...of, input: once(of.input) } as unknown as Route;
}

export function methodOf({ operation, method }: Route): 'GET' | 'POST' {
  return method ?? (operations[operation].effect === 'looks' ? 'GET' : 'POST');
}

/** `/v1/dlq/retry` */
export function pathOf({ operation }: Route): string {
  return `/v1/${operation.replace('.', '/')}`;
}

/** Whether it may be called for no more than a look. */
export function mayLook(one: Route): boolean {
  return isLook(one, {}) || Object.hasOwn(one.input().shape, 'dryRun');
}

/** Whether this call of it is no more than a look. @param input as `inputOf` gives it */
export function isLook(one: Route, input: object): boolean {
  return methodOf(one) === 'GET' || looksAlways(one) || onlyLooks(one.operation, [input]);
}

function looksAlways({ operation }: Route): boolean {
  return operations[operation].effect === 'looks';
}

/** Whether several answer: `items`, or a line each. */
export function isList({ operation, each }: Route): boolean {
  return each ?? operations[operation].each ?? false;
}

/** A page, as the options of the core have it. */
export function behind(page: Page | undefined): { limit?: number; after?: string } {
  const { limit, after } = page ?? {};
  return { ...(limit !== undefined && { limit }), ...(after !== undefined && { after }) };
}
