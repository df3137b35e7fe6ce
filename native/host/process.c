/* The process itself: its words and surroundings, time, the end, and Node in its place. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>
#include "host.h"
#include "image.h"

#ifdef __APPLE__
#define PLATFORM "darwin"
#else
#define PLATFORM "linux"
#endif
#ifdef __aarch64__
#define ARCH "arm64"
#else
#define ARCH "x64"
#endif
#define TEXT_OF(token) #token
#define VERSION_OF(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)
#define ENGINE VERSION_OF(QJS_VERSION_MAJOR, QJS_VERSION_MINOR, QJS_VERSION_PATCH)

extern char **environ;

static JSValue text_of_system(JSContext *ctx, const char *text)
{
    return text_from_system(ctx, text, strlen(text));
}

/** The engine's gettimeofday(), which it takes its seeds from, too. */
int engine_time(struct timeval *now, void *zone)
{
    if (!image_is_made())
        return gettimeofday(now, zone);
    *now = (struct timeval){ 0 };
    return 0;
}

/** argv(): the words behind the name of the program */
FUNCTION(host_words)
{
    JSValue words = JS_NewArray(ctx);

    UNUSED_ARGUMENTS;
    for (int i = 1; i < host_argc && !JS_IsException(words); i++) {
        JSValue word = text_of_system(ctx, host_argv[i]);
        if (JS_IsException(word) || JS_SetPropertyInt64(ctx, words, i - 1, word) < 0) {
            JS_FreeValue(ctx, words);
            words = JS_EXCEPTION;
        }
    }
    return words;
}

/** environment(): an object */
FUNCTION(host_environment)
{
    JSValue object = JS_NewObject(ctx);

    UNUSED_ARGUMENTS;
    for (char **entry = environ; *entry && !JS_IsException(object); entry++) {
        const char *equals = strchr(*entry, '=');
        JSValue name, value;
        JSAtom atom;

        if (!equals || equals == *entry)
            continue;
        name = text_from_system(ctx, *entry, (size_t)(equals - *entry));
        value = text_of_system(ctx, equals + 1);
        atom = JS_IsException(name) || JS_IsException(value) ? JS_ATOM_NULL : JS_ValueToAtom(ctx, name);
        JS_FreeValue(ctx, name);
        if (atom == JS_ATOM_NULL) {
            JS_FreeValue(ctx, value);
            JS_FreeValue(ctx, object);
            return JS_EXCEPTION;
        }
        /* Defined, not set: `__proto__` would be taken for something else. The first of two wins, as for getenv(). */
        if (JS_HasProperty(ctx, object, atom) == 1 && JS_GetOwnProperty(ctx, NULL, object, atom) == 1)
            JS_FreeValue(ctx, value);
        else if (JS_DefinePropertyValue(ctx, object, atom, value, JS_PROP_C_W_E) < 0) {
            JS_FreeValue(ctx, object);
            object = JS_EXCEPTION;
        }
        JS_FreeAtom(ctx, atom);
    }
    return object;
}

/** cwd(): a text, or the negative errno */
FUNCTION(host_cwd)
{
    char *folder = getcwd(NULL, 0);
    JSValue text;

    UNUSED_ARGUMENTS;
    if (!folder)
        return JS_NewInt32(ctx, -errno);
    text = text_of_system(ctx, folder);
    free(folder);
    return text;
}

/** ids(): [pid, ppid, uid, euid] */
FUNCTION(host_ids)
{
    const int64_t ids[] = { getpid(), getppid(), getuid(), geteuid() };
    JSValue array = JS_NewArray(ctx);

    UNUSED_ARGUMENTS;
    for (int i = 0; i < 4 && !JS_IsException(array); i++)
        JS_SetPropertyInt64(ctx, array, i, JS_NewInt64(ctx, ids[i]));
    return array;
}

/** kill(pid, signal) */
FUNCTION(host_kill)
{
    int pid, number;

    UNUSED_ARGUMENTS;
    if (JS_ToInt32(ctx, &pid, argv[0]) || JS_ToInt32(ctx, &number, argv[1]))
        return JS_EXCEPTION;
    return JS_NewInt32(ctx, kill(pid, number) < 0 ? -errno : 0);
}

/** umask(): which is not changed */
FUNCTION(host_umask)
{
    mode_t mask = umask(0);

    UNUSED_ARGUMENTS;
    umask(mask);
    return JS_NewInt32(ctx, (int)mask);
}

double uptime_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/** uptime(): monotonic milliseconds */
FUNCTION(host_uptime)
{
    UNUSED_ARGUMENTS;
    return JS_NewFloat64(ctx, uptime_ms());
}

/** random(array): fills it from the system's own source */
FUNCTION(host_random)
{
    size_t length;
    uint8_t *bytes = bytes_of(ctx, argv[0], &length);

    UNUSED_ARGUMENTS;
    if (!bytes && JS_HasException(ctx))
        return JS_EXCEPTION;
    for (size_t done = 0; done < length; done += 256) {
        /* getentropy() gives 256 bytes at most. */
        if (getentropy(bytes + done, length - done < 256 ? length - done : 256) < 0)
            return JS_ThrowInternalError(ctx, "no random numbers: %s", strerror(errno));
    }
    return JS_UNDEFINED;
}

