/* SHA-1 and SHA-256, FIPS 180-4. */
#ifndef DREAMOS_DIGEST_H
#define DREAMOS_DIGEST_H

#include <stddef.h>
#include <stdint.h>

void sha1(const uint8_t *bytes, size_t length, uint8_t digest[20]);
void sha256(const uint8_t *bytes, size_t length, uint8_t digest[32]);

#endif
