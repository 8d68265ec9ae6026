/* reader_test.c - what is looked up is what was reported, wherever it is: in
 * the log, in LMDB, or on its way. The memory store says what is right. */
#include "contract.h"
#include "engine.h"
#include "store/memory.h"

enum { KEYS = 40, LIVES = 30, BATCHES = 120, CHANGES_MAX = 6 };

static uint64_t seed;

static unsigned draw(unsigned below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((seed >> 33) % below);
}

/* A change of a random key, of either kind; texts live in `text`. A HOLD has no
 * value only when the record is known to be there. */
static struct store_change change_draw(char text[2][40], unsigned *held)
{
    unsigned number = draw(KEYS);
    bool counted = number < KEYS / 2;
    snprintf(text[0], 40, "%c%02u", counted ? STORE_COUNTED : 'k', number);
    snprintf(text[1], 40, "%u-%u", number, counted ? 0 : draw(1000000));
    struct store_change change = {.key = bytes_of(text[0])};
    bool add = draw(2) == 0;
    if (counted && add) {
        change.kind = STORE_HOLD;
        if (held[number] == 0 || draw(2) == 0) change.value = bytes_of(text[1]);
        held[number]++;
    } else if (counted) {
        change.kind = STORE_DROP;
        if (held[number] > 0) held[number]--;
    } else {
        change.kind = add ? STORE_PUT : STORE_DEL;
        if (add) change.value = bytes_of(text[1]);
    }
    return change;
}

static void batch_draw(struct engine *e, struct store *model, uint64_t number,
                       unsigned *held)
{
    struct store_change changes[CHANGES_MAX];
    char text[CHANGES_MAX][2][40];
    size_t count = 1 + draw(CHANGES_MAX);
    for (size_t i = 0; i < count; i++)
        changes[i] = change_draw(text[i], held);
    CHECK_EQ(store_submit(e->store, 0, number, changes, count), OK);
    CHECK_EQ(store_submit(model, 0, number, changes, count), OK);
}

static void agree(struct engine *e, struct store *model, unsigned number)
{
    char key[16], value[64];
    snprintf(key, sizeof key, "%c%02u", number < KEYS / 2 ? STORE_COUNTED : 'k',
             number);
    snprintf(value, sizeof value, "%s", contract_get(model, key));
    /* One that nobody refers to may still be seen. */
    if (number < KEYS / 2 && strcmp(value, "-") == 0) return;
    CHECK_STR(contract_get(e->store, key), value);
}

static void dump_one(void *context, struct bytes key, struct bytes value)
{
    engine_show(context, key, value);
}

static void dumps_agree(struct engine *e, struct store *model)
{
    static struct engine_dump dump;
    dump.size = 0;
    dump.text[0] = '\0';
    CHECK_EQ(store_each(model, dump_one, &dump), OK);
    CHECK_STR(engine_dump(e), dump.text);
}

/* Batches, looks, and now and then a new start. */
static void what_is_seen_is_what_was_reported(void)
{
    for (unsigned life = 0; life < LIVES; life++) {
        seed = life * 7919 + 1;
        unsigned held[KEYS] = {0};
        struct engine *e = engine_new(room_new());
        e->options.segment_bytes = 512 + draw(2048);
        e->options.kept_max = 1 + draw(WAL_SEGMENTS_KEPT_MAX);
        e->options.durability = (enum wal_durability)(life % 3);
        engine_open(e);
        struct store *model = memory_new(NULL, NULL);
        uint64_t number = 0, batches = 0;
        while (batches++ < BATCHES) {
            batch_draw(e, model, ++number, held);
            if (draw(4) != 0) continue;
            engine_wait(e, 0, number);
            for (unsigned i = 0; i < 4; i++)
                agree(e, model, draw(KEYS));
            if (draw(10) != 0) continue;
            engine_close(e);
            REQUIRE(engine_try(e, false) == OK);
            dumps_agree(e, model);
            REQUIRE(wal_start(e->store) == OK);
            memory_crash(model);
            number = 0;
        }
        engine_wait(e, 0, number);
        for (unsigned i = 0; i < KEYS; i++)
            agree(e, model, i);
        engine_close(e);
        REQUIRE(engine_try(e, false) == OK);
        dumps_agree(e, model);
        store_free(model);
        engine_free(e);
    }
}

/* What does not fit into the first read. */
static void large_values_are_whole(void)
{
    struct engine *e = engine_new(room_new());
    engine_open(e);
    char *value = malloc(100001);
    REQUIRE(value != NULL);
    memset(value, 'x', 100000);
    value[100000] = '\0';
    struct store_change change = contract_hold("M", value);
    CHECK_EQ(store_submit(e->store, 0, 1, &change, 1), OK);
    engine_wait(e, 0, 1);
    const char *seen = contract_get(e->store, "M");
    CHECK_EQ(strlen(seen), 63);
    CHECK(strspn(seen, "x") == 63);
    free(value);
    engine_free(e);
}

static void blind(struct store_task *task, struct store_view *view)
{
    struct contract_look *look = (struct contract_look *)(void *)task;
    struct bytes value;
    look->result = store_get(view, bytes_of(look->key), &value);
    atomic_store(&look->ran, true);
}

/* A store that never worked runs what was asked when it is closed. */
static void no_task_is_forgotten(void)
{
    struct engine *e = engine_new(room_new());
    REQUIRE(engine_try(e, false) == OK);
    struct contract_look look = {.task.run = blind, .key = "k"};
    store_look(e->store, &look.task);
    CHECK(!atomic_load(&look.ran));
    engine_close(e);
    CHECK(atomic_load(&look.ran));
    CHECK_EQ(look.result, ERR_IO);
    engine_free(e);
}

int main(void)
{
    RUN(what_is_seen_is_what_was_reported);
    RUN(large_values_are_whole);
    RUN(no_task_is_forgotten);
    return check_result();
}
