/* The process itself: its words and surroundings, time, signals, waiting, the end, and Node in its place. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>
#include "host.h"

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
    /* 0 only asks whether it is there. */
    if (number != 0)
        past_return = 1;
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

/** uptime(): monotonic milliseconds */
FUNCTION(host_uptime)
{
    struct timespec now;

    UNUSED_ARGUMENTS;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return JS_NewFloat64(ctx, (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6);
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

#define MOST_SIGNALS 65
static volatile sig_atomic_t came[MOST_SIGNALS];
/* A byte for each signal, so that one that comes right before a wait ends it, too. */
static int bell[2] = { -1, -1 };

static void note_signal(int number)
{
    int error = errno;

    came[number] = 1;
    /* A full pipe rings as well. */
    if (write(bell[1], "", 1) < 0)
        errno = error;
}

static int make_bell(void)
{
    if (bell[0] >= 0)
        return 0;
    if (pipe(bell) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        if (fcntl(bell[i], F_SETFD, FD_CLOEXEC) < 0 || fcntl(bell[i], F_SETFL, O_NONBLOCK) < 0)
            return -1;
    }
    return 0;
}

static int signal_number(JSContext *ctx, JSValueConst value, int *number)
{
    if (JS_ToInt32(ctx, number, value))
        return -1;
    if (*number < 1 || *number >= MOST_SIGNALS) {
        JS_ThrowRangeError(ctx, "no signal: %d", *number);
        return -1;
    }
    return 0;
}

/** hearSignal(number): from now on it is noted, and ends a wait */
FUNCTION(host_hear_signal)
{
    struct sigaction action = { 0 };
    int number;

    UNUSED_ARGUMENTS;
    if (signal_number(ctx, argv[0], &number))
        return JS_EXCEPTION;
    action.sa_handler = note_signal;
    sigemptyset(&action.sa_mask);
    return JS_NewInt32(ctx, make_bell() < 0 || sigaction(number, &action, NULL) < 0 ? -errno : 0);
}

/** takeSignal(number): whether it has come since this was asked last */
FUNCTION(host_take_signal)
{
    int number, it_came;

    UNUSED_ARGUMENTS;
    if (signal_number(ctx, argv[0], &number))
        return JS_EXCEPTION;
    it_came = came[number];
    came[number] = 0;
    return JS_NewBool(ctx, it_came);
}

/**
 * wait(read, write, other, milliseconds): until one descriptor can be read or one of two others be written, for at most so long.
 * A descriptor below 0 is none, as milliseconds below 0 are no end.
 * @return a sum: 1 for the first, 2 and 4 for the others; 0 the time is over; or the negative errno: -EINTR for a signal
 */
FUNCTION(host_wait)
{
    struct pollfd all[4] = { { .fd = bell[0], .events = POLLIN } };
    int milliseconds, ready;

    UNUSED_ARGUMENTS;
    for (int i = 1; i < 4; i++) {
        if (JS_ToInt32(ctx, &all[i].fd, argv[i - 1]))
            return JS_EXCEPTION;
        all[i].events = i == 1 ? POLLIN : POLLOUT;
    }
    if (JS_ToInt32(ctx, &milliseconds, argv[3]))
        return JS_EXCEPTION;
    ready = poll(all, 4, milliseconds);
    if (ready < 0)
        return JS_NewInt32(ctx, -errno);
    if (all[0].revents) {
        char rung[64];

        while (read(bell[0], rung, sizeof rung) > 0)
            ;
        return JS_NewInt32(ctx, -EINTR);
    }
    /* Also an error or an end, which the read or the write will tell. */
    return JS_NewInt32(ctx, (all[1].revents ? 1 : 0) + (all[2].revents ? 2 : 0) + (all[3].revents ? 4 : 0));
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
    JS_CFUNC_DEF("hearSignal", 1, host_hear_signal),
    JS_CFUNC_DEF("takeSignal", 1, host_take_signal),
    JS_CFUNC_DEF("wait", 4, host_wait),
    JS_CFUNC_DEF("errorName", 1, host_error_name),
    JS_CFUNC_DEF("exit", 1, host_exit),
    JS_CFUNC_DEF("toNode", 1, host_to_node),
};

int process_functions(JSContext *ctx, JSModuleDef *module, int (*use)(JSContext *, JSModuleDef *, const JSCFunctionListEntry *, int))
{
    return use(ctx, module, functions, sizeof functions / sizeof *functions);
}
