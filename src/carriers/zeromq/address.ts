import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';

/** What both ends set: without the first line no IPv6 address is understood. */
export const socketOptions = (address: string) => ({
  ...(address.includes('[') && { ipv6: true }),
  // A machine that is gone says nothing.
  heartbeatInterval: 10_000,
  heartbeatTimeout: 30_000,
});

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
