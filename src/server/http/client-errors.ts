/**
 * What is no HTTP, or comes too late: answered as node:http does it where nobody listens. But a request that is a talk has no end
 * as long as its answer has none, and is not too late.
 */
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

const talking = new WeakSet<Duplex>();
const answering = new WeakMap<Duplex, ServerResponse>();

/** Its request goes on for as long as it is answered. */
export function staysOpen(connection: Duplex): void {
  talking.add(connection);
}

/** A word for whoever sends what cannot be read would land within this answer. */
export function isAnswered(connection: Duplex, by: ServerResponse): void {
  answering.set(connection, by);
}

const tooLate = 'ERR_HTTP_REQUEST_TIMEOUT';

const answers: Readonly<Record<string, string>> = {
  [tooLate]: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
};

export function answerClientError(error: NodeJS.ErrnoException, connection: Duplex): void {
  const { code = '' } = error;
  if (code === tooLate && talking.has(connection)) return;
  const answer = answering.get(connection);
  const isWithin = answer !== undefined && answer.headersSent && !answer.writableFinished;
  if (connection.writable && !isWithin)
    connection.write(`HTTP/1.1 ${answers[code] ?? '400 Bad Request'}\r\nConnection: close\r\n\r\n`);
  connection.destroy(error);
}
