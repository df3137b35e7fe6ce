/** What answers beside the routes of operations: streams, calls of dreamos' own clients, the page's files. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OperationName } from '../../contract/operations.ts';
import type { Call } from './route.ts';

export interface Exchange {
  /** Without its body. */
  readonly request: Request;
  readonly incoming: IncomingMessage;
  /** Of a HEAD nothing is written but the head. Who writes by himself gives back `undefined`. */
  readonly outgoing: ServerResponse;
}

/** Of who is known, and counted by what he brings. */
export interface ProvedExchange extends Exchange {
  /**
   * The first line of a body that goes on while it is answered. @param heard each further one @throws what app.ts answers
   */
  talk(heard: (said: unknown) => void): Promise<unknown>;
}

interface Mounted {
  readonly method: 'GET' | 'POST';
  /** Exactly this. */
  readonly path: string;
}

/** For whoever may ask for it: who that is, is known by then. */
export interface Mount extends Mounted {
  /** By what the audit knows it, and a server that is read-only whether it may be done; absent: it tells of the server alone. */
  readonly operation?: OperationName;
  readonly run: (call: Call, exchange: ProvedExchange) => Promise<Response | undefined>;
}

/** For everybody who reaches the server: it tells nothing of the root. */
export interface OpenMount extends Mounted {
  readonly open: true;
  readonly run: (exchange: Exchange) => Promise<Response> | Response;
}
