/* Work that must not keep anybody waiting, in a child. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include "host.h"

/** What the child says, handed on once it has ended well, all of it or nothing. It never comes back. */
static _Noreturn void hand_on(pid_t child, int from, double until)
{
    static char said[65536];
    size_t length = 0;
    int status;

    forget_signals();
    for (;;) {
        struct pollfd one = { .fd = from, .events = POLLIN };
        int left = (int)(until - uptime_ms());
        ssize_t more;

        if (left <= 0 || length == sizeof said)
            break;
        if (poll(&one, 1, left) <= 0)
            continue;
        more = read(from, said + length, sizeof said - length);
        if (more > 0)
            length += (size_t)more;
        if (more != 0)
            continue;
        if (waitpid(child, &status, 0) != child)
            break;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            for (size_t at = 0; at < length && (more = write(STDOUT_FILENO, said + at, length - at)) > 0;)
                at += (size_t)more;
        }
        _exit(0);
    }
    kill(child, SIGKILL);
    _exit(0);
}

/**
 * endWithin(ms): goes on in a child, and ends this process with 0 as that ends; nothing is said when it has not by then, or has
 * ended with another code (without memory). A call of the system that hangs ends for no signal, not even for SIGKILL, so who is
 * waited for must be in none.
 */
FUNCTION(host_end_within)
{
    int ends[2], ms, here = getpid();
    pid_t child;

    UNUSED_ARGUMENTS;
    if (JS_ToInt32(ctx, &ms, argv[0]))
        return JS_EXCEPTION;
    if (pipe(ends) < 0)
        return JS_NewInt32(ctx, -errno);
    child = fork();
    if (child < 0)
        ms = -errno;
    if (child > 0) {
        close(ends[1]);
        hand_on(child, ends[0], uptime_ms() + ms);
    }
    close(ends[0]);
    if (child == 0) {
#ifdef __linux__
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != here)
            _exit(0);
#else
        (void)here;
#endif
        /* Whoever reads its words must not wait for the end of this one. */
        if (dup2(ends[1], STDOUT_FILENO) < 0 || dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO) < 0)
            _exit(0);
    }
    close(ends[1]);
    return child < 0 ? JS_NewInt32(ctx, ms) : JS_UNDEFINED;
}

static const JSCFunctionListEntry functions[] = { JS_CFUNC_DEF("endWithin", 1, host_end_within) };

int aside_functions(JSContext *ctx, JSModuleDef *module, adder *use)
{
    return use(ctx, module, functions, 1);
}
