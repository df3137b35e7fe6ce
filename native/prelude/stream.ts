import * as host from 'dreamos:host';
import { HostBuffer } from './buffer.ts';
import { EventEmitter } from './node/events.ts';
import { addImmediate, readers, writers, type Watched } from './loop.ts';
import { systemError } from './system-error.ts';

// What a pipe takes without making its writer wait, once poll() says that it can be written: PIPE_BUF.
const writtenAtOnce = 4096;
const readAtOnce = 65_536;

type Written = (error?: Error | null) => void;

/** Standard output or error. It waits for its reader in the event loop, so that signals are heard. */
export class HostWriter extends EventEmitter implements Watched {
  readonly fd: number;
  readonly isTTY: true | undefined;
  readonly #queue: { bytes: Uint8Array; readonly written: Written }[] = [];

  constructor(fd: number) {
    super();
    this.fd = fd;
    this.isTTY = host.isTerminal(fd) || undefined;
  }

  get columns(): number | undefined {
    return this.#size()?.[0];
  }

  get rows(): number | undefined {
    return this.#size()?.[1];
  }

  #size(): [number, number] | undefined {
    const size = this.isTTY ? host.windowSize(this.fd) : -1;
    return typeof size === 'number' ? undefined : size;
  }

  write(text: string | Uint8Array, written: Written = () => undefined): boolean {
    this.#queue.push({ bytes: typeof text === 'string' ? HostBuffer.from(text) : text, written });
    writers.add(this);
    return false;
  }

  ready(): void {
    const first = this.#queue[0];
    if (!first) return void writers.delete(this);
    const { length } = first.bytes;
    const wrote = length === 0 ? 0 : host.write(this.fd, first.bytes, 0, Math.min(length, writtenAtOnce));
    if (wrote < 0) {
      const error = systemError(wrote, 'write');
      if (error.code === 'EAGAIN' || error.code === 'EINTR') return;
      this.#queue.shift();
      first.written(error);
      this.emit('error', error);
    } else if (wrote === length) {
      this.#queue.shift();
      first.written();
    } else {
      first.bytes = first.bytes.subarray(wrote);
    }
    if (this.#queue.length === 0) writers.delete(this);
  }
}

/** A file descriptor that is read piece by piece: `for await`, or read() behind `readable`. */
export class HostReader extends EventEmitter implements Watched {
  readonly isTTY: true | undefined;
  readonly #open: () => number;
  #fd: number | undefined;
  #piece: Uint8Array | undefined;
  #error: Error | undefined;
  readableEnded = false;
  destroyed = false;

  /** @param open asked when the first byte is wanted: until then nothing is taken from anybody */
  constructor(open: () => number, isTTY = false) {
    super();
    this.#open = open;
    this.isTTY = isTTY || undefined;
  }

  get fd(): number {
    return (this.#fd ??= this.#open());
  }

  override on(event: string | symbol, listener: (...given: never[]) => void): this {
    super.on(event, listener);
    if (event === 'readable') this.#want();
    return this;
  }

  override once(event: string | symbol, listener: (...given: never[]) => void): this {
    super.once(event, listener);
    if (event === 'readable') this.#want();
    return this;
  }

  /** What has come since; `null`: nothing so far, or the end. */
  read(): Uint8Array | null {
    const piece = this.#piece ?? null;
    this.#piece = undefined;
    if (this.listenerCount('readable') > 0) this.#want();
    return piece;
  }

  #want(): void {
    if (this.#piece || this.readableEnded || this.destroyed || this.#error) return;
    try {
      void this.fd;
      readers.add(this);
    } catch (error) {
      this.#error = error as Error;
      addImmediate(() => this.emit('readable'));
    }
  }

  ready(): void {
    const bytes = new HostBuffer(readAtOnce);
    const read = host.read(this.fd, bytes, 0, bytes.length, -1);
    if (read < 0) {
      const error = systemError(read, 'read');
      if (error.code === 'EAGAIN' || error.code === 'EINTR') return;
      this.#error = error;
    } else if (read === 0) this.readableEnded = true;
    else this.#piece = bytes.subarray(0, read);
    readers.delete(this);
    this.emit('readable');
  }

  destroy(): this {
    this.destroyed = true;
    readers.delete(this);
    this.emit('readable');
    return this;
  }

  unref(): this {
    return this;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      if (!this.#piece && !this.readableEnded && !this.destroyed && !this.#error) {
        await new Promise<void>((resolve) => this.once('readable', resolve));
      }
      const piece = this.#piece;
      this.#piece = undefined;
      if (piece) yield piece;
      else if (this.#error) throw this.#error;
      else return;
    }
  }
}
