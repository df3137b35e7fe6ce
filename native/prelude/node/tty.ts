import * as host from 'dreamos:host';

export function isatty(fd: number): boolean {
  return host.isTerminal(fd);
}

export default { isatty };
