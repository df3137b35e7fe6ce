/** One call of a server over its unix socket, and the lines that both say there. Each has a connection of its own. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { DreamosError, type ErrorCode, errorKinds } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import { strangerAt } from '../../storage/file/disk/foreign/socket-files.ts';
import { onAbort } from '../wait/on-abort.ts';
import { callPath, handedOver, lineBytesHeader, type Line, type Question, type Said } from './protocol.ts';
import { Gone, noServer, notOurs, turnedAway, unreachable } from './refusals.ts';

export interface Server {
  /** As it was named, for messages. */
  readonly name: string;
  readonly socket: string;
}

/** The longest path that every system takes for a socket; beyond it Node cuts it without a word. */
const mostPathBytes = 103;

/** @param said `unix:<path>` @throws USAGE */
export function serverAt(said: string): Server {
  const socket = said.startsWith('unix:') ? said.slice('unix:'.length) : '';
  if (!socket.startsWith('/')) throw noServer(said);
  const bytes = Buffer.byteLength(socket);
  if (bytes > mostPathBytes)
    throw usage(
      `The path of a socket has at most ${mostPathBytes} bytes, and this one has ${bytes}.`,
      'Have it listen at a shorter one: dreamos serve --socket /tmp/mail.sock',
    );
  return { name: said, socket };
}

interface Who {
  readonly acting?: string | undefined;
}

/**
 * @param signal is told to the server; the last line still comes
 * @throws SERVER_UNREACHABLE: nothing was done; Gone; what the server refuses before it begins
 */
export async function* ask(
  server: Server,
  who: Who,
  question: Question,
  signal?: AbortSignal,
): AsyncGenerator<Line, void, undefined> {
  const sent = post(server, who, question);
  let isOver = false;
  const unlisten = signal && onAbort(signal, () => void sent.say('end'));
  try {
    let rest = '';
    for await (const chunk of (await sent.answered) as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) {
        const line = JSON.parse(text) as Line;
        isOver = 'end' in line || 'error' in line;
        // Before anybody has it: who is killed behind that keeps it until its lease ends, and not for nothing.
        if (handedOver(question.call, line.end) !== undefined) await sent.say('have');
        yield line;
        if (isOver) return;
      }
    }
    throw new Gone('its answer broke off');
  } catch (error) {
    throw error instanceof DreamosError || error instanceof Gone || isOver ? error : gone(error);
  } finally {
    isOver = true;
    unlisten?.();
    sent.end();
  }
}

interface Sent {
  /** @throws as `ask` */
  readonly answered: Promise<IncomingMessage>;
  /** @returns when the system has it; also where the server is gone by now: then it leaves the claim to its lease */
  say(said: Said['said']): Promise<void>;
  end(): void;
}

/** @throws SERVER_UNREACHABLE: what listens there is another user's, who would get what is said */
function post(server: Server, { acting }: Who, question: Question): Sent {
  const stranger = strangerAt(server.socket);
  if (stranger !== undefined) throw unreachable(server.name, `its socket belongs to another user (uid ${stranger})`);
  const line = `${JSON.stringify(question)}\n`;
  const sent = request({
    socketPath: server.socket,
    method: 'POST',
    path: callPath,
    // A connection that was kept might be closed by now, and nobody would know whether the call was heard.
    agent: false,
    headers: {
      // One value of many: a list of drafts may be long.
      'content-type': 'application/jsonl',
      [lineBytesHeader]: Buffer.byteLength(line),
      ...(acting !== undefined && { 'dreamos-agent': acting }),
    },
  });
  const answered = responseOf(server, sent);
  sent.write(line);
  const say = (said: Said['said']): Promise<void> =>
    new Promise((resolve) => {
      sent.once('close', resolve);
      sent.write(`${JSON.stringify({ said } satisfies Said)}\n`, () => resolve());
    });
  return { answered, say, end: () => void sent.destroy() };
}

function gone(cause: unknown): Gone {
  return new Gone('its connection broke', { cause });
}

function responseOf(server: Server, sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let isConnected = false;
    sent.once('socket', (socket) => socket.once('connect', () => (isConnected = true)));
    // Also behind the answer: the server may be gone before it hears that it has arrived.
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (isConnected) reject(gone(error));
      else reject(unreachable(server.name, reasons[error.code ?? ''] ?? error.message, error));
    });
    sent.once('response', (response) => {
      response.setEncoding('utf8');
      if (response.statusCode === 200) return resolve(response);
      void refusal(server, response).then(reject, reject);
    });
  });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket',
  ECONNREFUSED: 'nobody listens there any more',
  EACCES: 'its socket is not for this user',
  ENOTSOCK: 'that is no socket',
};

/** What it says as RFC 9457 has it. */
async function refusal(server: Server, response: IncomingMessage): Promise<Error> {
  let text = '';
  for await (const chunk of response as AsyncIterable<string>) text += chunk;
  // There was not even time to read what is asked for.
  if (text === '' && response.statusCode === 503 && response.headers['retry-after'] !== undefined)
    return turnedAway(server.name);
  let problem: { code?: unknown; kind?: unknown; detail?: unknown; hint?: unknown } = {};
  try {
    problem = JSON.parse(text) as typeof problem;
  } catch {
    return notOurs(server.name);
  }
  const { code, detail, hint } = problem;
  const kind = errorKinds.find((one) => one === problem.kind);
  if (response.statusCode === 404 || typeof code !== 'string' || kind === undefined) return notOurs(server.name);
  const said = typeof hint === 'string' ? hint : undefined;
  return new DreamosError(kind, code as ErrorCode, String(detail), { hint: said });
}
