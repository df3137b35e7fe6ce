/* The compiled modules, put into the program by the build: generated/blobs.S. */
#ifndef DREAMOS_BLOBS_H
#define DREAMOS_BLOBS_H

#include <stdint.h>

struct blob {
    const char *name; /* as it is imported, without `./` */
    const uint8_t *start;
    const uint8_t *end;
};

/** Sorted by name. */
extern const struct blob blobs[];
extern const uint64_t blob_count;

#endif
