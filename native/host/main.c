/*
 * dreamos as a native program: one-shot commands without the start of Node.
 *
 * It starts QuickJS, hands it the modules that the build has compiled, and turns the loop of the prelude until nothing is left
 * to do. What it cannot do it leaves to Node, by exec with the same words, before it has changed, said or taken anything.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "host.h"
#include "image.h"

int past_return;
int host_argc;
char **host_argv;

/** A bug: exit 1, as Node does for what nobody has caught. */
static _Noreturn void die(JSContext *ctx, JSValue error)
{
    const char *message = JS_ToCString(ctx, error);
    JSValue stack = JS_GetPropertyStr(ctx, error, "stack");
    const char *trace = JS_IsString(stack) ? JS_ToCString(ctx, stack) : NULL;

    fprintf(stderr, "%s\n%s  Next: This is a bug in dreamos. DREAMOS_RUNTIME=node in front of the same command shows where.\n",
            message ? message : "Error", trace ? trace : "");
    _exit(1);
}

static JSValue module_of(JSContext *ctx, const char *name)
{
    size_t length;
    const uint8_t *bytecode = image_module(name, &length);

    return bytecode ? JS_ReadObject(ctx, bytecode, length, JS_READ_OBJ_BYTECODE)
                    : JS_ThrowReferenceError(ctx, "%s is not in this program", name);
}

/** All modules lie beside each other, so a name is the same from everywhere. */
static char *name_of_module(JSContext *ctx, const char *base, const char *name, void *opaque)
{
    (void)base, (void)opaque;
    return js_strdup(ctx, strncmp(name, "./", 2) == 0 ? name + 2 : name);
}

/** load(name): runs a module at once, and gives what it exports */
FUNCTION(host_load)
{
    const char *name = JS_ToCString(ctx, argv[0]);
    JSValue module, done;
    JSModuleDef *definition;

    UNUSED_ARGUMENTS;
    if (!name)
        return JS_EXCEPTION;
    module = module_of(ctx, name);
    JS_FreeCString(ctx, name);
    if (JS_IsException(module) || JS_ResolveModule(ctx, module) < 0)
        return JS_EXCEPTION;
    definition = JS_VALUE_GET_PTR(module);
    done = JS_EvalFunction(ctx, module);
    if (JS_IsException(done))
        return JS_EXCEPTION;
    /* A module's errors are in its promise. */
    if (JS_PromiseState(ctx, done) == JS_PROMISE_REJECTED) {
        JSValue error = JS_PromiseResult(ctx, done);

        JS_FreeValue(ctx, done);
        return JS_Throw(ctx, error);
    }
    JS_FreeValue(ctx, done);
    return JS_GetModuleNamespace(ctx, definition);
}

/** importModule(name): as import() */
FUNCTION(host_import)
{
    const char *name = JS_ToCString(ctx, argv[0]);
    JSValue promise = name ? JS_LoadModule(ctx, "", name) : JS_EXCEPTION;

    UNUSED_ARGUMENTS;
    JS_FreeCString(ctx, name);
    return promise;
}

static const JSCFunctionListEntry own_functions[] = { JS_CFUNC_DEF("load", 1, host_load), JS_CFUNC_DEF("importModule", 1, host_import) };

static int all_functions(JSContext *ctx, JSModuleDef *module, adder *use)
{
    return use(ctx, module, own_functions, 2) || files_functions(ctx, module, use) || look_functions(ctx, module, use) ||
           text_functions(ctx, module, use) || process_functions(ctx, module, use) || wait_functions(ctx, module, use) || aside_functions(ctx, module, use);
}

static int set_host_functions(JSContext *ctx, JSModuleDef *module)
{
    return all_functions(ctx, module, JS_SetModuleExportList);
}

static JSModuleDef *load_module(JSContext *ctx, const char *name, void *opaque)
{
    JSModuleDef *module;
    JSValue read;

    (void)opaque;
    if (strcmp(name, "dreamos:host") == 0) {
        module = JS_NewCModule(ctx, name, set_host_functions);
        if (module && all_functions(ctx, module, JS_AddModuleExportList))
            return NULL;
        return module;
    }
    read = module_of(ctx, name);
    if (JS_IsException(read))
        return NULL;
    /* The context keeps it; this was one more reference. */
    module = JS_VALUE_GET_PTR(read);
    JS_FreeValue(ctx, read);
    return module;
}

/* Promises that were rejected while nobody waited for them, until somebody does; the first of them first. */
static struct rejection {
    JSValue promise;
    JSValue reason;
} *rejected;
static size_t rejected_count;

static void track_rejection(JSContext *ctx, JSValueConst promise, JSValueConst reason, bool is_handled, void *opaque)
{
    void *which = JS_VALUE_GET_PTR(promise);
    size_t i = 0;

    (void)opaque;
    if (!is_handled) {
        rejected = js_realloc_rt(JS_GetRuntime(ctx), rejected, (rejected_count + 1) * sizeof *rejected);
        rejected[rejected_count++] = (struct rejection){ JS_DupValue(ctx, promise), JS_DupValue(ctx, reason) };
        return;
    }
    while (i < rejected_count && JS_VALUE_GET_PTR(rejected[i].promise) != which)
        i++;
    if (i == rejected_count)
        return;
    JS_FreeValue(ctx, rejected[i].promise);
    JS_FreeValue(ctx, rejected[i].reason);
    memmove(rejected + i, rejected + i + 1, (--rejected_count - i) * sizeof *rejected);
}

