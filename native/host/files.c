/* Files and folders. Whatever may change something says so first: past_return. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#ifdef __APPLE__
#include <sys/mount.h>
#include <sys/param.h>
#else
#include <sys/vfs.h>
#endif
#include <unistd.h>
#include "host.h"

#ifdef __APPLE__
#define MODIFIED(status) ((status).st_mtimespec)
#else
#define MODIFIED(status) ((status).st_mtim)
#endif

/** What a call of the system has just given: its result, or the negative errno. */
static JSValue outcome(JSContext *ctx, int64_t result)
{
    return JS_NewInt64(ctx, result < 0 ? -errno : result);
}

/** Frees a text without forgetting errno. */
static void let_go(JSContext *ctx, const char *text)
{
    int error = errno;

    JS_FreeCString(ctx, text);
    errno = error;
}

/** Calls the system with a path. @return as outcome() */
#define WITH_PATH(ctx, path, value, call)                                                                              \
    do {                                                                                                               \
        const char *path = JS_ToCString(ctx, value);                                                                   \
        int64_t result;                                                                                                \
        if (!path)                                                                                                     \
            return JS_EXCEPTION;                                                                                       \
        result = (call);                                                                                               \
        let_go(ctx, path);                                                                                             \
        return outcome(ctx, result);                                                                                   \
    } while (0)

static int integer(JSContext *ctx, JSValueConst value, int *number)
{
    return JS_ToInt32(ctx, number, value);
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
    WITH_PATH(ctx, path, argv[0], open(path, flags | O_CLOEXEC, (mode_t)mode));
}

/** close(fd) */
FUNCTION(host_close)
{
    int fd;

    UNUSED_ARGUMENTS;
    if (integer(ctx, argv[0], &fd))
        return JS_EXCEPTION;
    return outcome(ctx, close(fd));
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

/** read(fd, array, start, length, position): how many bytes; a position below 0 is where the file stands */
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

/** write(fd, array, start, length): how many bytes */
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
    int fd;

    UNUSED_ARGUMENTS;
    if (integer(ctx, argv[0], &fd))
        return JS_EXCEPTION;
#ifdef F_FULLFSYNC
    /* As libuv does: fsync() of macOS leaves it in the disk's own cache. Not every file system there has it. */
    if (fcntl(fd, F_FULLFSYNC) == 0)
        return outcome(ctx, 0);
#endif
    return outcome(ctx, fsync(fd));
}

/** What is told of a file, in this order. */
enum { MODE, SIZE, MTIME_MS, LINKS, INODE, UID, GID, RDEV, DEV, FACTS };

static JSValue tell_status(JSContext *ctx, JSValueConst array, const struct stat *status, int result)
{
    size_t length;
    uint8_t *bytes;
    double facts[FACTS];

    if (result < 0)
        return outcome(ctx, result);
    bytes = bytes_of(ctx, array, &length);
    if (!bytes || length < sizeof facts)
        return JS_ThrowRangeError(ctx, "no room for what is told of a file");
    facts[MODE] = status->st_mode;
    facts[SIZE] = (double)status->st_size;
    facts[MTIME_MS] = (double)MODIFIED(*status).tv_sec * 1e3 + (double)MODIFIED(*status).tv_nsec / 1e6;
    facts[LINKS] = (double)status->st_nlink;
    facts[INODE] = (double)status->st_ino;
    facts[UID] = status->st_uid;
    facts[GID] = status->st_gid;
    facts[RDEV] = (double)status->st_rdev;
    facts[DEV] = (double)status->st_dev;
    memcpy(bytes, facts, sizeof facts);
    return outcome(ctx, 0);
}

static JSValue status_of_path(JSContext *ctx, JSValueConst *argv, int (*look)(const char *, struct stat *))
{
    struct stat status;
    const char *path = JS_ToCString(ctx, argv[0]);
    int result;

    if (!path)
        return JS_EXCEPTION;
    result = look(path, &status);
    let_go(ctx, path);
    return tell_status(ctx, argv[1], &status, result);
}

/** stat(path, array) */
FUNCTION(host_stat)
{
    UNUSED_ARGUMENTS;
    return status_of_path(ctx, argv, stat);
}

/** lstat(path, array) */
FUNCTION(host_lstat)
{
    UNUSED_ARGUMENTS;
    return status_of_path(ctx, argv, lstat);
}

