/* The buffer: appending is linear, consuming keeps the rest, nothing leaks. */
#include "base/buffer.h"
#include "check.h"

static size_t copied; /* bytes that the system below was asked for */

static void *system_grow(void *context, void *block, size_t size)
{
    (void)context;
    copied += size;
    if (size > 0) return realloc(block, size);
    free(block);
    return NULL;
}

static struct pool *pool_of_test(void)
{
    return pool_new((struct memory){system_grow, NULL}, 0);
}

static void appends_and_consumes(void)
{
    struct pool *pool = pool_of_test();
    struct buffer buffer;
    buffer_init(&buffer, pool);
    CHECK_EQ(buffer_bytes(&buffer).size, 0);
    buffer_append(&buffer, (struct bytes){NULL, 0});
    CHECK_EQ(pool_bytes(pool), 0);
    buffer_append(&buffer, bytes_of("hello, "));
    buffer_append(&buffer, bytes_of("world"));
    CHECK_BYTES(buffer.data, buffer.size, "hello, world", 12);
    buffer_consume(&buffer, 0);
    buffer_consume(&buffer, 7);
    CHECK_BYTES(buffer.data, buffer.size, "world", 5);
    buffer_consume(&buffer, 5);
    CHECK_EQ(buffer.size, 0);
    buffer_append(&buffer, bytes_of("again"));
    CHECK_BYTES(buffer.data, buffer.size, "again", 5);
    buffer_fini(&buffer);
    CHECK_EQ(pool_bytes(pool), 0);
    buffer_append(&buffer, bytes_of("after"));
    CHECK_BYTES(buffer.data, buffer.size, "after", 5);
    buffer_fini(&buffer);
    pool_free(pool);
}

static void reserves_for_the_caller(void)
{
    struct pool *pool = pool_of_test();
    struct buffer buffer;
    buffer_init(&buffer, pool);
    CHECK(buffer_reserve(&buffer, 0) != NULL);
    for (size_t size = 1; size < 5000; size += 611) {
        uint8_t *room = buffer_reserve(&buffer, size);
        CHECK(room == buffer.data + buffer.size);
        memset(room, (int)(size % 251), size);
        buffer.size += size;
    }
    size_t at = 0;
    for (size_t size = 1; size < 5000; size += 611) {
        CHECK_EQ(buffer.data[at], size % 251);
        CHECK_EQ(buffer.data[at + size - 1], size % 251);
        at += size;
    }
    CHECK_EQ(buffer.size, at);
    buffer_fini(&buffer);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

/* A million single bytes cost the system a few times their number. */
static void appending_is_linear(void)
{
    struct pool *pool = pool_of_test();
    struct buffer buffer;
    buffer_init(&buffer, pool);
    copied = 0;
    for (uint32_t i = 0; i < 1000000; i++) {
        uint8_t byte = (uint8_t)(i * 7);
        buffer_append(&buffer, bytes_at(&byte, 1));
    }
    CHECK_EQ(buffer.size, 1000000);
    CHECK_EQ(buffer.data[999999], (uint8_t)(999999u * 7));
    CHECK(copied < 4 * 1000000);
    buffer_fini(&buffer);
    pool_free(pool);
}

int main(void)
{
    RUN(appends_and_consumes);
    RUN(reserves_for_the_caller);
    RUN(appending_is_linear);
    return check_result();
}
