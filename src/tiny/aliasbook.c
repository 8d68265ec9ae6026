/* aliasbook.c - see aliasbook.h. */
#include "tiny/aliasbook.h"

#include "base/cursor.h"

#include <assert.h>

enum { ENTRY_HEAD_SIZE = 4 };

static struct bytes book_bytes(const struct mogi_tiny *t)
{
    return bytes_at(t->memory.aliases, t->aliases_used);
}

/* Read one entry; false at the end. `size` receives the entry's whole size. */
static bool entry_next(struct reader *r, uint16_t *alias, struct bytes *topic)
{
    if (reader_left(r) == 0) return false;
    *alias = read_u16(r);
    *topic = read_binary(r);
    assert(!r->failed);
    return true;
}

static void alias_forget(struct mogi_tiny *t, uint16_t alias)
{
    struct reader r = reader_of(book_bytes(t));
    size_t start = 0;
    uint16_t found;
    struct bytes topic;
    while (entry_next(&r, &found, &topic)) {
        size_t size = ENTRY_HEAD_SIZE + topic.size;
        size_t rest = reader_left(&r);
        if (found == alias) {
            uint8_t *at = t->memory.aliases + start;
            memmove(at, at + size, rest);
            t->aliases_used -= size;
            return;
        }
        start += size;
    }
}

bool aliasbook_set(struct mogi_tiny *t, uint16_t alias, struct bytes topic)
{
    assert(alias != 0);
    assert(topic.size <= BINARY_SIZE_MAX);
    alias_forget(t, alias);
    assert(t->aliases_used <= t->memory.aliases_size);
    size_t room = t->memory.aliases_size - t->aliases_used;
    if (room < ENTRY_HEAD_SIZE + topic.size) return false;
    struct writer w = writer_at(t->memory.aliases + t->aliases_used, room);
    write_u16(&w, alias);
    write_binary(&w, topic);
    assert(!w.failed);
    t->aliases_used += writer_bytes(&w).size;
    return true;
}

bool aliasbook_get(const struct mogi_tiny *t, uint16_t alias,
                   struct bytes *topic)
{
    struct reader r = reader_of(book_bytes(t));
    uint16_t found;
    while (entry_next(&r, &found, topic)) {
        if (found == alias) return true;
    }
    return false;
}