/** fstat(fd, array) */
FUNCTION(host_fstat)
{
    struct stat status;
    int fd, result;

    UNUSED_ARGUMENTS;
    if (integer(ctx, argv[0], &fd))
        return JS_EXCEPTION;
    result = fstat(fd, &status);
    return tell_status(ctx, argv[1], &status, result);
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

/** access(path, mode) */
FUNCTION(host_access)
{
    int mode;

    UNUSED_ARGUMENTS;
    if (integer(ctx, argv[1], &mode))
        return JS_EXCEPTION;
    WITH_PATH(ctx, path, argv[0], access(path, mode));
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

/** statfs(path): the number of its file system's type */
FUNCTION(host_statfs)
{
    struct statfs system;

    UNUSED_ARGUMENTS;
    WITH_PATH(ctx, path, argv[0], statfs(path, &system) < 0 ? -1 : (int64_t)(uint32_t)system.f_type);
}

/** realpath(path): a text, or the negative errno */
FUNCTION(host_realpath)
{
    const char *path = JS_ToCString(ctx, argv[0]);
    char *real;
    JSValue text;

    UNUSED_ARGUMENTS;
    if (!path)
        return JS_EXCEPTION;
    real = realpath(path, NULL);
    let_go(ctx, path);
    if (!real)
        return outcome(ctx, -1);
    text = text_from_system(ctx, real, strlen(real));
    free(real);
    return text;
}

/** readlink(path): a text, or the negative errno */
FUNCTION(host_readlink)
{
    char target[PATH_MAX];
    const char *path = JS_ToCString(ctx, argv[0]);
    ssize_t length;

    UNUSED_ARGUMENTS;
    if (!path)
        return JS_EXCEPTION;
    length = readlink(path, target, sizeof target);
    let_go(ctx, path);
    return length < 0 ? outcome(ctx, -1) : text_from_system(ctx, target, (size_t)length);
}

static int by_name(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

/**
 * The names in a folder, without `.` and `..`.
 * @return how many; below 0 the negative errno, and then there is nothing to free
 */
static int64_t names_in(const char *path, char ***names)
{
    DIR *folder = opendir(path);
    char **list = NULL;
    size_t count = 0, room = 0;
    int error;

    if (!folder)
        return -errno;
    for (;;) {
        struct dirent *entry;
        const char *name;

        errno = 0;
        entry = readdir(folder);
        if (!entry)
            break;
        name = entry->d_name;
        if (name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0)))
            continue;
        if (count == room) {
            size_t more = room ? 2 * room : 64;
            char **longer = realloc(list, more * sizeof *list);

            if (!longer) {
                errno = ENOMEM;
                break;
            }
            list = longer;
            room = more;
        }
        list[count] = strdup(name);
        if (!list[count]) {
            errno = ENOMEM;
            break;
        }
        count++;
    }
    error = errno;
    closedir(folder);
    if (error) {
        while (count > 0)
            free(list[--count]);
        free(list);
        return -error;
    }
    *names = list;
    return (int64_t)count;
}

/** readdir(path): the names in it, sorted by their bytes as libuv does; or the negative errno */
FUNCTION(host_readdir)
{
    const char *path = JS_ToCString(ctx, argv[0]);
    char **names = NULL;
    int64_t count;
    JSValue array;

    UNUSED_ARGUMENTS;
    if (!path)
        return JS_EXCEPTION;
    count = names_in(path, &names);
    JS_FreeCString(ctx, path);
    if (count < 0)
        return JS_NewInt64(ctx, count);
    if (count > 1)
        qsort(names, (size_t)count, sizeof *names, by_name);
    array = JS_NewArray(ctx);
    for (int64_t i = 0; i < count; i++) {
        if (!JS_IsException(array)) {
            JSValue name = text_from_system(ctx, names[i], strlen(names[i]));
            if (JS_IsException(name) || JS_SetPropertyInt64(ctx, array, i, name) < 0) {
                JS_FreeValue(ctx, array);
                array = JS_EXCEPTION;
            }
        }
        free(names[i]);
    }
    free(names);
    return array;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("open", 3, host_open),         JS_CFUNC_DEF("close", 1, host_close),
    JS_CFUNC_DEF("read", 5, host_read),         JS_CFUNC_DEF("write", 4, host_write),
    JS_CFUNC_DEF("fsync", 1, host_fsync),       JS_CFUNC_DEF("stat", 2, host_stat),
    JS_CFUNC_DEF("lstat", 2, host_lstat),       JS_CFUNC_DEF("fstat", 2, host_fstat),
    JS_CFUNC_DEF("rename", 2, host_rename),     JS_CFUNC_DEF("link", 2, host_link),
    JS_CFUNC_DEF("unlink", 1, host_unlink),     JS_CFUNC_DEF("rmdir", 1, host_rmdir),
    JS_CFUNC_DEF("mkdir", 2, host_mkdir),       JS_CFUNC_DEF("chmod", 2, host_chmod),
    JS_CFUNC_DEF("access", 2, host_access),     JS_CFUNC_DEF("lutimes", 3, host_lutimes),
    JS_CFUNC_DEF("statfs", 1, host_statfs),     JS_CFUNC_DEF("realpath", 1, host_realpath),
    JS_CFUNC_DEF("readlink", 1, host_readlink), JS_CFUNC_DEF("readdir", 1, host_readdir),
};

int files_functions(JSContext *ctx, JSModuleDef *module, int (*use)(JSContext *, JSModuleDef *, const JSCFunctionListEntry *, int))
{
    return use(ctx, module, functions, sizeof functions / sizeof *functions);
}
