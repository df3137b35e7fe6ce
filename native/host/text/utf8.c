#include "utf8.h"
#include <string.h>

/**
 * Looks at one character.
 * @param taken how many bytes it has; of what is no character, the longest part that could have begun one, at least one
 * @return whether it is one
 */
static int next_character(const uint8_t *at, size_t left, size_t *taken)
{
    uint8_t first = at[0];
    uint8_t lowest = 0x80, highest = 0xbf; /* of the second byte */
    size_t length;

    *taken = 1;
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first == 0xe0)
        lowest = 0xa0; /* else overlong */
    else if (first == 0xed)
        highest = 0x9f; /* else a surrogate */
    else if (first == 0xf0)
        lowest = 0x90; /* else overlong */
    else if (first == 0xf4)
        highest = 0x8f; /* else above U+10FFFF */

    for (; *taken < length; (*taken)++) {
        if (*taken >= left)
            return 0;
        if (at[*taken] < lowest || at[*taken] > highest)
            return 0;
        lowest = 0x80;
        highest = 0xbf;
    }
    return 1;
}

int utf8_is_valid(const uint8_t *bytes, size_t length)
{
    size_t taken;

    for (size_t i = 0; i < length; i += taken) {
        /* Eight at a time: most text is ASCII. */
        while (length - i >= 8) {
            uint64_t eight;
            memcpy(&eight, bytes + i, 8);
            if (eight & UINT64_C(0x8080808080808080))
                break;
            i += 8;
        }
        if (i == length)
            return 1;
        if (!next_character(bytes + i, length - i, &taken))
            return 0;
    }
    return 1;
}

size_t utf8_repair(const uint8_t *bytes, size_t length, uint8_t *out)
{
    size_t written = 0, taken;

    for (size_t i = 0; i < length; i += taken) {
        if (next_character(bytes + i, length - i, &taken)) {
            memcpy(out + written, bytes + i, taken);
            written += taken;
        } else {
            memcpy(out + written, "\xef\xbf\xbd", 3);
            written += 3;
        }
    }
    return written;
}

void utf8_replace_surrogates(uint8_t *bytes, size_t length)
{
    /* 0xed is never the second byte of anything, so where it stands a character begins. */
    for (uint8_t *at = bytes; length >= 3 && (at = memchr(at, 0xed, length - 2 - (size_t)(at - bytes))) != NULL; at++) {
        if (at[1] >= 0xa0)
            memcpy(at, "\xef\xbf\xbd", 3);
        if (at == bytes + length - 3)
            return;
    }
}
