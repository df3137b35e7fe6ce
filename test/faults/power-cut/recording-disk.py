"""
A disk that remembers: one file, served by FUSE, on which a loop device stands. Every write and every flush is appended
to a log, in the order in which the disk got them, so that the disk of any earlier moment can be built again.

    recording-disk.py <image> <mount point> <log> <position>

A record is four little-endian 64-bit numbers - kind (1 write, 2 flush), offset, length, time in ms - and, for a write,
its bytes. <position> holds the number of records (64 bits, shared memory). It is advanced before the kernel gets its
answer: whoever was told that something is on disk and then reads the position, finds the flush below it.

One thread: what a flush record stands behind is exactly what the disk had answered before. The loop driver sends
REQ_OP_FLUSH as fsync, and splits FUA into a write and a flush; without the kernel's writeback cache for FUSE every
write arrives at once. It unmounts itself when its standard input ends, so it never outlives who started it.
"""
import errno
import mmap
import os
import stat
import struct
import sys
import threading
import time

try:
    import fusepy as fuse
except ImportError:
    import fuse

WRITE, FLUSH = 1, 2


class RecordingDisk(fuse.Operations):
    def __init__(self, image, log, position):
        self.image = os.open(image, os.O_RDWR)
        self.size = os.fstat(self.image).st_size
        self.log = open(log, 'wb', buffering=0)
        handle = os.open(position, os.O_RDWR | os.O_CREAT)
        os.ftruncate(handle, 4096)
        self.position = mmap.mmap(handle, 4096)
        self.records = 0

    def record(self, kind, offset, data):
        self.log.write(struct.pack('<QQQQ', kind, offset, len(data), int(time.time() * 1000)) + data)
        self.records += 1
        self.position[0:8] = struct.pack('<Q', self.records)

    def getattr(self, path, fh=None):
        if path == '/':
            return {'st_mode': stat.S_IFDIR | 0o700, 'st_nlink': 2}
        if path == '/disk':
            return {'st_mode': stat.S_IFREG | 0o600, 'st_nlink': 1, 'st_size': self.size}
        raise fuse.FuseOSError(errno.ENOENT)

    def readdir(self, path, fh):
        return ['.', '..', 'disk']

    def open(self, path, flags):
        return 0

    def read(self, path, size, offset, fh):
        return os.pread(self.image, size, offset)

    def write(self, path, data, offset, fh):
        self.record(WRITE, offset, data)
        return os.pwrite(self.image, data, offset)

    def fsync(self, path, datasync, fh):
        self.record(FLUSH, 0, b'')
        return 0

    # Closing the file is no promise that anything is on disk.
    def flush(self, path, fh):
        return 0


def leave_with_parent(mount_point):
    while os.read(0, 4096):
        pass
    os.system('umount -l ' + mount_point)
    os._exit(0)


if __name__ == '__main__':
    image, mount_point, log, position = sys.argv[1:]
    disk = RecordingDisk(image, log, position)
    threading.Thread(target=leave_with_parent, args=(mount_point,), daemon=True).start()
    fuse.FUSE(disk, mount_point, foreground=True, nothreads=True, big_writes=True, fsname='recording-disk')
