/* What is looked at of files and folders, and never changed. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifdef __APPLE__
#include <sys/mount.h>
#include <sys/param.h>
#else
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

/**
 * The names in a folder, without `.` and `..`.
 * @return how many; below 0 the negative errno, and then there is nothing to free
 */
static int64_t names_in(const char *path, char ***names)
{
    DIR *folder;
    char **list = NULL;
    size_t count = 0, room = 0;
    int error;

    do
        folder = opendir(path);
    while (!folder && errno == EINTR);
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
