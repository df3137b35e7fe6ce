/* What is done to files and folders. Whatever may change something says so first: past_return. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "calls.h"

static int open_file(const char *path, int flags, mode_t mode)
{
    struct stat status;
    int fd;

    /* What comes by a standard descriptor is gone once it was read, also by another way to it. */
    if (strncmp(path, "/proc/self/fd/", 14) == 0 || strncmp(path, "/dev/", 5) == 0)
        past_return = 1;
    fd = open(path, flags, mode);
    /* So is what comes by a FIFO that was named, whose writer goes on when it is opened. The store's own files are no links. */
    if (fd >= 0 && (flags & (O_NONBLOCK | O_NOFOLLOW)) == O_NONBLOCK && fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode))
        past_return = 1;
    return fd;
}

/** open(path, flags, mode): file descriptor */
FUNCTION(host_open)
{
    int flags, mode;

    UNUSED_ARGUMENTS;
    if (integer(ctx, argv[1], &flags) || integer(ctx, argv[2], &mode))
        return JS_EXCEPTION;
    if (flags & (O_CREAT | O_TRUNC))
        past_return = 1;
    WITH_PATH(ctx, path, argv[0], open_file(path, flags | O_CLOEXEC, (mode_t)mode));
}

/** close(fd) */
FUNCTION(host_close)
{
    int fd;

    UNUSED_ARGUMENTS;
    if (integer(ctx, argv[0], &fd))
        return JS_EXCEPTION;
    /* By then it is closed: a second close could be of another file. */
    return outcome(ctx, close(fd) < 0 && errno != EINTR ? -1 : 0);
}

/** The part of a Uint8Array that starts at argv[at] and has argv[at + 1] bytes. @return NULL with an exception */
static uint8_t *span(JSContext *ctx, JSValueConst array, JSValueConst *argv, int at, size_t *length)
{
    size_t whole;
    uint8_t *bytes = bytes_of(ctx, array, &whole);
    int64_t start, count;

    if (!bytes && JS_HasException(ctx))
        return NULL;
    if (JS_ToInt64(ctx, &start, argv[at]) || JS_ToInt64(ctx, &count, argv[at + 1]))
        return NULL;
    if (start < 0 || count < 0 || (uint64_t)start > whole || (uint64_t)count > whole - (uint64_t)start) {
        JS_ThrowRangeError(ctx, "outside of the array");
        return NULL;
    }
    *length = (size_t)count;
    return bytes ? bytes + start : (uint8_t *)"";
}

/** read(fd, array, start, length, position): how many bytes; a position below 0 is where the file stands. -EINTR: a signal came first */
FUNCTION(host_read)
{
    int fd;
    size_t length;
    uint8_t *bytes = span(ctx, argv[1], argv, 2, &length);
    int64_t position;

    UNUSED_ARGUMENTS;
    if (!bytes || integer(ctx, argv[0], &fd) || JS_ToInt64(ctx, &position, argv[4]))
        return JS_EXCEPTION;
    if (fd == STDIN_FILENO && length > 0)
        past_return = 1;
    return outcome(ctx, position < 0 ? read(fd, bytes, length) : pread(fd, bytes, length, (off_t)position));
}

/** write(fd, array, start, length): how many bytes. -EINTR: a signal came first */
FUNCTION(host_write)
{
    int fd;
    size_t length;
    uint8_t *bytes = span(ctx, argv[1], argv, 2, &length);

    UNUSED_ARGUMENTS;
    if (!bytes || integer(ctx, argv[0], &fd))
        return JS_EXCEPTION;
    past_return = 1;
    return outcome(ctx, write(fd, bytes, length));
}

/** fsync(fd) */
FUNCTION(host_fsync)
{
    int fd, result;

    UNUSED_ARGUMENTS;
    if (integer(ctx, argv[0], &fd))
        return JS_EXCEPTION;
#ifdef F_FULLFSYNC
    /* As libuv does: fsync() of macOS leaves it in the disk's own cache. Not every file system there has it. */
    if (fcntl(fd, F_FULLFSYNC) == 0)
        return outcome(ctx, 0);
#endif
    do
        result = fsync(fd);
    while (result < 0 && errno == EINTR);
    return outcome(ctx, result);
}

