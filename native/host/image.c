/* The image, and the memory of the engine, which it is made of. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "host.h"
#include "image.h"

/* While the image is made: the modules as they were linked, and which of them have been asked for. */
static struct image *linked;
static uint8_t *asked_for;

int image_is_made(void)
{
    return linked != NULL;
}

static int is_in_image(const void *at)
{
    return (uintptr_t)at - (uintptr_t)&image < image.length;
}

/*
 * QuickJS puts together by itself what is small, so the blocks that it asks for here are large, and of few sizes: above 256 bytes
 * eight to each doubling, so that of a thousand texts of as many lengths each can have what the last one gave back. Each has its
 * size before it, and for each size there is a list of those that were given back. They are cut from one region after the other;
 * of these none is returned, for a run is short. The first region is the image, while it is made; there, where each byte counts,
 * they have any size. What is larger than `largest` is malloc()'s, but not in the image.
 */
enum { step = 16, largest = 64 << 10, region = 1 << 20 };

struct block {
    size_t size; /* all of it, in steps if it is not malloc()'s */
    union {
        struct block *next; /* of this size, once it is given back */
        uint8_t bytes[1];
    };
};

static struct block *given_back[largest / step + 1];
static uint8_t *next, *end;

static struct block *block_of(void *bytes)
{
    return (struct block *)((uint8_t *)bytes - offsetof(struct block, bytes));
}

static size_t usable_size(const void *bytes)
{
    return bytes ? block_of((void *)bytes)->size - offsetof(struct block, bytes) : 0;
}

/**
 * An error would be caught, and taken for another: a message that there was no memory to read, for one that is no JSON, and put
 * aside as corrupt. Every step of the store may be the last of a process, so this is.
 */
static _Noreturn void end_without_memory(void)
{
    fputs(image_is_made() ? "Error: there is no more room in the image\n"
                          : "Error: dreamos gets no more memory.\n"
                            "  Next: Raise the limit that it runs under (`ulimit -v` and `-d`, or a container's), and type it again.\n",
          stderr);
    _exit(1);
}

/** How far sizes of about this one lie apart. */
static size_t grain(size_t size)
{
    size_t apart = step;

    while (!image_is_made() && size > 16 * apart && apart < largest / 16)
        apart *= 2;
    return apart;
}

static size_t round_up(size_t size)
{
    return (size + grain(size) - 1) & ~(grain(size) - 1);
}

/** What the image holds is used for the next smaller of the sizes. */
static void put_back(struct block *block, size_t size)
{
    struct block **list = &given_back[(size & ~(grain(size) - 1)) / step];

    block->size = size;
    block->next = *list;
    *list = block;
}

/** One of this size that was given back; for the image, which has to be small, also a part of a larger one. @return NULL: none */
static struct block *take_back(size_t size)
{
    for (size_t of = size; of <= largest; of += step) {
        struct block *block = given_back[of / step];

        if (block) {
            given_back[of / step] = block->next;
            if (of > size)
                put_back((struct block *)((uint8_t *)block + size), of - size);
            return block;
        }
        if (!image_is_made())
            break;
    }
    return NULL;
}

/** From the region. */
static struct block *cut(size_t size)
{
    struct block *block;

    if (size > (size_t)(end - next)) {
        if (image_is_made() || !(next = malloc(region)))
            end_without_memory();
        end = next + region;
    }
    block = (struct block *)next;
    next += size;
    return block;
}

static void *take(void *opaque, size_t wanted)
{
    size_t size = round_up(wanted + offsetof(struct block, bytes));
    struct block *block;

    (void)opaque;
    if (size < wanted)
        end_without_memory();
    if (size > largest && !image_is_made())
        block = malloc(size);
    else if (!(block = take_back(size)))
        block = cut(size);
    if (!block)
        end_without_memory();
    block->size = size;
    return block->bytes;
}

static void *take_zeros(void *opaque, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        end_without_memory();
    return memset(take(opaque, count * size), 0, count * size);
}

static void give_back(void *opaque, void *bytes)
{
    struct block *block;

    (void)opaque;
    if (!bytes)
        return;
    block = block_of(bytes);
    if (block->size <= largest)
        put_back(block, block->size);
    else if (!is_in_image(block))
        free(block);
}

static void *resize(void *opaque, void *bytes, size_t wanted)
{
    size_t had = usable_size(bytes), size = wanted + offsetof(struct block, bytes);
    void *moved;

    if (bytes && wanted <= had)
        return bytes;
    if (had + offsetof(struct block, bytes) > largest && !is_in_image(bytes)) {
        struct block *block = size < wanted ? NULL : realloc(block_of(bytes), size);

        if (!block)
            end_without_memory();
        block->size = size;
        return block->bytes;
    }
    moved = take(opaque, wanted);
    if (bytes) {
        memcpy(moved, bytes, had);
        give_back(opaque, bytes);
    }
    return moved;
}

const JSMallocFunctions image_memory = { take_zeros, take, give_back, resize, usable_size };

const uint8_t *image_module(const char *name, size_t *length)
{
    const struct image *from = linked ? linked : &image;
    const uint8_t *bytes = (const uint8_t *)from;
    uint64_t low = 0, high = from->count;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        const struct module *module = &from->modules[middle];
        int order = strcmp(name, (const char *)bytes + module->name);

        if (order == 0) {
            if (asked_for)
                asked_for[middle] = 1;
            *length = module->length;
            return bytes + module->start;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

int image_begin(void)
{
    uint64_t room = image.length, count = image.count;
    struct image *copy = malloc(room);

    asked_for = calloc(count, 1);
    if (!copy || !asked_for)
        return -1;
    linked = memcpy(copy, &image, room);
    memset(&image, 0, room);
    image.length = room;
    end = (uint8_t *)&image + room;
    next = (uint8_t *)&image + round_up(offsetof(struct image, modules) + count * sizeof *image.modules);
    return 0;
}

/** Puts a copy of some bytes into the image. @return its offset */
static uint32_t keep(const void *bytes, size_t length)
{
    return (uint32_t)((uint8_t *)memcpy(take(NULL, length), bytes, length) - (uint8_t *)&image);
}

/** Takes out where the stack was: the engine is told anew where it is, and keeps a frame or two that nobody comes back to. */
static void forget_stack(void)
{
    const uint64_t above = (uintptr_t)host_argv, below = above - (8 << 20);

    for (uint64_t *word = (uint64_t *)&image; word < (uint64_t *)next; word++) {
        if (*word > below && *word < above)
            *word = 0;
    }
}

int image_write(const char *path, JSContext *ctx, JSValue turn)
{
    FILE *file = fopen(path, "wb");

    if (!file)
        return -1;
    for (uint64_t i = 0; i < linked->count; i++) {
        const struct module *was = &linked->modules[i];
        const char *name = (const char *)linked + was->name;
        struct module *module = &image.modules[image.count];

        if (asked_for[i])
            continue;
        *module = (struct module){ keep(name, strlen(name) + 1), keep((uint8_t *)linked + was->start, was->length), was->length };
        image.count++;
    }
    forget_stack();
    image.context = ctx;
    image.turn = turn;
    image.length = (uint64_t)(next - (uint8_t *)&image);
    return fwrite(&image, 1, image.length, file) == image.length && fclose(file) == 0 ? 0 : -1;
}
