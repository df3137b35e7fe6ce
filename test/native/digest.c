/* For the test beside it: framed inputs from stdin, of each a line of what native/host/ makes of it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "digest.h"
#include "utf8.h"

static void print_hex(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        printf("%02x", bytes[i]);
    putchar(' ');
}

int main(void)
{
    uint32_t length;

    while (fread(&length, sizeof length, 1, stdin) == 1) {
        /* Of exactly this size, so that a sanitizer sees a byte too far. */
        uint8_t *bytes = malloc(length ? length : 1), *repaired = malloc(3 * (size_t)length + 1);
        uint8_t one[20], two[32];

        if (!bytes || !repaired || fread(bytes, 1, length, stdin) != length)
            return 1;
        sha1(bytes, length, one);
        sha256(bytes, length, two);
        print_hex(one, sizeof one);
        print_hex(two, sizeof two);
        printf("%d ", utf8_is_valid(bytes, length));
        print_hex(repaired, utf8_repair(bytes, length, repaired));
        putchar('\n');
        free(bytes);
        free(repaired);
    }
    return 0;
}
