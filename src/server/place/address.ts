import { usage } from '../../model/refusals.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** 7420: no program of IANA's list has it. */
export const usualAddress: Address = { host: '127.0.0.1', port: 7420 };

export const mostPort = 65_535;

/** `127.0.0.1:7420`, `localhost:0`, `[::1]:7420`, or a port alone. @throws USAGE: it is none, or no address of this machine alone */
export function tcpAddress(text?: string): Address {
  if (text === undefined) return usualAddress;
  const [, named = usualAddress.host, digits = ''] = /^(?:(\[[^\]]+\]|[^:]*):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > mostPort)
    throw usage(`--http ${text} is no address.`, 'For example: dreamos serve --http 127.0.0.1:7420');
  const host =
    named === '' || named.toLowerCase() === 'localhost' ? usualAddress.host : named.replace(/^\[(.*)\]$/, '$1');
  if (host === '::1' || /^127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(host)) return { host, port };
  throw usage(
    `The server listens on this machine alone, and ${host} is no address of it alone (127.0.0.1, ::1).`,
    `From another machine come by ssh -L ${port || 7420}:127.0.0.1:${port || 7420}, as this says: dreamos help server`,
  );
}
