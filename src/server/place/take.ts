/**
 * Taking the place of a root's server. One process at a time does it, by a lock in the root: of two that find the socket of a
 * server that was killed, the second one would else remove what the first one has just made.
 */
import type { Serving } from '../../contract/security/serving.ts';
import { changeDocument } from '../../core/root/documents.ts';
import type { Session } from '../../core/root/root.ts';
import { DreamosError } from '../../model/errors.ts';
import {
  cannotListen,
  checkSocketPath,
  madePrivately,
  processHere,
  removeSocket,
  socketPlace,
} from '../../storage/file/disk/foreign/socket-files.ts';
import { notedServer, runningServer, whoIsAt } from './running.ts';

/**
 * @param listen at the socket at once; what it makes is this user's alone
 * @param rest what has to be there as well before others are told of it
 * @throws SERVER_RUNNING, CANNOT_LISTEN, and what `rest` throws
 */
export async function takePlace(
  session: Session,
  socket: string,
  listen: () => Promise<void>,
  rest: () => Promise<Serving>,
): Promise<Serving> {
  checkSocketPath(socket);
  return session.store.documents.withLock('serve', async () => {
    const other = await runningServer(session);
    if (other) throw runs(other, session);
    if (socketPlace(socket) === 'socket') await takeOver(session, socket);
    await madePrivately(listen);
    const about = await rest();
    const { pid, since, http } = about;
    await note(session, { pid, since, socket, http, ...processHere(pid) });
    return about;
  });
}

async function takeOver(session: Session, socket: string): Promise<void> {
  const there = await whoIsAt(socket);
  if (there === 'another')
    throw cannotListen(`Another program listens at ${socket}.`, 'Name another: dreamos serve --socket <path>');
  if (there !== 'nobody') throw runs(there, session);
  removeSocket(socket);
}

function runs({ pid, root, socket }: Serving, session: Session): DreamosError {
  const whose = root === session.path ? 'of this root' : `of the root ${root}`;
  const hint =
    root === session.path
      ? 'What it is: dreamos serve status; to end it: dreamos serve stop'
      : 'Name another socket: dreamos serve --socket <path>';
  return new DreamosError(
    'conflict',
    'SERVER_RUNNING',
    `The server ${whose} runs already, as process ${pid}, at ${socket}.`,
    {
      hint,
    },
  );
}

/** Says that it listens no more, unless another one has taken the place. */
export async function leavePlace(session: Session, { pid, since }: Serving): Promise<void> {
  const noted = await notedServer(session);
  if (noted?.pid === pid && noted.since === since) await note(session, {});
}

async function note({ store }: Session, value: object): Promise<void> {
  const { documents } = store;
  try {
    await changeDocument(documents, 'server', () => value);
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'CONFIG_INVALID') throw error;
    throw new DreamosError('invalid', 'CONFIG_INVALID', error.message, {
      hint: 'It says only where a server listens: remove it, and start the server again',
      cause: error,
    });
  }
}
