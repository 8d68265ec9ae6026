/* memory_test.c - order, holding, failing and crashing of the memory store. */
#include "contract.h"
#include "store/memory.h"

struct told {
    unsigned calls;
    uint16_t part;
    uint64_t batch;
    enum err result;
};

static void tell(void *context, uint16_t part, uint64_t batch, enum err result)
{
    struct told *told = context;
    *told = (struct told){told->calls + 1, part, batch, result};
}

/* Everything in the store as "key=value " in its order. */
static void append(void *context, struct bytes key, struct bytes value)
{
    char *text = context;
    snprintf(text + strlen(text), 256 - strlen(text), "%.*s=%.*s ",
             (int)key.size, (const char *)key.data, (int)value.size,
             (const char *)value.data);
}

static const char *dump(struct store *store)
{
    static char text[256];
    text[0] = 0;
    CHECK_EQ(store_each(store, append, text), OK);
    return text;
}

static struct store_change put(const char *key, const char *value,
                               const char *tail)
{
    return (struct store_change){STORE_PUT, bytes_of(key), bytes_of(value),
                                 bytes_of(tail)};
}

static struct store_change del(const char *key)
{
    return (struct store_change){
        STORE_DEL, bytes_of(key), {NULL, 0}, {NULL, 0}};
}

static void records_come_in_order(void)
{
    struct told told = {0};
    struct store *store = memory_new(tell, &told);
    struct store_change first[] = {put("b", "1", ""), put("a", "2", "3"),
                                   put("ab", "", ""), put("b", "", "9")};
    CHECK_EQ(store_submit(store, 1, 5, first, 4), OK);
    CHECK_EQ(told.calls, 1);
    CHECK_EQ(told.part, 1);
    CHECK_EQ(told.batch, 5);
    CHECK_EQ(told.result, OK);
    struct store_change second[] = {put("z", "0", "")};
    CHECK_EQ(store_submit(store, 0, 1, second, 1), OK);
    CHECK_STR(dump(store), "a=23 ab= b=9 z=0 ");
    struct store_change third[] = {del("a"), del("missing"), del("z")};
    CHECK_EQ(store_submit(store, 1, 6, third, 3), OK);
    CHECK_STR(dump(store), "ab= b=9 ");
    CHECK_EQ(memory_count(store), 2);
    store_free(store);
}

static void held_batches_wait_in_order(void)
{
    struct told told = {0};
    struct store *store = memory_new(tell, &told);
    struct store_change one[] = {put("k", "1", "")};
    struct store_change two[] = {put("k", "2", ""), put("l", "", "")};
    memory_hold(store, true);
    CHECK_EQ(store_submit(store, 0, 1, one, 1), OK);
    CHECK_EQ(store_submit(store, 0, 2, two, 2), OK);
    CHECK_EQ(told.calls, 0);
    CHECK_EQ(memory_pending(store), 2);
    CHECK_STR(dump(store), "");
    CHECK_EQ(memory_commit(store, 1), 1);
    CHECK_EQ(told.batch, 1);
    CHECK_STR(dump(store), "k=1 ");
    memory_hold(store, false);
    CHECK_EQ(told.batch, 2);
    CHECK_STR(dump(store), "k=2 l= ");
    store_free(store);
}

static void crash_loses_only_the_end(void)
{
    struct told told = {0};
    struct store *store = memory_new(tell, &told);
    struct store_change one[] = {put("k", "1", "")};
    struct store_change two[] = {del("k")};
    memory_hold(store, true);
    CHECK_EQ(store_submit(store, 0, 1, one, 1), OK);
    CHECK_EQ(store_submit(store, 0, 2, two, 1), OK);
    CHECK_EQ(memory_commit(store, 1), 1);
    memory_crash(store);
    CHECK_EQ(memory_pending(store), 0);
    CHECK_EQ(told.calls, 1);
    CHECK_STR(dump(store), "k=1 ");
    CHECK_EQ(store_submit(store, 0, 1, two, 1), OK);
    CHECK_EQ(memory_commit(store, 9), 1);
    CHECK_STR(dump(store), "");
    store_free(store);
}

static void a_failed_disk_stays_failed(void)
{
    struct told told = {0};
    struct store *store = memory_new(tell, &told);
    struct store_change one[] = {put("k", "1", "")};
    memory_fail(store);
    CHECK_EQ(store_submit(store, 0, 1, one, 1), OK);
    CHECK_EQ(told.result, ERR_IO);
    CHECK_STR(dump(store), "");
    CHECK_EQ(store_submit(store, 0, 2, one, 1), ERR_IO);
    CHECK_EQ(told.calls, 1);
    memory_crash(store);
    CHECK_EQ(store_submit(store, 0, 1, one, 1), OK);
    CHECK_EQ(told.result, OK);
    CHECK_STR(dump(store), "k=1 ");
    store_free(store);
}

static void many_records_stay_sorted(void)
{
    struct store *store = memory_new(NULL, NULL);
    char key[8];
    for (unsigned i = 0; i < 500; i++) {
        snprintf(key, sizeof(key), "%03u", i * 7 % 500);
        struct store_change change = put(key, "v", "");
        CHECK_EQ(store_submit(store, 0, i + 1, &change, 1), OK);
    }
    CHECK_EQ(memory_count(store), 500);
    CHECK(strncmp(dump(store), "000=v 001=v 002=v ", 18) == 0);
    store_free(store);
}

static struct store *contract_make(struct contract *c)
{
    return memory_new(contract_done, c);
}

static void it_keeps_the_contract(void)
{
    static struct contract contract = {.make = contract_make};
    contract_ask(&contract);
}

int main(void)
{
    RUN(it_keeps_the_contract);
    RUN(records_come_in_order);
    RUN(held_batches_wait_in_order);
    RUN(crash_loses_only_the_end);
    RUN(a_failed_disk_stays_failed);
    RUN(many_records_stay_sorted);
    return check_result();
}
