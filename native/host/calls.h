/* What the calls of the system have in common: how they take their arguments, and how they answer. */
#ifndef DREAMOS_CALLS_H
#define DREAMOS_CALLS_H

#include <errno.h>
#include "host.h"

/** What a call of the system has just given: its result, or the negative errno. */
static inline JSValue outcome(JSContext *ctx, int64_t result)
{
    return JS_NewInt64(ctx, result < 0 ? -errno : result);
}

/** Frees a text without forgetting errno. */
static inline void let_go(JSContext *ctx, const char *text)
{
    int error = errno;

    JS_FreeCString(ctx, text);
    errno = error;
}

/** Calls the system with a path, again if a signal came in between. @return as outcome() */
#define WITH_PATH(ctx, path, value, call)                                                                              \
    do {                                                                                                               \
        const char *path = JS_ToCString(ctx, value);                                                                   \
        int64_t result;                                                                                                \
        if (!path)                                                                                                     \
            return JS_EXCEPTION;                                                                                       \
        do                                                                                                             \
            result = (call);                                                                                           \
        while (result < 0 && errno == EINTR);                                                                          \
        let_go(ctx, path);                                                                                             \
        return outcome(ctx, result);                                                                                   \
    } while (0)

static inline int integer(JSContext *ctx, JSValueConst value, int *number)
{
    return JS_ToInt32(ctx, number, value);
}

#endif