/** isTerminal(fd) */
FUNCTION(host_is_terminal)
{
    int fd;

    UNUSED_ARGUMENTS;
    return JS_ToInt32(ctx, &fd, argv[0]) ? JS_EXCEPTION : JS_NewBool(ctx, isatty(fd));
}

/** windowSize(fd): [columns, rows], or the negative errno */
FUNCTION(host_window_size)
{
    struct winsize size;
    int fd;
    JSValue array;

    UNUSED_ARGUMENTS;
    if (JS_ToInt32(ctx, &fd, argv[0]))
        return JS_EXCEPTION;
    if (ioctl(fd, TIOCGWINSZ, &size) < 0)
        return JS_NewInt32(ctx, -errno);
    array = JS_NewArray(ctx);
    if (!JS_IsException(array)) {
        JS_SetPropertyInt64(ctx, array, 0, JS_NewInt32(ctx, size.ws_col));
        JS_SetPropertyInt64(ctx, array, 1, JS_NewInt32(ctx, size.ws_row));
    }
    return array;
}

#define NAMED(number) { number, #number }
static const struct {
    int number;
    const char *name;
} errors[] = {
    NAMED(E2BIG), NAMED(EACCES), NAMED(EAGAIN), NAMED(EBADF), NAMED(EBUSY), NAMED(ECONNRESET), NAMED(EDQUOT), NAMED(EEXIST),
    NAMED(EFAULT), NAMED(EFBIG), NAMED(EILSEQ), NAMED(EINTR), NAMED(EINVAL), NAMED(EIO), NAMED(EISDIR), NAMED(ELOOP),
    NAMED(EMFILE), NAMED(EMLINK), NAMED(ENAMETOOLONG), NAMED(ENFILE), NAMED(ENODEV), NAMED(ENOENT), NAMED(ENOLCK), NAMED(ENOMEM),
    NAMED(ENOSPC), NAMED(ENOSYS), NAMED(ENOTCONN), NAMED(ENOTDIR), NAMED(ENOTEMPTY), NAMED(ENOTSUP), NAMED(ENOTTY), NAMED(ENXIO),
    NAMED(EOVERFLOW), NAMED(EPERM), NAMED(EPIPE), NAMED(EROFS), NAMED(ESPIPE), NAMED(ESTALE), NAMED(ETIMEDOUT), NAMED(ETXTBSY),
    NAMED(EXDEV),
};

/** errorName(errno): `ENOENT`; undefined: none that this table has */
FUNCTION(host_error_name)
{
    int number;

    UNUSED_ARGUMENTS;
    if (JS_ToInt32(ctx, &number, argv[0]))
        return JS_EXCEPTION;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        if (errors[i].number == number)
            return JS_NewString(ctx, errors[i].name);
    }
    return JS_UNDEFINED;
}

/** exit(code): at once */
FUNCTION(host_exit)
{
    int code;

    UNUSED_ARGUMENTS;
    if (JS_ToInt32(ctx, &code, argv[0]))
        return JS_EXCEPTION;
#ifdef DREAMOS_PROFILE
    exit(code); /* writes the profile */
#else
    _exit(code);
#endif
}

/** toNode(what): goes on in Node. It throws when something was changed, said or taken already. */
FUNCTION(host_to_node)
{
    const char *what;
    JSValue thrown;

    UNUSED_ARGUMENTS;
    if (!past_return)
        run_in_node();
    what = JS_ToCString(ctx, argv[0]);
    thrown = JS_ThrowInternalError(ctx, "%s needs Node, and it is too late to begin anew.", what ? what : "This");
    if (what)
        JS_FreeCString(ctx, what);
    return thrown;
}

static const JSCFunctionListEntry functions[] = {
    JS_PROP_STRING_DEF("platform", PLATFORM, JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("arch", ARCH, JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("engine", ENGINE, JS_PROP_ENUMERABLE),
    JS_CFUNC_DEF("argv", 0, host_words),
    JS_CFUNC_DEF("environment", 0, host_environment),
    JS_CFUNC_DEF("cwd", 0, host_cwd),
    JS_CFUNC_DEF("ids", 0, host_ids),
    JS_CFUNC_DEF("kill", 2, host_kill),
    JS_CFUNC_DEF("umask", 0, host_umask),
    JS_CFUNC_DEF("uptime", 0, host_uptime),
    JS_CFUNC_DEF("random", 1, host_random),
    JS_CFUNC_DEF("isTerminal", 1, host_is_terminal),
    JS_CFUNC_DEF("windowSize", 1, host_window_size),
    JS_CFUNC_DEF("errorName", 1, host_error_name),
    JS_CFUNC_DEF("exit", 1, host_exit),
    JS_CFUNC_DEF("toNode", 1, host_to_node),
};

int process_functions(JSContext *ctx, JSModuleDef *module, adder *use)
{
    return use(ctx, module, functions, sizeof functions / sizeof *functions);
}
