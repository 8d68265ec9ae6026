/* page.h - a part of a queue that is on disk: how it is asked for, and read.
 *
 *     shard                 host                       store
 *       | LOAD orders 7..99  | page_read:                |
 *       +------------------->|   'c' "a" o 7 ----------->|
 *       |                    |   'M' its stamp --------->|
 *       | LOADED page to 70  |   ... until it is full    |
 *       |<-------------------+                           |
 *
 * A page is one entry after another:
 *
 *     [ order:8 | size:4 | delivery | size:4 | message ] ...
 *
 * What is not there is left out; what is broken, or refers to a message that is
 * not there, has no bytes.
 */
#ifndef MOGI_CORE_PAGE_H
#define MOGI_CORE_PAGE_H

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/err.h"
#include "core/bounds.h"

enum { PAGE_LOAD_BYTES = 8 + 8 + 8 + 4 + 2 };

/* What a LOAD asks. */
struct page_load {
    uint64_t token;       /* comes back with LOADED */
    uint64_t first, last; /* orders */
    uint32_t max;         /* entries, > 0 */
    struct bytes client;  /* id, whole, or as in a key */
};

struct actions;

/* Add a LOAD that asks for `load`. */
void page_load_ask(struct actions *out, const struct page_load *load);

/* What the bytes of a LOAD ask for; points into them. */
void page_load_read(struct bytes in, struct page_load *load);

/* Where records come from, as of store_get, and the page goes to. */
struct page_host {
    void *context;
    enum err (*get)(void *context, struct bytes key, struct bytes *value);
    enum err (*add)(void *context, struct bytes bytes);
};

/* Read what `load` asks for, as much as a page holds. Any thread. OK, or the
 * error of the host: what was added is then no page. *end is the first order
 * that is not in it. */
MUST_USE
enum err page_read(const struct page_load *load, const struct page_host *host,
                   uint64_t *end);

/* One entry. */
struct page_entry {
    uint64_t order;
    struct bytes delivery, message; /* values; empty: broken */
};

/* Take the next entry off `r`. False: that was the last. */
bool page_next(struct reader *r, struct page_entry *entry);

#endif
