/* page_test.c - pages are as large as they may be, and say what is broken. */
#include "check.h"
#include "core/actions.h"
#include "core/outbound.h"
#include "core/page.h"
#include "core/record.h"
#include "unit_pool.h"

/* A store that has the deliveries whose orders are even, but 8, and messages
 * but that of 6; that of 4 is broken, as delivery 2 is. */
struct library {
    struct buffer page;
    uint8_t space[PAGE_BYTES_MAX];
    size_t payload;
    enum err fails;
};

static enum err library_get(void *context, struct bytes key,
                            struct bytes *value)
{
    struct library *library = context;
    struct record_key parts;
    REQUIRE(record_key_read(key, &parts) == OK);
    struct writer w = writer_at(library->space, sizeof library->space);
    if (library->fails != OK) return library->fails;
    if (parts.kind == RECORD_MESSAGE) {
        CHECK(parts.number > 1000);
        if (parts.number == 1006) return ERR_MORE;
        if (parts.number == 1004) return ERR_MALFORMED;
        *value = bytes_at(library->space, library->payload);
        return OK;
    }
    CHECK(bytes_equal(parts.client, bytes_of("a")));
    if (parts.number % 2 == 1 || parts.number == 8) return ERR_MORE;
    if (parts.number == 2) return ERR_MALFORMED;
    struct record_delivery delivery = {
        .stamp = 1000 + parts.number, .order = parts.number, .qos = 1};
    record_delivery_write(&w, &delivery, NULL);
    *value = writer_bytes(&w);
    return OK;
}

static enum err library_add(void *context, struct bytes bytes)
{
    struct library *library = context;
    buffer_append(&library->page, bytes);
    return OK;
}

static struct library *library_new(struct pool *pool)
{
    struct library *library = pool_take(pool, sizeof *library);
    buffer_init(&library->page, pool);
    library->payload = 10;
    return library;
}

static enum err read_page(struct library *library, uint64_t first,
                          uint64_t last, uint32_t max, uint64_t *end)
{
    struct page_load load = {
        .first = first, .last = last, .max = max, .client = bytes_of("a")};
    struct page_host host = {library, library_get, library_add};
    library->page.size = 0;
    return page_read(&load, &host, end);
}

static void what_is_there_is_read(void)
{
    struct pool *pool = unit_pool();
    struct library *library = library_new(pool);
    uint64_t end;
    CHECK_EQ(read_page(library, 1, 10, 100, &end), OK);
    CHECK_EQ(end, 11);
    struct reader r = reader_of(buffer_bytes(&library->page));
    struct page_entry entry;
    static const uint64_t ORDERS[] = {2, 4, 6, 10};
    for (size_t i = 0; i < 4; i++) {
        REQUIRE(page_next(&r, &entry));
        CHECK_EQ(entry.order, ORDERS[i]);
        CHECK_EQ(entry.delivery.size > 0, entry.order != 2);
        CHECK_EQ(entry.message.size, entry.order == 10 ? 10 : 0);
    }
    CHECK(!page_next(&r, &entry));
    buffer_fini(&library->page);
    pool_free(pool);
}

static size_t entries(struct library *library)
{
    struct reader r = reader_of(buffer_bytes(&library->page));
    struct page_entry entry;
    size_t count = 0;
    while (page_next(&r, &entry))
        count++;
    return count;
}

static void pages_end(void)
{
    struct pool *pool = unit_pool();
    struct library *library = library_new(pool);
    uint64_t end;
    CHECK_EQ(read_page(library, 10, 1000, 3, &end), OK);
    CHECK_EQ(end, 15);
    CHECK_EQ(entries(library), 3);
    /* One more than fits. */
    library->payload = PAGE_BYTES_MAX / 2;
    CHECK_EQ(read_page(library, 10, 1000, 100, &end), OK);
    CHECK_EQ(entries(library), 2);
    CHECK_EQ(end, 13);
    CHECK_EQ(read_page(library, 9, 9, 100, &end), OK);
    CHECK_EQ(entries(library), 0);
    CHECK_EQ(end, 10);
    library->fails = ERR_IO;
    CHECK_EQ(read_page(library, 10, 1000, 3, &end), ERR_IO);
    library->fails = ERR_MORE;
    CHECK_EQ(read_page(library, 10, UINT32_MAX, 3, &end), OK);
    CHECK_EQ(end, 10 + PAGE_LOOKS_MAX);
    buffer_fini(&library->page);
    pool_free(pool);
}

static void what_is_asked_comes_back(void)
{
    struct pool *pool = unit_pool();
    struct actions actions;
    actions_init(&actions, pool);
    struct page_load load = {.token = 1,
                             .first = 2,
                             .last = UINT64_MAX,
                             .max = 3,
                             .client = bytes_of("client")};
    page_load_ask(&actions, &load);
    REQUIRE(actions.count == 1);
    CHECK_EQ(actions.list[0].kind, ACTION_LOAD);
    CHECK_EQ(actions.put_count, 0);
    struct page_load back;
    page_load_read(action_bytes(&actions, &actions.list[0]), &back);
    CHECK_EQ(back.token, load.token);
    CHECK_EQ(back.first, load.first);
    CHECK_EQ(back.last, load.last);
    CHECK_EQ(back.max, load.max);
    CHECK(bytes_equal(back.client, load.client));
    actions_fini(&actions);
    pool_free(pool);
}

int main(void)
{
    RUN(what_is_there_is_read);
    RUN(pages_end);
    RUN(what_is_asked_comes_back);
    return check_result();
}
