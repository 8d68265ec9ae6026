/* jump.h - where a walk over sorted keys goes on: said by who walks, carried
 * out by who keeps them. */
#ifndef MOGI_BASE_JUMP_H
#define MOGI_BASE_JUMP_H

#include "base/bytes.h"

#include <stdbool.h>

enum { JUMP_KEY_MAX = 480 };

/* At the first key from `key` on; with `last` at the last one before `key`, if
 * that is behind where the walk is. */
struct jump {
    bool last;
    uint16_t size; /* 0: at the next key */
    uint8_t key[JUMP_KEY_MAX];
};

#endif
