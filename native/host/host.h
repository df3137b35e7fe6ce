/*
 * What the parts of the host share.
 *
 * The host runs dreamos's own TypeScript, compiled to QuickJS bytecode, with the few calls of the system that it needs. Every
 * function for JavaScript follows one rule: what fails gives the negative errno, as a number, and the prelude makes the error
 * of it that Node would throw. Exceptions are for misuse (a wrong type, a range outside of its array) and for lack of memory.
 */
#ifndef DREAMOS_HOST_H
#define DREAMOS_HOST_H

#include <stddef.h>
#include <stdint.h>
#include "quickjs.h"

/** Whether anything was changed, said or taken from stdin: from then on this run can no longer begin anew in Node. */
extern int past_return;

/** The command line, as main() got it. */
extern int host_argc;
extern char **host_argv;

/** Monotonic milliseconds. */
double uptime_ms(void);

/** Runs the same command line in Node, in place of this process. It comes back only if there is no Node to run. */
void run_in_node(void);
/** Whether the package that this program stands in or beside has another version than it. Without a package: 0. */
int is_of_another_version(void);
/** Those that were heard do what they do by themselves, also what has come of them and was not told yet. */
void forget_signals(void);

/** Declares functions of a module, or sets them. @return below 0: no memory */
typedef int adder(JSContext *ctx, JSModuleDef *module, const JSCFunctionListEntry *functions, int count);

/** Each adds its functions to the module `dreamos:host`; called twice, to declare them and to set them. */
int files_functions(JSContext *ctx, JSModuleDef *module, adder *use);
int look_functions(JSContext *ctx, JSModuleDef *module, adder *use);
int text_functions(JSContext *ctx, JSModuleDef *module, adder *use);
int process_functions(JSContext *ctx, JSModuleDef *module, adder *use);
int aside_functions(JSContext *ctx, JSModuleDef *module, adder *use);
int wait_functions(JSContext *ctx, JSModuleDef *module, adder *use);

/** The bytes of a Uint8Array; NULL with an exception: it is none. */
static inline uint8_t *bytes_of(JSContext *ctx, JSValueConst value, size_t *length)
{
    return JS_GetUint8Array(ctx, length, value);
}

/** A text of names and paths from the system, which need not be UTF-8. */
JSValue text_from_system(JSContext *ctx, const char *text, size_t length);

#define FUNCTION(name) static JSValue name(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
#define UNUSED_ARGUMENTS ((void)this_value, (void)argc, (void)argv)

#endif
