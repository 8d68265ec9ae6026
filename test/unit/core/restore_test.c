/* restore_test.c - broken records cost what they say, and nothing else. */
#include "base/rng.h"
#include "check.h"
#include "core/record.h"
#include "disk.h"

/* CONNECT of "s", 5.0, clean start 0, expiry 3600, receive maximum 2, and a
 * will with delay 60. */
static const char CONNECT[] =
    "10230004 4d515454050c0000 08 1100000e10 210002 000173"
    "05 180000003c 000177 00027876";

static const char CONNECT_P[] = "100e0004 4d51545405020000 00 000170";

/* A session with one of everything. */
static void live(struct disk *disk)
{
    disk_init(disk);
    disk_open(disk, 1);
    disk_send(disk, 1, CONNECT);
    disk_send(disk, 1, "8207 0001 00 000174 02"); /* "t" */
    disk_send(disk, 1, "8210 0002 00 000a2473686172652f672f75 01");
    disk_open(disk, 2);
    disk_send(disk, 2, CONNECT_P);
    disk_send(disk, 2, "320a 000174 0001 00 61626364");
    disk_send(disk, 2, "340a 000174 0002 00 61626364");
    disk_send(disk, 2, "340a 000174 0003 00 61626364");
    disk_send(disk, 2, "320a 000175 0004 00 61626364"); /* shared */
    disk_send(disk, 1, "3408 00017a 0009 00 7879");     /* its own */
    disk_send(disk, 2, "3107 000172 00 616263");        /* retained */
}

static void all_is_there(void)
{
    struct disk disk;
    live(&disk);
    /* Session, 2 subscriptions, 4 deliveries, received, will, 4 messages and
     * the retained one. */
    CHECK_EQ(memory_count(disk.store), 14);
    disk_restart(&disk);
    CHECK_EQ(disk.errors, 0);
    CHECK_EQ(memory_count(disk.store), 14);
    disk_open(&disk, 1);
    disk.sent_size = 0;
    disk_send(&disk, 1, CONNECT);
    REQUIRE(disk.sent_size > 20);
    CHECK_EQ(disk.sent[0], 0x20);
    CHECK_EQ(disk.sent[2], 1);
    disk_fini(&disk);
}

struct copy {
    size_t at, wanted;
    uint8_t key[512], value[512];
    size_t key_size, value_size;
};

static void copy_visit(void *context, struct bytes key, struct bytes value)
{
    struct copy *copy = context;
    if (copy->at++ != copy->wanted) return;
    REQUIRE(key.size <= 512 && value.size <= 512);
    memcpy(copy->key, key.data, key.size);
    memcpy(copy->value, value.data, value.size);
    copy->key_size = key.size;
    copy->value_size = value.size;
}

/* Live on for a while with whatever came back. */
static void use(struct disk *disk)
{
    disk_open(disk, 1);
    disk_send(disk, 1, CONNECT);
    disk_send(disk, 1, "40020001");
    disk_send(disk, 1, "50020002");
    disk_send(disk, 1, "70020002");
    disk_open(disk, 2);
    disk_send(disk, 2, CONNECT_P);
    disk_send(disk, 2, "320a 000174 0001 00 61626364");
    disk_close(disk, 1);
    disk_wait(disk, UINT64_C(10000) * 1000);
    disk->sent_size = 0;
}

/* Change record `wanted` in place with `change`, restart, and go on. */
static void with_change(size_t wanted,
                        void (*change)(struct copy *, struct rng *),
                        struct rng *rng)
{
    struct disk disk;
    live(&disk);
    struct copy copy = {.wanted = wanted};
    CHECK_EQ(store_each(disk.store, copy_visit, &copy), OK);
    REQUIRE(copy.key_size > 0);
    struct store_change changes[2] = {
        {.kind = STORE_DEL, .key = bytes_at(copy.key, copy.key_size)}};
    uint8_t old[512];
    memcpy(old, copy.key, copy.key_size);
    changes[0].key.data = old;
    change(&copy, rng);
    if (store_counted(changes[0].key)) changes[0].kind = STORE_DROP;
    bool counted = copy.key[0] == STORE_COUNTED;
    changes[1] =
        (struct store_change){.kind = counted ? STORE_HOLD : STORE_PUT,
                              .key = bytes_at(copy.key, copy.key_size),
                              .value = bytes_at(copy.value, copy.value_size)};
    CHECK_EQ(store_submit(disk.store, 0, disk.batch++, changes, 2), OK);
    disk_restart(&disk);
    use(&disk);
    disk_restart(&disk);
    disk_fini(&disk);
}

static void cut_value(struct copy *copy, struct rng *rng)
{
    copy->value_size = (size_t)rng_below(rng, copy->value_size);
}

static void change_value(struct copy *copy, struct rng *rng)
{
    size_t at = (size_t)rng_below(rng, copy->value_size);
    copy->value[at] = (uint8_t)rng_next(rng);
}

static void change_key(struct copy *copy, struct rng *rng)
{
    size_t at = (size_t)rng_below(rng, copy->key_size);
    copy->key[at] = (uint8_t)rng_next(rng);
}

static void garbage_does_no_harm(void)
{
    struct rng rng;
    rng_init(&rng, 8471);
    for (int round = 0; round < 60; round++) {
        for (size_t i = 0; i < 14; i++) {
            with_change(i, cut_value, &rng);
            with_change(i, change_value, &rng);
            with_change(i, change_key, &rng);
        }
    }
}

/* The session's own record: without it, its parts are orphans, and go. */
static void break_version(struct copy *copy, struct rng *rng)
{
    (void)rng;
    copy->value[0] = 0;
}

static void orphans_are_noted_and_go(void)
{
    struct disk disk;
    live(&disk);
    struct copy copy = {.wanted = 4};
    CHECK_EQ(store_each(disk.store, copy_visit, &copy), OK);
    CHECK_EQ(copy.key[3], RECORD_SESSION);
    break_version(&copy, NULL);
    struct store_change change = {.kind = STORE_PUT,
                                  .key = bytes_at(copy.key, copy.key_size),
                                  .value =
                                      bytes_at(copy.value, copy.value_size)};
    CHECK_EQ(store_submit(disk.store, 0, disk.batch++, &change, 1), OK);
    disk_restart(&disk);
    CHECK_EQ(disk.errors, 5);
    /* The retained message, and the queue, of which another member of the group
     * may have a part. */
    CHECK_EQ(memory_count(disk.store), 9);
    disk_wait(&disk, 1000);
    CHECK_EQ(memory_count(disk.store), 1);
    disk_fini(&disk);
}

int main(void)
{
    RUN(all_is_there);
    RUN(garbage_does_no_harm);
    RUN(orphans_are_noted_and_go);
    return check_result();
}
