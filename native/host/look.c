/* What is looked at of files and folders, and never changed. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifdef __APPLE__
#include <sys/mount.h>
#include <sys/param.h>
#else
#include <sys/syscall.h>
#include <sys/vfs.h>
#endif
#include <unistd.h>
#include "calls.h"

#ifdef __APPLE__
#define MODIFIED(status) ((status).st_mtimespec)
#else
#define MODIFIED(status) ((status).st_mtim)
#endif

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

/** access(path, mode) */
FUNCTION(host_access)
{
    int mode;

    UNUSED_ARGUMENTS;
    if (integer(ctx, argv[1], &mode))
        return JS_EXCEPTION;
    WITH_PATH(ctx, path, argv[0], access(path, mode));
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

/** Names behind each other, each with a zero at its end; what they lie in is kept for the next folder. */
struct names {
    char *text;
    size_t length, room, count;
    const char **sorted;
    size_t sorted_room;
};

/** @return below 0: see errno */
static int add_name(struct names *names, const char *name)
{
    size_t size = strlen(name) + 1;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    if (size > names->room - names->length) {
        size_t room = 2 * names->room + 4096;
        char *text = realloc(names->text, room);

        if (!text)
            return -1;
        names->text = text;
        names->room = room;
    }
    memcpy(names->text + names->length, name, size);
    names->length += size;
    names->count++;
    return 0;
}

/** The names in a folder, without `.` and `..`. @return below 0: see errno */
#ifdef __linux__
static int read_names(const char *path, struct names *names)
{
    /* musl's readdir() would ask for 2 KB at a time. */
    static _Alignas(struct dirent) char entries[32768];
    ssize_t length;
    int fd, error, failed = 0;

    do
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return -1;
    while (!failed && (length = syscall(SYS_getdents64, fd, entries, sizeof entries)) != 0) {
        const struct dirent *entry;

        failed = length < 0 ? -1 : 0;
        for (ssize_t at = 0; at < length && failed >= 0; at += entry->d_reclen) {
            entry = (const struct dirent *)(entries + at);
            failed = add_name(names, entry->d_name);
        }
    }
    error = errno;
    close(fd);
    errno = error;
    return failed;
}
#else
static int read_names(const char *path, struct names *names)
{
    const struct dirent *entry;
    DIR *folder;
    int error;

    do
        folder = opendir(path);
    while (!folder && errno == EINTR);
    if (!folder)
        return -1;
    do
        errno = 0;
    while ((entry = readdir(folder)) && add_name(names, entry->d_name) == 0);
    error = errno;
    closedir(folder);
    errno = error;
    return error ? -1 : 0;
}
#endif

/** @return below 0: see errno */
static int sort_names(struct names *names)
{
    const char *name = names->text;

    if (names->count > names->sorted_room) {
        const char **sorted = realloc(names->sorted, 2 * names->count * sizeof *sorted);

        if (!sorted)
            return -1;
        names->sorted = sorted;
        names->sorted_room = 2 * names->count;
    }
    for (size_t i = 0; i < names->count; i++, name += strlen(name) + 1)
        names->sorted[i] = name;
    if (names->count > 1)
        qsort(names->sorted, names->count, sizeof *names->sorted, by_name);
    return 0;
}

/** readdir(path): the names in it, sorted by their bytes as libuv does; or the negative errno */
FUNCTION(host_readdir)
{
    static struct names names;
    const char *path = JS_ToCString(ctx, argv[0]);
    int result;
    JSValue array;

    UNUSED_ARGUMENTS;
    if (!path)
        return JS_EXCEPTION;
    names.length = names.count = 0;
    result = read_names(path, &names) < 0 ? -1 : sort_names(&names);
    let_go(ctx, path);
    if (result < 0)
        return outcome(ctx, result);
    array = JS_NewArray(ctx);
    for (size_t i = 0; i < names.count && !JS_IsException(array); i++) {
        JSValue name = text_from_system(ctx, names.sorted[i], strlen(names.sorted[i]));

        if (JS_IsException(name) || JS_SetPropertyInt64(ctx, array, (int64_t)i, name) < 0) {
            JS_FreeValue(ctx, array);
            array = JS_EXCEPTION;
        }
    }
    return array;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("stat", 2, host_stat),
    JS_CFUNC_DEF("lstat", 2, host_lstat),
    JS_CFUNC_DEF("fstat", 2, host_fstat),
    JS_CFUNC_DEF("access", 2, host_access),
    JS_CFUNC_DEF("statfs", 1, host_statfs),
    JS_CFUNC_DEF("realpath", 1, host_realpath),
    JS_CFUNC_DEF("readlink", 1, host_readlink),
    JS_CFUNC_DEF("readdir", 1, host_readdir),
};

int look_functions(JSContext *ctx, JSModuleDef *module, adder *use)
{
    return use(ctx, module, functions, sizeof functions / sizeof *functions);
}
