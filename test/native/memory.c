/* For the test beside it: the engine's memory at random, while an image is made and in a run that begins with it. */
#include "image.c"
#include <assert.h>

enum { room = 16 << 20, most = 400, rounds = 20000 };

uint64_t image_room[room / 8] __asm__("image") __attribute__((aligned(16)));
char **host_argv;

static struct {
    uint8_t *bytes, mark;
    size_t length;
} held[most];

static size_t draw(size_t below)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state % below;
}

/** Each kind of size as often as the others, and those around the border. */
static size_t draw_size(int small_only)
{
    switch (draw(small_only ? 3 : 5)) {
    case 0: return draw(64) + 1;
    case 1: return draw(600) + 1;
    case 2: return draw(9000) + 1;
    case 3: return largest - 40 + draw(80);
    default: return draw(4 * largest) + 1;
    }
}

static void check(size_t i, size_t length)
{
    for (size_t at = 0; at < length; at++)
        assert(held[i].bytes[at] == held[i].mark);
}

static void hold(size_t i, uint8_t *bytes, size_t length)
{
    assert((uintptr_t)bytes % sizeof(void *) == 0 && usable_size(bytes) >= length);
    held[i].bytes = bytes;
    held[i].length = length;
    held[i].mark = (uint8_t)draw(256);
    memset(bytes, held[i].mark, usable_size(bytes));
}

static void at_random(size_t count, int small_only)
{
    for (size_t round = 0; round < count; round++) {
        size_t i = draw(most), length = draw_size(small_only), had = held[i].length;

        if (!held[i].bytes && draw(2)) {
            uint8_t *zeros = image_memory.js_calloc(NULL, 1, length);

            for (size_t at = 0; at < length; at++)
                assert(zeros[at] == 0);
            hold(i, zeros, length);
        } else if (!held[i].bytes) {
            hold(i, draw(2) ? image_memory.js_malloc(NULL, length) : image_memory.js_realloc(NULL, NULL, length), length);
        } else {
            check(i, usable_size(held[i].bytes));
            if (draw(2)) {
                held[i].bytes = image_memory.js_realloc(NULL, held[i].bytes, length);
                check(i, had < length ? had : length);
                hold(i, held[i].bytes, length);
            } else {
                image_memory.js_free(NULL, held[i].bytes);
                held[i].bytes = NULL;
            }
        }
    }
}

/** One text after the other, each of another length, takes no more memory than a few. */
static void of_all_sizes(void)
{
    uint8_t *region_end = end;
    int regions = 0;

    for (size_t i = 0; i < 20000; i++) {
        void *bytes = image_memory.js_malloc(NULL, draw(largest) + 1);

        image_memory.js_free(NULL, bytes);
        regions += end != region_end;
        region_end = end;
    }
    assert(regions <= 2);
}

int main(int argc, char **argv)
{
    host_argv = argv;
    image.length = room;
    assert(image_memory.js_malloc_usable_size(NULL) == 0);
    if (argc > 1) {
        image_memory.js_calloc(NULL, SIZE_MAX / 2, argc > 2 ? 3 : 1);
        return 0;
    }
    assert(image_begin() == 0);
    at_random(2000, 1);
    /* The next process has of this only what is held, and other lists. */
    image.length = (uint64_t)(next - (uint8_t *)&image);
    free(linked), free(asked_for);
    linked = NULL, asked_for = NULL, next = end = NULL;
    memset(given_back, 0, sizeof given_back);
    of_all_sizes();
    at_random(rounds, 0);
    image_memory.js_free(NULL, NULL);
    puts("ok");
    return 0;
}
