import { HostReader } from '../stream.ts';

/** Of what is open already, a FIFO, and to read from it. */
export class Socket extends HostReader {
  constructor({ fd }: { readonly fd: number }) {
    super(() => fd);
  }
}
