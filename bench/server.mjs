// A root's server in a process of its own, and clients that cost next to nothing: what they do is not what is measured.
import { createInterface } from 'node:readline';
import { connect } from 'node:net';
import { cleanEnv, command, start, stop } from './processes.mjs';

/** @returns `socket`: where it listens; `pid`; `stop` */
export async function serveRoot(root) {
  const child = start(process.execPath, [command, 'serve', '--root', root, '--json'], { env: cleanEnv(root) });
  const [line] = await Promise.race([
    new Promise((resolve) => createInterface(child.stdout).once('line', (text) => resolve([text]))),
    child.ended.then((code) => {
      throw new Error(`The server ended with ${code} before it listened.`);
    }),
  ]);
  const { socket } = JSON.parse(line);
  return { socket, pid: child.pid, stop: () => stop(child) };
}

export function requestText(method, path, { as, accept, body } = {}) {
  const json = body === undefined ? '' : JSON.stringify(body);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'host: localhost',
    ...(as === undefined ? [] : [`dreamos-agent: ${as}`]),
    ...(accept === undefined ? [] : [`accept: ${accept}`]),
    ...(body === undefined ? [] : ['content-type: application/json', `content-length: ${Buffer.byteLength(json)}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${json}`;
}

/** A connection that asks one thing after the other; answers have a length. */
export function createConnection(path) {
  const socket = connect(path);
  socket.setEncoding('latin1');
  let text = '';
  let waiting;
  socket.on('data', (chunk) => {
    text += chunk;
    const head = text.indexOf('\r\n\r\n');
    if (head === -1) return;
    const length =
      /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? (text.startsWith('HTTP/1.1 204') ? 0 : undefined);
    if (length === undefined) {
      waiting?.reject(new Error(`An answer without a length: ${text.slice(0, 300)}`));
      return;
    }
    const end = head + 4 + Number(length);
    if (text.length < end) return;
    const [status, body] = [Number(text.slice(9, 12)), text.slice(head + 4, end)];
    text = text.slice(end);
    if (status < 300) waiting?.resolve(body);
    else waiting?.reject(new Error(`${status} ${body}`));
  });
  const failed = (error) => waiting?.reject(error ?? new Error('The server has ended the connection.'));
  socket.on('error', failed).on('close', () => failed());
  return {
    /** @param request as `requestText` makes it @returns the body */
    ask: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(request);
      }),
    close: () => {
      waiting = undefined;
      socket.destroy();
    },
  };
}

/** @param onEvent with the JSON of each event @returns when it has begun; `close` ends it */
export function openStream(path, request, onEvent) {
  const socket = connect(path);
  socket.setEncoding('utf8');
  let text = '';
  return new Promise((resolve, reject) => {
    socket.on('error', reject).on('data', (chunk) => {
      if (text !== '') return read(chunk);
      if (!chunk.startsWith('HTTP/1.1 200')) return reject(new Error(chunk.slice(0, 500)));
      read(chunk);
      return resolve({ close: () => socket.destroy() });
    });
    const read = (chunk) => {
      text += chunk;
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 1) || ' ';
        const at = line.indexOf('data: ');
        if (at !== -1) onEvent(line.slice(at + 6));
      }
    };
    socket.write(request);
  });
}
