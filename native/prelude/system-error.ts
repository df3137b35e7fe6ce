import * as host from 'dreamos:host';

/** libuv's words, which Node puts into its errors. */
const words: Record<string, string> = {
  EACCES: 'permission denied',
  EAGAIN: 'resource temporarily unavailable',
  EBADF: 'bad file descriptor',
  EBUSY: 'resource busy or locked',
  EDQUOT: 'disk quota exceeded',
  EEXIST: 'file already exists',
  EFBIG: 'file too large',
  EINTR: 'interrupted system call',
  EINVAL: 'invalid argument',
  EIO: 'i/o error',
  EISDIR: 'illegal operation on a directory',
  ELOOP: 'too many symbolic links encountered',
  EMFILE: 'too many open files',
  EMLINK: 'too many links',
  ENAMETOOLONG: 'name too long',
  ENFILE: 'file table overflow',
  ENODEV: 'no such device',
  ENOENT: 'no such file or directory',
  ENOMEM: 'not enough memory',
  ENOSPC: 'no space left on device',
  ENOSYS: 'function not implemented',
  ENOTDIR: 'not a directory',
  ENOTEMPTY: 'directory not empty',
  ENOTSUP: 'operation not supported on socket',
  ENXIO: 'no such device or address',
  EPERM: 'operation not permitted',
  EPIPE: 'broken pipe',
  EROFS: 'read-only file system',
  ESPIPE: 'invalid seek',
  ESTALE: 'stale file handle',
  ETXTBSY: 'text file is busy',
  EXDEV: 'cross-device link not permitted',
};

/** The error that Node throws for what the system has refused. @param errno below 0 */
export function systemError(errno: number, syscall: string, path?: string, dest?: string): NodeJS.ErrnoException {
  const code = host.errorName(-errno) ?? `E${-errno}`;
  const whose = path === undefined ? '' : ` '${path}'${dest === undefined ? '' : ` -> '${dest}'`}`;
  const error: NodeJS.ErrnoException & { dest?: string } = new Error(
    `${code}: ${words[code] ?? 'unknown error'}, ${syscall}${whose}`,
  );
  error.errno = errno;
  error.code = code;
  error.syscall = syscall;
  if (path !== undefined) error.path = path;
  if (dest !== undefined) error.dest = dest;
  return error;
}

/** What came of a call, unless it failed. @throws as Node does */
export function done<T extends string | number | string[]>(
  result: T | number,
  syscall: string,
  path?: string,
  dest?: string,
): T {
  if (typeof result === 'number' && result < 0) throw systemError(result, syscall, path, dest);
  return result as T;
}

/** Node's own refusal of what cannot be a path: the system would take the part before a zero byte. */
export function checkPath(path: string): string {
  if (!path.includes('\0')) return path;
  const message = `The argument 'path' must be a string, Uint8Array, or URL without null bytes. Received '${path.replaceAll('\0', '\\x00')}'`;
  throw Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' });
}
