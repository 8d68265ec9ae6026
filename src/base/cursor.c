/* cursor.c - the variable byte integer; all else is in the header, inline. */
#include "base/cursor.h"

#include <assert.h>

uint32_t read_varint(struct reader *r)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < VARINT_SIZE_MAX; i++) {
        uint8_t byte = read_u8(r);
        value |= (uint32_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) != 0) continue;
        /* A last byte of 0 adds nothing: the number would fit in fewer. */
        if (byte == 0 && i > 0) break;
        assert(value <= VARINT_MAX);
        return r->failed ? 0 : value;
    }
    r->failed = true;
    return 0;
}

void write_varint(struct writer *w, uint32_t value)
{
    if (value > VARINT_MAX) w->failed = true;
    size_t size = varint_size(value);
    uint8_t *room = write_room(w, size);
    if (room == NULL) return;
    assert(size >= 1 && size <= VARINT_SIZE_MAX);
    for (size_t i = 0; i < size; i++) {
        uint8_t more = i + 1 < size ? 0x80 : 0;
        room[i] = (uint8_t)((value & 0x7f) | more);
        value >>= 7;
    }
    assert(value == 0);
}
