/* Text and bytes: what Buffer, TextEncoder, TextDecoder and node:crypto's hash are made of. */
#include <string.h>
#include "host.h"
#include "digest.h"
#include "utf8.h"

/**
 * A text as UTF-8, half a surrogate pair as U+FFFD.
 * @return to be freed with JS_FreeCString(); NULL with an exception
 */
static const char *utf8_of(JSContext *ctx, JSValueConst text, size_t *length)
{
    const char *bytes = JS_ToCStringLen(ctx, length, text);

    /* QuickJS made this copy for us alone, so it may be mended in place; an ASCII text, which may be its own, has no 0xed. */
    if (bytes)
        utf8_replace_surrogates((uint8_t *)bytes, *length);
    return bytes;
}

/** Bytes that need not be UTF-8 as text, with U+FFFD for what is none. */
static JSValue text_of(JSContext *ctx, const uint8_t *bytes, size_t length)
{
    uint8_t *repaired;
    JSValue text;

    if (utf8_is_valid(bytes, length))
        return JS_NewStringLen(ctx, (const char *)bytes, length);
    repaired = js_malloc(ctx, 3 * length);
    text = JS_NewStringLen(ctx, (const char *)repaired, utf8_repair(bytes, length, repaired));
    js_free(ctx, repaired);
    return text;
}

JSValue text_from_system(JSContext *ctx, const char *text, size_t length)
{
    return text_of(ctx, (const uint8_t *)text, length);
}

/** The part [start, end) of a Uint8Array, from its arguments `at` to `at + 2`. @return NULL with an exception */
static const uint8_t *part_of(JSContext *ctx, JSValueConst *argv, int at, size_t *length)
{
    size_t whole;
    uint8_t *bytes = bytes_of(ctx, argv[at], &whole);
    int64_t start, end;

    if (!bytes && whole == 0 && JS_HasException(ctx))
        return NULL;
    if (JS_ToInt64(ctx, &start, argv[at + 1]) || JS_ToInt64(ctx, &end, argv[at + 2]))
        return NULL;
    if (start < 0 || end < start || (uint64_t)end > whole) {
        JS_ThrowRangeError(ctx, "outside of the array");
        return NULL;
    }
    *length = (size_t)(end - start);
    /* An empty array may have no memory at all, and NULL would mean an exception. */
    return bytes ? bytes + start : (const uint8_t *)"";
}

/** utf8Bytes(text): ArrayBuffer */
FUNCTION(utf8_bytes)
{
    size_t length;
    const char *bytes = utf8_of(ctx, argv[0], &length);
    JSValue buffer;

    UNUSED_ARGUMENTS;
    if (!bytes)
        return JS_EXCEPTION;
    buffer = JS_NewArrayBufferCopy(ctx, (const uint8_t *)bytes, length);
    JS_FreeCString(ctx, bytes);
    return buffer;
}

/** utf8Length(text): how many bytes it takes */
FUNCTION(utf8_length)
{
    size_t length;
    const char *bytes = JS_ToCStringLen(ctx, &length, argv[0]);

    UNUSED_ARGUMENTS;
    if (!bytes)
        return JS_EXCEPTION;
    JS_FreeCString(ctx, bytes);
    return JS_NewInt64(ctx, (int64_t)length);
}

/** utf8Write(text, array, start): how many bytes were written; a character that does not fit is left out, and what follows */
FUNCTION(utf8_write)
{
    size_t length, room;
    uint8_t *target = bytes_of(ctx, argv[1], &room);
    int64_t start;
    const char *bytes;

    UNUSED_ARGUMENTS;
    if (!target && JS_HasException(ctx))
        return JS_EXCEPTION;
    if (JS_ToInt64(ctx, &start, argv[2]))
        return JS_EXCEPTION;
    if (start < 0 || (uint64_t)start > room)
        return JS_ThrowRangeError(ctx, "outside of the array");
    bytes = utf8_of(ctx, argv[0], &length);
    if (!bytes)
        return JS_EXCEPTION;
    room -= (size_t)start;
    if (length > room) {
        length = room;
        while (length > 0 && ((uint8_t)bytes[length] & 0xc0) == 0x80)
            length--;
    }
    if (length > 0)
        memcpy(target + start, bytes, length);
    JS_FreeCString(ctx, bytes);
    return JS_NewInt64(ctx, (int64_t)length);
}

