"""
A disk that is slow, or hangs: a folder, served again by FUSE.

    slow-disk.py <folder> <mount point> <delay>

<delay> is a file with how many seconds each call takes; `hang`: it takes until that file says something else, and half a minute at
most, since not even SIGKILL ends who is in such a call. It unmounts itself when its standard input ends, so it never outlives who
started it.
"""
import errno
import os
import sys
import threading
import time

try:
    import fusepy as fuse
except ImportError:
    import fuse


LONGEST_HANG = 30


class SlowDisk(fuse.Operations):
    def __init__(self, folder, delay):
        self.folder = folder
        self.delay = delay

    def __call__(self, op, path, *args):
        self.wait()
        if op not in ('link', 'symlink'):
            path = self.folder + path
        try:
            return super().__call__(op, path, *args)
        except OSError as error:
            raise fuse.FuseOSError(error.errno or errno.EIO)

    def wait(self):
        began = time.monotonic()
        while True:
            with open(self.delay) as file:
                said = file.read().strip()
            takes = LONGEST_HANG if said == 'hang' else float(said or 0)
            if time.monotonic() - began >= takes:
                return
            time.sleep(0.005)

    def getattr(self, path, fh=None):
        found = os.lstat(path)
        names = ('st_atime', 'st_ctime', 'st_gid', 'st_mode', 'st_mtime', 'st_nlink', 'st_size', 'st_uid', 'st_ino')
        return {name: getattr(found, name) for name in names}

    def readdir(self, path, fh):
        return ['.', '..', *os.listdir(path)]

    def link(self, target, source):
        os.link(self.folder + source, self.folder + target)

    def symlink(self, target, source):
        os.symlink(source, self.folder + target)

    def rename(self, old, new):
        os.rename(old, self.folder + new)

    def create(self, path, mode, fi=None):
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

    def open(self, path, flags):
        # Where to write the kernel says itself.
        return os.open(path, flags & ~os.O_APPEND)

    def read(self, path, size, offset, fh):
        return os.pread(fh, size, offset)

    def write(self, path, data, offset, fh):
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        os.truncate(path, length)

    def utimens(self, path, times=None):
        os.utime(path, times, follow_symlinks=False)

    def chmod(self, path, mode):
        os.chmod(path, mode)

    def mkdir(self, path, mode):
        os.mkdir(path, mode)

    def rmdir(self, path):
        os.rmdir(path)

    def unlink(self, path):
        os.unlink(path)

    def readlink(self, path):
        return os.readlink(path)

    def access(self, path, mode):
        if not os.access(path, mode):
            raise fuse.FuseOSError(errno.EACCES)

    def flush(self, path, fh):
        return 0

    def release(self, path, fh):
        os.close(fh)
        return 0

    def fsync(self, path, datasync, fh):
        os.fsync(fh)
        return 0

    def statfs(self, path):
        found = os.statvfs(path)
        names = ('f_bavail', 'f_bfree', 'f_blocks', 'f_bsize', 'f_favail', 'f_ffree', 'f_files', 'f_frsize', 'f_namemax')
        return {name: getattr(found, name) for name in names}


def main():
    folder, place, delay = sys.argv[1:]

    def unmount():
        sys.stdin.buffer.read()
        os.system(f"umount -l '{place}'")
        os._exit(0)

    threading.Thread(target=unmount, daemon=True).start()
    nothing_kept = {'attr_timeout': 0, 'entry_timeout': 0, 'negative_timeout': 0}
    fuse.FUSE(SlowDisk(folder, delay), place, foreground=True, use_ino=True, **nothing_kept)


main()