static void run_jobs(JSRuntime *runtime, JSContext *ctx)
{
    JSContext *of_job;
    int ran;

    while ((ran = JS_ExecutePendingJob(runtime, &of_job)) > 0)
        ;
    if (ran < 0)
        die(ctx, JS_GetException(ctx));
    if (rejected_count > 0)
        die(ctx, rejected[0].reason);
}

/** In less, a message of as many levels as one may have could not be read, and would be put aside as broken. Node's parser needs no stack. */
enum { least_stack = 1 << 20, most_stack = 4 << 20 };

/** What Node's main thread has, or, where the system gives less, a part of that: deep data must end in an error, not in a crash. */
static size_t stack_size(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur / 2 < most_stack)
        return (size_t)limit.rlim_cur / 2;
    return most_stack;
}

/** Whichever of the three standard descriptors is closed, /dev/null takes its place, as in Node: a file of mail must never get its number. */
static void open_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != fd)
            _exit(1);
    }
}

/** The engine, with the prelude in it. @return the namespace of its first module, `start` */
static JSValue begin(JSContext **context)
{
    JSRuntime *runtime = JS_NewRuntime2(&image_memory, NULL);
    JSContext *ctx = runtime ? JS_NewContextRaw(runtime) : NULL;
    JSValue module, done;
    JSModuleDef *start;

    /* All but `performance`, which would have begun with the image, and what compiles sources: no text is ever run. */
    if (!ctx || JS_AddIntrinsicBaseObjects(ctx) || JS_AddIntrinsicDate(ctx) || JS_AddIntrinsicRegExp(ctx) ||
        JS_AddIntrinsicJSON(ctx) || JS_AddIntrinsicProxy(ctx) || JS_AddIntrinsicMapSet(ctx) || JS_AddIntrinsicTypedArrays(ctx) ||
        JS_AddIntrinsicPromise(ctx) || JS_AddIntrinsicWeakRef(ctx))
        _exit(1);
    *context = ctx;
    /* A one-shot command ends before it would be worth while to look for cycles. */
    JS_SetGCThreshold(runtime, (size_t)64 << 20);
    JS_SetModuleLoaderFunc(runtime, name_of_module, load_module, NULL);
    JS_SetHostPromiseRejectionTracker(runtime, track_rejection, NULL);
    module = module_of(ctx, "start.js");
    if (JS_IsException(module) || JS_ResolveModule(ctx, module) < 0)
        die(ctx, JS_GetException(ctx));
    start = JS_VALUE_GET_PTR(module);
    done = JS_EvalFunction(ctx, module);
    if (JS_IsException(done))
        die(ctx, JS_GetException(ctx));
    JS_FreeValue(ctx, done);
    run_jobs(runtime, ctx);
    return JS_GetModuleNamespace(ctx, start);
}

/** Calls a function without arguments, and what has come of it by promises. @return whether it gave something true */
static int call(JSContext *ctx, JSValueConst function)
{
    JSValue given = JS_Call(ctx, function, JS_UNDEFINED, 0, NULL);

    if (JS_IsException(given))
        die(ctx, JS_GetException(ctx));
    run_jobs(JS_GetRuntime(ctx), ctx);
    return JS_ToBool(ctx, given);
}

/** At build time: the image that later starts begin with. */
static int make_image(const char *path)
{
    JSContext *ctx;
    JSValue start;

    if (image_begin() < 0) {
        perror("image");
        return 1;
    }
    start = begin(&ctx);
    call(ctx, JS_GetPropertyStr(ctx, start, "prepare"));
    if (image_write(path, ctx, JS_GetPropertyStr(ctx, start, "turn")) < 0) {
        perror(path);
        return 1;
    }
    return 0;
}

/** Whether it was asked for; or where an error is, of which only Node knows the lines. */
static int is_for_node(void)
{
    const char *wanted = getenv("DREAMOS_RUNTIME"), *debug = getenv("DREAMOS_DEBUG");

    return wanted && *wanted ? strcmp(wanted, "node") == 0 : debug && *debug;
}

int main(int argc, char **argv)
{
    JSContext *ctx = image.context;
    JSValue turn = image.turn;
    size_t stack = stack_size();

    host_argc = argc;
    host_argv = argv;
    open_standard_descriptors();
    if (!ctx && argc == 3 && strcmp(argv[1], "--make-image") == 0)
        return make_image(argv[2]);
    if (is_for_node() || stack < least_stack || is_of_another_version())
        run_in_node();

    /* As Node: a closed pipe and a file that grows beyond its limit are errors of a write. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);

    if (!ctx) {
        JSValue start = begin(&ctx);

        turn = JS_GetPropertyStr(ctx, start, "turn");
    }
    JS_UpdateStackTop(JS_GetRuntime(ctx));
    JS_SetMaxStackSize(JS_GetRuntime(ctx), stack);
    while (call(ctx, turn))
        ;
    /* The prelude ends the process itself, with its code; to come here means that it has not. */
    return 1;
}
