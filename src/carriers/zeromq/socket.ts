import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';

/** What both ends set: without the first line no IPv6 address is understood. */
export const socketOptions = (address: string) => ({
  ...(address.includes('[') && { ipv6: true }),
  // A machine that is gone says nothing.
  heartbeatInterval: 10_000,
  heartbeatTimeout: 30_000,
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

/** @throws USAGE */
export function checkAddress(address: string, example: string): void {
  const [, port] = /^tcp:\/\/(?:[^\s/:[\]]+|\[[0-9a-f:.]+\]):(\d{1,5})$/i.exec(address) ?? [];
  if (port === undefined || Number(port) > 65_535)
    throw usage(`${JSON.stringify(address)} names no host and port.`, example);
}

export function cannotListen(address: string, error: Error): DreamosError {
  const { code = error.message } = error as Error & { readonly code?: string };
  const why = code === 'EADDRINUSE' ? 'something else listens there' : code;
  return new DreamosError('conflict', 'CANNOT_LISTEN', `This cannot listen at ${address}: ${why}.`, {
    hint: 'Name another port: dreamos receive --listen tcp://192.0.2.2:5556',
    cause: error,
  });
}
