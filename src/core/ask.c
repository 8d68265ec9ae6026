/* ask.c - see ask.h. */
#include "core/ask.h"

#include <assert.h>

enum {
    ASK_CLIENT_ID,
    ASK_USER,
    ASK_PASSWORD,
    ASK_IDENTITY,
    ASK_METHOD,
    ASK_DATA,
    ASK_TEXTS
};

/* One text, and whether it is there. */
struct part {
    struct bytes *text;
    bool *has; /* NULL: when it is not empty */
};

static void parts_of(struct ask *ask, struct part parts[ASK_TEXTS])
{
    parts[ASK_CLIENT_ID] = (struct part){&ask->client_id, NULL};
    parts[ASK_USER] = (struct part){&ask->user, &ask->has_user};
    parts[ASK_PASSWORD] = (struct part){&ask->password, &ask->has_password};
    parts[ASK_IDENTITY] = (struct part){&ask->identity, NULL};
    parts[ASK_METHOD] = (struct part){&ask->method, &ask->has_method};
    parts[ASK_DATA] = (struct part){&ask->data, &ask->has_data};
}

static bool part_there(const struct part *part)
{
    return part->has == NULL ? part->text->size > 0 : *part->has;
}

size_t ask_size(const struct ask *ask)
{
    struct ask copy = *ask;
    struct part parts[ASK_TEXTS];
    size_t size = 1;
    parts_of(&copy, parts);
    for (int i = 0; i < ASK_TEXTS; i++) {
        if (part_there(&parts[i])) size += 2 + parts[i].text->size;
    }
    return size;
}

void ask_write(struct writer *w, const struct ask *ask)
{
    struct ask copy = *ask;
    struct part parts[ASK_TEXTS];
    unsigned flags = 0;
    parts_of(&copy, parts);
    for (int i = 0; i < ASK_TEXTS; i++)
        flags |= (unsigned)part_there(&parts[i]) << i;
    write_u8(w, (uint8_t)flags);
    for (int i = 0; i < ASK_TEXTS; i++) {
        assert(parts[i].text->size <= BINARY_SIZE_MAX);
        if ((flags >> i & 1) != 0) write_binary(w, *parts[i].text);
    }
    assert(!w->failed);
}

enum err ask_read(struct bytes in, struct ask *ask)
{
    struct reader r = reader_of(in);
    struct part parts[ASK_TEXTS];
    *ask = (struct ask){.has_user = false};
    parts_of(ask, parts);
    unsigned flags = read_u8(&r);
    for (int i = 0; i < ASK_TEXTS; i++) {
        if ((flags >> i & 1) == 0) continue;
        *parts[i].text = read_binary(&r);
        if (parts[i].has != NULL) *parts[i].has = true;
    }
    bool more = flags >> ASK_TEXTS != 0 || reader_left(&r) > 0;
    return r.failed || more ? ERR_MALFORMED : OK;
}