static JSValue with_two_paths(JSContext *ctx, JSValueConst *argv, int (*call)(const char *, const char *))
{
    const char *from = JS_ToCString(ctx, argv[0]);
    const char *to = from ? JS_ToCString(ctx, argv[1]) : NULL;
    JSValue result = JS_EXCEPTION;

    past_return = 1;
    if (to) {
        result = outcome(ctx, call(from, to));
        JS_FreeCString(ctx, to);
    }
    if (from)
        JS_FreeCString(ctx, from);
    return result;
}

/** rename(from, to) */
FUNCTION(host_rename)
{
    UNUSED_ARGUMENTS;
    return with_two_paths(ctx, argv, rename);
}

/** link(existing, another) */
FUNCTION(host_link)
{
    UNUSED_ARGUMENTS;
    return with_two_paths(ctx, argv, link);
}

/** unlink(path) */
FUNCTION(host_unlink)
{
    UNUSED_ARGUMENTS;
    past_return = 1;
    WITH_PATH(ctx, path, argv[0], unlink(path));
}

/** rmdir(path) */
FUNCTION(host_rmdir)
{
    UNUSED_ARGUMENTS;
    past_return = 1;
    WITH_PATH(ctx, path, argv[0], rmdir(path));
}

/** mkdir(path, mode) */
FUNCTION(host_mkdir)
{
    int mode;

    UNUSED_ARGUMENTS;
    if (integer(ctx, argv[1], &mode))
        return JS_EXCEPTION;
    past_return = 1;
    WITH_PATH(ctx, path, argv[0], mkdir(path, (mode_t)mode));
}

/** chmod(path, mode) */
FUNCTION(host_chmod)
{
    int mode;

    UNUSED_ARGUMENTS;
    if (integer(ctx, argv[1], &mode))
        return JS_EXCEPTION;
    past_return = 1;
    WITH_PATH(ctx, path, argv[0], chmod(path, (mode_t)mode));
}

static struct timespec moment(double seconds)
{
    double whole = seconds < 0 ? -1 - (double)(int64_t)-seconds : (double)(int64_t)seconds;
    struct timespec time = { .tv_sec = (time_t)whole, .tv_nsec = (long)((seconds - whole) * 1e9) };

    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    return time;
}

/** lutimes(path, accessed, modified): in seconds since 1970; of a link its own */
FUNCTION(host_lutimes)
{
    double accessed, modified;
    struct timespec times[2];

    UNUSED_ARGUMENTS;
    if (JS_ToFloat64(ctx, &accessed, argv[1]) || JS_ToFloat64(ctx, &modified, argv[2]))
        return JS_EXCEPTION;
    times[0] = moment(accessed);
    times[1] = moment(modified);
    past_return = 1;
    WITH_PATH(ctx, path, argv[0], utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW));
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("open", 3, host_open),
    JS_CFUNC_DEF("close", 1, host_close),
    JS_CFUNC_DEF("read", 5, host_read),
    JS_CFUNC_DEF("write", 4, host_write),
    JS_CFUNC_DEF("fsync", 1, host_fsync),
    JS_CFUNC_DEF("rename", 2, host_rename),
    JS_CFUNC_DEF("link", 2, host_link),
    JS_CFUNC_DEF("unlink", 1, host_unlink),
    JS_CFUNC_DEF("rmdir", 1, host_rmdir),
    JS_CFUNC_DEF("mkdir", 2, host_mkdir),
    JS_CFUNC_DEF("chmod", 2, host_chmod),
    JS_CFUNC_DEF("lutimes", 3, host_lutimes),
};

int files_functions(JSContext *ctx, JSModuleDef *module, adder *use)
{
    return use(ctx, module, functions, sizeof functions / sizeof *functions);
}
