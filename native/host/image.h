/*
 * What the program begins with.
 *
 * The build links it twice. First with the compiled modules alone: so linked, on Linux, it runs those that nearly every command
 * needs, and writes the memory that the engine has come to. That is linked in the place of the modules, so that every later
 * start goes on from there, with pages that are copied only where it writes. It holds because such a program lies at fixed
 * addresses, as the image does: a pointer of the one run is right in all others. Programs of macOS lie elsewhere at each start,
 * and begin with the modules.
 */
#ifndef DREAMOS_IMAGE_H
#define DREAMOS_IMAGE_H

#include <stdint.h>
#include "quickjs.h"

struct module {
    uint32_t name, start, length; /* offsets from the image; the name as it is imported, without `./` */
};

struct image {
    JSContext *context; /* NULL: it has only modules */
    JSValue turn;       /* of the prelude; see main.c */
    uint64_t length;
    uint64_t count;
    struct module modules[]; /* sorted by name */
};

/** In a section of its own, at an address that the build gives it. */
extern struct image image;

/** What the engine gets its memory by. None of them gives NULL: without memory the process ends, with 1. */
extern const JSMallocFunctions image_memory;

/** The bytecode of a module. @return NULL: there is none of this name */
const uint8_t *image_module(const char *name, size_t *length);

/** Whether the image is being made. Then it is never another time, so that the same sources give the same image. */
int image_is_made(void);

/** From now on all memory of the engine lies in the image, until it is written. @return below 0: that cannot be, see errno */
int image_begin(void);

/** Writes the image: what the engine has in memory, and the modules that nobody has asked for yet. @return below 0: see errno */
int image_write(const char *path, JSContext *ctx, JSValue turn);

#endif
