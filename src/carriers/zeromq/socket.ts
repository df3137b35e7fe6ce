import { lookup } from 'node:dns/promises';
import { quoteWord } from '../../model/basics/shell-word.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import type { KeyPair } from './keys.ts';
import type { Zeromq } from './package.ts';

/** What both ends set: without the first line no IPv6 address is understood. */
export const socketOptions = (address: string) => ({
  ...(address.includes('[') && { ipv6: true }),
  // A machine that is gone says nothing.
  heartbeatInterval: 10_000,
  heartbeatTimeout: 30_000,
});

/** One for all who connect: of one that nobody uses any more the library keeps five files open, and a thread, as long as the process lives. */
const contexts = new WeakMap<Zeromq, InstanceType<Zeromq['Context']>>();

function contextOf(zmq: Zeromq): InstanceType<Zeromq['Context']> {
  let context = contexts.get(zmq);
  if (!context) contexts.set(zmq, (context = new zmq.Context({ blocky: false })));
  return context;
}

/** What who connects sets. @param far the public key of the other end */
export const dialOptions = (
  zmq: Zeromq,
  { address, keys, far }: { readonly address: string; readonly keys: KeyPair; readonly far: string },
) => ({
  ...socketOptions(address),
  context: contextOf(zmq),
  curveServerKey: far,
  curvePublicKey: keys.publicKey,
  curveSecretKey: keys.secretKey,
  linger: 0,
});

/** The library refuses a send while another one waits, and lets one wait after some hundred at once. They leave in the order of the calls. */
export function oneByOne<Frame>(send: (frame: Frame) => Promise<void>): (frame: Frame) => Promise<void> {
  let before: Promise<unknown> = Promise.resolve();
  return (frame) => {
    const sent = before.then(() => send(frame));
    before = sent.catch(() => undefined);
    return sent;
  };
}

/** What goes on until its socket is closed, and may be told so in the middle of something. */
export async function untilClosed(socket: { readonly closed: boolean }, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!socket.closed) throw error;
  }
}

/** The same address with another port. */
export const withPort = (address: string, port: number): string => address.replace(/:\d+$/, `:${port}`);

/** @param listens at port 0 any one, and at * all addresses: nobody can connect there @throws USAGE */
export function checkAddress(address: string, example: string, listens = false): void {
  const [, host, port] = /^tcp:\/\/([^\s/:[\]]+|\[[0-9a-f:.]+\]):(\d+)$/i.exec(address) ?? [];
  if (host === undefined) throw usage(`${JSON.stringify(address)} names no host and port.`, example);
  if (Number(port) > mostPort) throw usage(`${port} is no port: the highest is ${mostPort}.`, example);
  if (listens) return;
  if (host === '*') throw usage('* is where to listen: nobody can connect to all addresses.', example);
  if (Number(port) === 0) throw usage('Port 0 is where to listen: nobody can connect to it.', example);
}

const mostPort = 65_535;

/** As `dns.lookup` does. */
export type LookUp = (host: string) => Promise<unknown>;

/** Why an address leads to no host. The library would try a name that is none for ever. `undefined`: there is one */
export async function hostTrouble(address: string, lookUp: LookUp = lookup): Promise<string | undefined> {
  const host = address.replace(/^tcp:\/\/|:\d+$/gi, '').replace(/^\[|\]$/g, '');
  try {
    await lookUp(host);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOTFOUND' ? `there is no host ${host}` : `the host ${host} cannot be looked up: ${code}`;
  }
}

/** @param key the path of the file of keys */
export function cannotListen(address: string, error: Error, key: string): DreamosError {
  const { code = error.message } = error as Error & { readonly code?: string };
  const [why, where] = reasons[code] ?? [code, () => address];
  return new DreamosError('conflict', 'CANNOT_LISTEN', `This cannot listen at ${address}: ${why}.`, {
    hint: `Name another one: dreamos receive --listen ${quoteWord(where(address))} --key ${quoteWord(key)}`,
    cause: error,
  });
}

const anyPort = (address: string): string => withPort(address, 0);
const anyHost = (address: string): string => address.replace(/^tcp:\/\/.*:/i, 'tcp://*:');
const reasons: Readonly<Record<string, readonly [why: string, where: (address: string) => string]>> = {
  EADDRINUSE: ['something else listens there', anyPort],
  EACCES: ['this port is not for you', anyPort],
  EADDRNOTAVAIL: ['this machine does not have that address', anyHost],
  EAGAIN: ['that host cannot be looked up', anyHost],
  ENODEV: ['this machine has no such address or interface', anyHost],
};
