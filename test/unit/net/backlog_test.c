/* backlog_test.c - bytes wait in order, and owners are released in time. */
#include "base/rng.h"
#include "check.h"
#include "net/backlog.h"
#include "unit_pool.h"

static int released;

static void on_release(void *owner)
{
    *(int *)owner += 1;
    released++;
}

static struct piece piece_of(const char *text, void *owner, bool notify)
{
    return (struct piece){bytes_of(text), owner, notify};
}

static void small_pieces_share_a_run(void)
{
    struct pool *pool = unit_pool();
    struct backlog backlog = {0};
    backlog_append(&backlog, pool, piece_of("abc", NULL, false));
    backlog_append(&backlog, pool, piece_of("de", NULL, true));
    CHECK_EQ(backlog.size, 5);
    uv_buf_t list[4];
    REQUIRE(backlog_list(&backlog, list, 4) == 1);
    CHECK_BYTES(list[0].base, list[0].len, "abcde", 5);
    CHECK_EQ(backlog_consume(&backlog, pool, 4, on_release), 0);
    REQUIRE(backlog_list(&backlog, list, 4) == 1);
    CHECK_BYTES(list[0].base, list[0].len, "e", 1);
    CHECK_EQ(backlog_consume(&backlog, pool, 1, on_release), 1);
    CHECK_EQ(backlog.size, 0);
    CHECK(backlog.head == NULL);
    pool_free(pool);
}

static void owners_are_kept_until_written(void)
{
    struct pool *pool = unit_pool();
    struct backlog backlog = {0};
    int a = 0, b = 0;
    backlog_append(&backlog, pool, piece_of("head", NULL, false));
    backlog_append(&backlog, pool, piece_of("payload", &a, true));
    backlog_append(&backlog, pool, piece_of("", &b, true));
    uv_buf_t list[4];
    CHECK_EQ(backlog_list(&backlog, list, 4), 2);
    CHECK_EQ(backlog_list(&backlog, list, 1), 1);
    CHECK_EQ(backlog_consume(&backlog, pool, 10, on_release), 0);
    CHECK_EQ(a, 0);
    CHECK_EQ(backlog_consume(&backlog, pool, 1, on_release), 2);
    CHECK_EQ(a, 1);
    CHECK_EQ(b, 1);
    pool_free(pool);
}

static void fini_releases_everything(void)
{
    struct pool *pool = unit_pool();
    struct backlog backlog = {0};
    int a = 0;
    backlog_append(&backlog, pool, piece_of("x", &a, true));
    backlog_append(&backlog, pool, piece_of("y", NULL, false));
    backlog_fini(&backlog, pool, on_release);
    CHECK_EQ(a, 1);
    CHECK_EQ(backlog.size, 0);
    pool_free(pool);
}

/* Whatever sizes go in and out, the same bytes come out in the same order. */
static void order_is_kept(void)
{
    struct pool *pool = unit_pool();
    struct backlog backlog = {0};
    static uint8_t data[20000];
    struct rng rng;
    rng_init(&rng, 7);
    rng_fill(&rng, data, sizeof data);
    size_t in = 0, out = 0;
    int owner = 0;
    while (out < sizeof data) {
        size_t size = rng_below(&rng, 3000);
        if (size > sizeof data - in) size = sizeof data - in;
        struct piece piece = {.bytes = bytes_at(data + in, size)};
        if (rng_chance(&rng, 1, 3)) piece.owner = &owner;
        backlog_append(&backlog, pool, piece);
        in += size;
        uv_buf_t list[3];
        size_t count = backlog_list(&backlog, list, 3), taken = 0;
        for (size_t i = 0; i < count; i++) {
            size_t part = rng_below(&rng, list[i].len + 1);
            CHECK_BYTES(list[i].base, part, data + out + taken, part);
            taken += part;
            if (part < list[i].len) break;
        }
        (void)backlog_consume(&backlog, pool, taken, on_release);
        out += taken;
    }
    backlog_fini(&backlog, pool, on_release);
    pool_free(pool);
}

int main(void)
{
    RUN(small_pieces_share_a_run);
    RUN(owners_are_kept_until_written);
    RUN(fini_releases_everything);
    RUN(order_is_kept);
    return check_result();
}
