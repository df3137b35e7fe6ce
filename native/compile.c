/*
 * Compiles one module to QuickJS bytecode, at build time: compile <source.js> <module name> <out>
 * What it imports is not looked at; that is resolved when the program runs. Of the source nothing is kept, not even line numbers,
 * which take a twentieth of the program: by Node, a stack trace has them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "quickjs.h"

static char *read_whole(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    long size;

    if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET))
        return NULL;
    *length = (size_t)size;
    text = malloc(*length + 1);
    if (text && fread(text, 1, *length, file) != *length)
        return NULL;
    fclose(file);
    if (text)
        text[*length] = 0;
    return text;
}

/** An empty module for every import. */
static JSModuleDef *load_nothing(JSContext *ctx, const char *name, void *opaque)
{
    JSValue module = JS_Eval(ctx, "", 0, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    JSModuleDef *definition;

    (void)opaque;
    if (JS_IsException(module))
        return NULL;
    definition = JS_VALUE_GET_PTR(module);
    JS_FreeValue(ctx, module);
    return definition;
}

int main(int argc, char **argv)
{
    JSRuntime *runtime = JS_NewRuntime();
    JSContext *ctx = runtime ? JS_NewContext(runtime) : NULL;
    size_t length, size;
    char *source;
    uint8_t *bytecode;
    JSValue module;
    FILE *out;

    if (argc != 4 || !ctx)
        return 2;
    JS_SetMaxStackSize(runtime, 64 << 20);
    JS_SetModuleLoaderFunc(runtime, NULL, load_nothing, NULL);
    source = read_whole(argv[1], &length);
    if (!source) {
        perror(argv[1]);
        return 1;
    }
    module = JS_Eval(ctx, source, length, argv[2], JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(module)) {
        JSValue error = JS_GetException(ctx);
        const char *message = JS_ToCString(ctx, error);
        fprintf(stderr, "%s: %s\n", argv[1], message ? message : "out of memory");
        return 1;
    }
    bytecode = JS_WriteObject(ctx, &size, module, JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_DEBUG);
    out = bytecode ? fopen(argv[3], "wb") : NULL;
    if (!out || fwrite(bytecode, 1, size, out) != size || fclose(out)) {
        perror(argv[3]);
        return 1;
    }
    return 0;
}