/** utf8Text(array, start, end): text, with U+FFFD for what is no UTF-8 */
FUNCTION(utf8_text)
{
    size_t length;
    const uint8_t *bytes = part_of(ctx, argv, 0, &length);

    UNUSED_ARGUMENTS;
    return bytes ? text_of(ctx, bytes, length) : JS_EXCEPTION;
}

/** isUtf8(array, start, end): boolean */
FUNCTION(is_utf8)
{
    size_t length;
    const uint8_t *bytes = part_of(ctx, argv, 0, &length);

    UNUSED_ARGUMENTS;
    return bytes ? JS_NewBool(ctx, utf8_is_valid(bytes, length)) : JS_EXCEPTION;
}

/** latin1Text(array, start, end): a character for each byte */
FUNCTION(latin1_text)
{
    size_t length, written = 0;
    const uint8_t *bytes = part_of(ctx, argv, 0, &length);
    char *utf8;
    JSValue text;

    UNUSED_ARGUMENTS;
    if (!bytes)
        return JS_EXCEPTION;
    utf8 = js_malloc(ctx, 2 * length + 1);
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] < 0x80) {
            utf8[written++] = (char)bytes[i];
        } else {
            utf8[written++] = (char)(0xc0 | bytes[i] >> 6);
            utf8[written++] = (char)(0x80 | (bytes[i] & 0x3f));
        }
    }
    text = JS_NewStringLen(ctx, utf8, written);
    js_free(ctx, utf8);
    return text;
}

/** What `digest` makes of a part of an array, in hex. @param size of it, at most 32 bytes */
static JSValue digest_of(JSContext *ctx, JSValueConst *argv, void (*digest)(const uint8_t *, size_t, uint8_t *), size_t size)
{
    static const char digits[] = "0123456789abcdef";
    size_t length;
    const uint8_t *bytes = part_of(ctx, argv, 0, &length);
    uint8_t made[32];
    char hex[2 * sizeof made];

    if (!bytes)
        return JS_EXCEPTION;
    digest(bytes, length, made);
    for (size_t i = 0; i < size; i++) {
        hex[2 * i] = digits[made[i] >> 4];
        hex[2 * i + 1] = digits[made[i] & 15];
    }
    return JS_NewStringLen(ctx, hex, 2 * size);
}

/** sha256(array, start, end): its digest in hex */
FUNCTION(host_sha256)
{
    UNUSED_ARGUMENTS;
    return digest_of(ctx, argv, sha256, 32);
}

/** sha1(array, start, end): its digest in hex; for names alone, which is what write-file-atomic makes of it */
FUNCTION(host_sha1)
{
    UNUSED_ARGUMENTS;
    return digest_of(ctx, argv, sha1, 20);
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("utf8Bytes", 1, utf8_bytes),     JS_CFUNC_DEF("utf8Length", 1, utf8_length),
    JS_CFUNC_DEF("utf8Write", 3, utf8_write),     JS_CFUNC_DEF("utf8Text", 3, utf8_text),
    JS_CFUNC_DEF("isUtf8", 3, is_utf8),           JS_CFUNC_DEF("latin1Text", 3, latin1_text),
    JS_CFUNC_DEF("sha256", 3, host_sha256),
    JS_CFUNC_DEF("sha1", 3, host_sha1),
};

int text_functions(JSContext *ctx, JSModuleDef *module, adder *use)
{
    return use(ctx, module, functions, sizeof functions / sizeof *functions);
}
