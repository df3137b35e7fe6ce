/** The server that runs for a root, if one does: asked at its own socket, since a number in a file may be another process by now. */
import { request } from 'node:http';
import { type Serving, serving } from '../../contract/security/serving.ts';
import type { Session } from '../../core/root/root.ts';
import { DreamosError } from '../../model/errors.ts';
import { jsonIn } from '../../model/basics/raw-json.ts';
import { type ProcessMark, processHere, usualSocketPath } from '../../storage/file/disk/foreign/socket-files.ts';

/** Where a server says what it is. */
export const aboutPath = '/v1/-/server';

/** A server that has so much to do that it does not answer in this time is one, too. */
const answerMs = 5000;

/** Who is at a socket: a server, nobody, or something that says nothing of the kind. */
export type AtSocket = Serving | 'nobody' | 'another';

/** @throws DISK_FAILED: it may not be opened */
export function whoIsAt(socketPath: string): Promise<AtSocket> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path: aboutPath, agent: false, timeout: answerMs }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.length > 100_000) answer.destroy();
      });
      answer.once('close', () => {
        const said = serving.safeParse(jsonIn(text));
        resolve(said.success ? said.data : 'another');
      });
    });
    asking.once('timeout', () => {
      asking.destroy();
      resolve('another');
    });
    asking.once('error', (error: NodeJS.ErrnoException) => {
      const { code = '' } = error;
      if (['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'].includes(code)) return resolve('nobody');
      if (code === 'EACCES' || code === 'EPERM')
        return reject(
          new DreamosError('disk', 'DISK_FAILED', `${socketPath} is a socket of another user (${code}).`, {
            hint: `Whose it is: ls -l ${socketPath}`,
            cause: error,
          }),
        );
      resolve('another');
    });
    asking.end();
  });
}

/** `undefined`: none runs. @throws DISK_FAILED */
export async function runningServer(session: Session): Promise<Serving | undefined> {
  const noted = await notedServer(session);
  const socket = noted?.socket ?? usualSocketPath(session.path);
  const at = socket === undefined ? 'nobody' : await whoIsAt(socket);
  if (typeof at === 'string') return undefined;
  // The socket may be another root's by now.
  return noted === undefined || (noted.pid === at.pid && noted.since === at.since) ? at : undefined;
}

/** @returns whether its process still runs; `undefined`: its number is not known to mean it here, so no signal may be sent there */
export async function processOf(session: Session, { pid, since }: Serving): Promise<(() => boolean) | undefined> {
  const noted = await notedServer(session);
  if (noted?.pid !== pid || noted.since !== since) return undefined;
  const runs = (): boolean => {
    const here = processHere(pid);
    return here !== undefined && here.begun === noted.begun && here.space === noted.space;
  };
  return runs() ? runs : undefined;
}

export interface Noted extends Partial<ProcessMark> {
  readonly pid: number;
  readonly since: string;
  readonly socket: string;
}

/** What the last one has noted of itself. One that cannot be read is none: it is written anew. */
export async function notedServer({ store }: Session): Promise<Noted | undefined> {
  let value: unknown;
  try {
    value = (await store.documents.get('server'))?.value;
  } catch (error) {
    if (error instanceof DreamosError && error.code === 'CONFIG_INVALID') return undefined;
    throw error;
  }
  const { pid, since, socket, begun, space } = (value ?? {}) as Partial<Noted>;
  return typeof pid === 'number' && typeof since === 'string' && typeof socket === 'string'
    ? { pid, since, socket, ...(typeof begun === 'string' && typeof space === 'string' && { begun, space }) }
    : undefined;
}
