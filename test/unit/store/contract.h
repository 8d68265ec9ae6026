/* contract.h - what store.h promises, asked of any engine.
 *
 * `make` opens an empty one that reports to contract_done with its argument,
 * and `settle` waits until all that was submitted is reported.
 */
#ifndef MOGI_CONTRACT_H
#define MOGI_CONTRACT_H

#include "check.h"
#include "store/store.h"

#include <stdatomic.h>

struct contract {
    struct store *(*make)(struct contract *contract);
    atomic_ullong done[STORE_PARTS_MAX];
    atomic_bool backwards, failed;
};

CHECK_UNUSED static void contract_done(void *context, uint16_t part,
                                       uint64_t batch, enum err result)
{
    struct contract *c = context;
    if (atomic_exchange(&c->done[part], batch) >= batch) {
        atomic_store(&c->backwards, true);
    }
    if (result != OK) atomic_store(&c->failed, true);
}

static void contract_settle(struct contract *c, uint16_t part, uint64_t batch)
{
    unsigned waited = 0;
    while (atomic_load(&c->done[part]) < batch && waited++ < 20000)
        usleep(1000);
    CHECK_EQ(atomic_load(&c->done[part]), batch);
}

static struct store_change contract_put(const char *key, const char *value,
                                        const char *tail)
{
    return (struct store_change){STORE_PUT, bytes_of(key), bytes_of(value),
                                 bytes_of(tail)};
}

static struct store_change contract_del(const char *key)
{
    return (struct store_change){.kind = STORE_DEL, .key = bytes_of(key)};
}

static struct store *contract_open(struct contract *c)
{
    for (size_t i = 0; i < STORE_PARTS_MAX; i++)
        atomic_store(&c->done[i], 0);
    struct store *store = c->make(c);
    REQUIRE(store != NULL);
    return store;
}

static void contract_reports(struct contract *c)
{
    struct store *store = contract_open(c);
    struct store_change one[] = {contract_put("b", "1", ""),
                                 contract_put("a", "2", "3"),
                                 contract_put("b", "", "9")};
    CHECK_EQ(store_submit(store, 1, 5, one, 3), OK);
    contract_settle(c, 1, 5);
    struct store_change two[] = {contract_del("a"), contract_del("never"),
                                 contract_put("z", "", "")};
    CHECK_EQ(store_submit(store, 63, 1, two, 3), OK);
    CHECK_EQ(store_submit(store, 1, 9, one, 1), OK);
    contract_settle(c, 63, 1);
    contract_settle(c, 1, 9);
    store_free(store);
}

/* Keys of any bytes, values of none and of many. */
static void contract_takes_all_sizes(struct contract *c)
{
    struct store *store = contract_open(c);
    static uint8_t key[STORE_KEY_BYTES_MAX], value[300000];
    uint64_t number = 0;
    for (size_t size = 1; size <= sizeof key; size += 479) {
        for (size_t bytes = 0; bytes <= sizeof value; bytes += 150000) {
            struct store_change change = {STORE_PUT, bytes_at(key, size),
                                          bytes_at(value, bytes / 3),
                                          bytes_at(value, bytes - bytes / 3)};
            CHECK_EQ(store_submit(store, 0, ++number, &change, 1), OK);
        }
    }
    contract_settle(c, 0, number);
    store_free(store);
}

static struct store_change contract_hold(const char *key, const char *value)
{
    return (struct store_change){
        .kind = STORE_HOLD, .key = bytes_of(key), .value = bytes_of(value)};
}

static struct store_change contract_drop(const char *key)
{
    return (struct store_change){.kind = STORE_DROP, .key = bytes_of(key)};
}

/* A look at one key. */
struct contract_look {
    struct store_task task;
    const char *key;
    char value[64];
    enum err result;
    atomic_bool ran;
};

static void contract_seen(struct store_task *task, struct store_view *view)
{
    struct contract_look *look = (struct contract_look *)(void *)task;
    struct bytes value;
    look->result = store_get(view, bytes_of(look->key), &value);
    if (look->result == OK) {
        snprintf(look->value, sizeof look->value, "%.*s", (int)value.size,
                 (const char *)value.data);
    }
    atomic_store(&look->ran, true);
}

/* The value under `key` now, "-" when there is none. */
CHECK_UNUSED static const char *contract_get(struct store *store,
                                             const char *key)
{
    static struct contract_look look;
    look = (struct contract_look){.task.run = contract_seen, .key = key};
    store_look(store, &look.task);
    for (unsigned i = 0; i < 20000 && !atomic_load(&look.ran); i++)
        usleep(1000);
    REQUIRE(atomic_load(&look.ran));
    if (look.result == ERR_MORE) return "-";
    CHECK_EQ(look.result, OK);
    return look.value;
}

static void contract_counts(struct contract *c)
{
    struct store *store = contract_open(c);
    struct store_change one[] = {
        contract_hold("M1", "x"),  contract_hold("M1", ""),
        contract_hold("M2", ""),   contract_drop("M3"),
        contract_put("k", "", ""), contract_put("l", "v", "w"),
    };
    CHECK_EQ(store_submit(store, 0, 1, one, 6), OK);
    contract_settle(c, 0, 1);
    CHECK_STR(contract_get(store, "M1"), "x");
    CHECK_STR(contract_get(store, "M2"), "-");
    CHECK_STR(contract_get(store, "M3"), "-");
    CHECK_STR(contract_get(store, "k"), "");
    CHECK_STR(contract_get(store, "l"), "vw");
    struct store_change two[] = {contract_drop("M1"), contract_hold("M1", "x"),
                                 contract_del("l")};
    CHECK_EQ(store_submit(store, 0, 2, two, 3), OK);
    contract_settle(c, 0, 2);
    CHECK_STR(contract_get(store, "M1"), "x");
    CHECK_STR(contract_get(store, "l"), "-");
    struct store_change three[] = {contract_drop("M1")};
    CHECK_EQ(store_submit(store, 0, 3, three, 1), OK);
    contract_settle(c, 0, 3);
    CHECK_STR(contract_get(store, "M1"), "x");
    CHECK_EQ(store_submit(store, 0, 4, three, 1), OK);
    CHECK_EQ(store_submit(store, 0, 5, three, 1), OK);
    contract_settle(c, 0, 5);
    struct store_change four[] = {contract_hold("M1", "")};
    CHECK_EQ(store_submit(store, 0, 6, four, 1), OK);
    contract_settle(c, 0, 6);
    store_free(store);
}

static void contract_closes_in_a_hurry(struct contract *c)
{
    struct store *store = contract_open(c);
    struct store_change change = contract_put("k", "v", "");
    for (uint64_t i = 1; i <= 100; i++)
        CHECK_EQ(store_submit(store, 0, i, &change, 1), OK);
    store_free(store);
}

/* Ask all of it. */
CHECK_UNUSED static void contract_ask(struct contract *c)
{
    contract_reports(c);
    contract_takes_all_sizes(c);
    contract_counts(c);
    contract_closes_in_a_hurry(c);
    CHECK(!atomic_load(&c->backwards));
    CHECK(!atomic_load(&c->failed));
}

#endif
