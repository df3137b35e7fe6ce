/* Waiting, and the signals that end it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>
#include "host.h"

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

void forget_signals(void)
{
    sigset_t all, before;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    for (int number = 1; number < MOST_SIGNALS; number++) {
        struct sigaction action;

        if (sigaction(number, NULL, &action) < 0 || action.sa_handler != note_signal)
            continue;
        signal(number, SIG_DFL);
        if (came[number])
            raise(number);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
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

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("hearSignal", 1, host_hear_signal),
    JS_CFUNC_DEF("takeSignal", 1, host_take_signal),
    JS_CFUNC_DEF("wait", 4, host_wait),
};

int wait_functions(JSContext *ctx, JSModuleDef *module, adder *use)
{
    return use(ctx, module, functions, sizeof functions / sizeof *functions);
}
