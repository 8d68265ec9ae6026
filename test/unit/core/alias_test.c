/* alias_test.c - topic aliases, both ways. */
#include "core/alias.h"
#include "core/conn.h"
#include "unit_pool.h"

static struct pool *pool;

static enum err settle(struct conn *conn, uint16_t alias, const char *topic,
                       struct bytes *got)
{
    *got = bytes_of(topic);
    return alias_in_settle(pool, conn, 10, alias, got);
}

static void alias_in_end(struct conn *conn)
{
    alias_in_free(pool, conn->rare->alias_in);
    conn->rare->alias_in = NULL;
    conn_tidy(pool, conn);
    CHECK(conn->rare == NULL);
}

/* [MQTT-3.3.2-9] [MQTT-3.3.2-12] */
static void from_client(void)
{
    struct conn conn = {0};
    struct bytes got;
    CHECK_EQ(settle(&conn, 0, "plain", &got), OK);
    CHECK(bytes_equal(got, bytes_of("plain")));
    CHECK_EQ(settle(&conn, 0, "", &got), ERR_PROTOCOL);
    CHECK_EQ(settle(&conn, 3, "", &got), ERR_PROTOCOL);
    CHECK_EQ(settle(&conn, 10, "ten", &got), OK);
    CHECK_EQ(settle(&conn, 11, "eleven", &got), ERR_ALIAS);
    CHECK_EQ(settle(&conn, 9, "", &got), ERR_PROTOCOL);
    CHECK_EQ(settle(&conn, 10, "", &got), OK);
    CHECK(bytes_equal(got, bytes_of("ten")));
    CHECK_EQ(settle(&conn, 10, "another, longer", &got), OK);
    CHECK_EQ(settle(&conn, 1, "one", &got), OK);
    CHECK_EQ(settle(&conn, 10, "", &got), OK);
    CHECK(bytes_equal(got, bytes_of("another, longer")));
    alias_in_end(&conn);
}

/* The table grows to the highest alias that a client may choose. */
static void from_client_highest(void)
{
    struct conn conn = {0};
    struct bytes got = bytes_of("last");
    CHECK_EQ(alias_in_settle(pool, &conn, UINT16_MAX, UINT16_MAX, &got), OK);
    got = bytes_of("");
    CHECK_EQ(alias_in_settle(pool, &conn, UINT16_MAX, UINT16_MAX, &got), OK);
    CHECK(bytes_equal(got, bytes_of("last")));
    alias_in_end(&conn);
}

static void to_client(void)
{
    struct conn conn = {.alias_max = 2};
    bool fresh;
    CHECK_EQ(alias_out_find(&conn, bytes_of("a"), &fresh), 1);
    CHECK(fresh);
    /* Nothing stands before it was sent. */
    CHECK_EQ(alias_out_find(&conn, bytes_of("b"), &fresh), 1);
    CHECK(fresh);
    alias_out_add(pool, &conn, bytes_of("b"));
    CHECK_EQ(alias_out_find(&conn, bytes_of("b"), &fresh), 1);
    CHECK(!fresh);
    CHECK_EQ(alias_out_find(&conn, bytes_of("a"), &fresh), 2);
    CHECK(fresh);
    alias_out_add(pool, &conn, bytes_of("a"));
    CHECK_EQ(alias_out_find(&conn, bytes_of("c"), &fresh), 0);
    CHECK(!fresh);
    CHECK_EQ(alias_out_find(&conn, bytes_of("a"), &fresh), 2);
    CHECK(!fresh);
    alias_out_free(pool, conn.rare->alias_out);
    conn.rare->alias_out = NULL;
    conn_tidy(pool, &conn);
}

/* A client that allows none gets none. [MQTT-3.1.2-27] */
static void to_client_none(void)
{
    struct conn conn = {0};
    bool fresh = true;
    CHECK_EQ(alias_out_find(&conn, bytes_of("a"), &fresh), 0);
    CHECK(!fresh);
    alias_out_free(pool, NULL);
    alias_in_free(pool, NULL);
}

int main(void)
{
    pool = unit_pool();
    size_t base = pool_bytes(pool);
    RUN(from_client);
    RUN(from_client_highest);
    RUN(to_client);
    RUN(to_client_none);
    CHECK_EQ(pool_bytes(pool), base);
    pool_free(pool);
    return check_result();
}
