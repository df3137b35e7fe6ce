/* UTF-8 as the WHATWG reads it, and as Node therefore does. */
#ifndef DREAMOS_UTF8_H
#define DREAMOS_UTF8_H

#include <stddef.h>
#include <stdint.h>

/** Whether these bytes are UTF-8: no overlong form, no surrogate, nothing above U+10FFFF, nothing cut short. */
int utf8_is_valid(const uint8_t *bytes, size_t length);

/**
 * Copies bytes with U+FFFD in place of what is no UTF-8, one for each maximal part that could have begun a character.
 * @param out room for 3 * length bytes
 * @return how many were written
 */
size_t utf8_repair(const uint8_t *bytes, size_t length, uint8_t *out);

/** QuickJS writes half a surrogate pair as three bytes; here they become those of U+FFFD, which are as many. */
void utf8_replace_surrogates(uint8_t *bytes, size_t length);

#endif
