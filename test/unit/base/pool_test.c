/* The pool: accounting, reuse, alignment, sizes, and what the system sees. */
#include "base/pool.h"
#include "base/rng.h"
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct system {
    size_t blocks; /* held now */
    size_t calls;
    bool empty; /* refuses */
};

static void *system_grow(void *context, void *block, size_t size)
{
    struct system *system = context;
    system->calls++;
    if (size == 0) {
        system->blocks--;
        free(block);
        return NULL;
    }
    if (system->empty) return NULL;
    if (block == NULL) system->blocks++;
    return realloc(block, size);
}

static void *plain_grow(void *context, void *block, size_t size)
{
    (void)context;
    if (size > 0) return realloc(block, size);
    free(block);
    return NULL;
}

static struct pool *pool_on(struct system *system, size_t bytes_max)
{
    struct pool *pool =
        pool_new((struct memory){system_grow, system}, bytes_max);
    REQUIRE(pool != NULL);
    return pool;
}

static bool all_are(const uint8_t *at, size_t size, uint8_t value)
{
    for (size_t i = 0; i < size; i++) {
        if (at[i] != value) return false;
    }
    return true;
}

/* Every size is zeroed, aligned, its own, and counted. */
static void every_size(void)
{
    struct system system = {0};
    struct pool *pool = pool_on(&system, 0);
    size_t sizes[] = {1,    8,    15,   16,    17,    31,    32,    1008,
                      1023, 1024, 1025, 2047,  2048,  2049,  4096,  4097,
                      8192, 8193, 9000, 16384, 16385, 65536, 100000};
    enum { SIZES = sizeof sizes / sizeof sizes[0] };
    uint8_t *blocks[SIZES];
    CHECK_EQ(pool_bytes(pool), 0);
    for (int round = 0; round < 3; round++) {
        size_t asked = 0;
        for (size_t i = 0; i < SIZES; i++) {
            blocks[i] = pool_take(pool, sizes[i]);
            asked += sizes[i];
            CHECK_EQ((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
            CHECK(all_are(blocks[i], sizes[i], 0));
            memset(blocks[i], (int)i + 1, sizes[i]);
            CHECK(pool_bytes(pool) >= asked);
        }
        for (size_t i = 0; i < SIZES; i++) {
            CHECK(all_are(blocks[i], sizes[i], (uint8_t)(i + 1)));
            pool_give(pool, blocks[i], sizes[i]);
        }
        CHECK_EQ(pool_bytes(pool), 0);
    }
    pool_give(pool, NULL, 5);
    pool_free(pool);
    CHECK_EQ(system.blocks, 0);
}

/* A block given back is the next one taken: the system is not asked again. */
static void reuse(void)
{
    struct system system = {0};
    struct pool *pool = pool_on(&system, 0);
    void *first = pool_take(pool, 100);
    pool_give(pool, first, 100);
    size_t calls = system.calls;
    for (int i = 0; i < 100000; i++) {
        void *block = pool_take(pool, 97 + (size_t)i % 16);
        CHECK(block == first);
        pool_give(pool, block, 97 + (size_t)i % 16);
    }
    CHECK_EQ(system.calls, calls);
    pool_free(pool);
}

/* The rest of a chunk is not lost when a larger block starts the next. */
static void chunk_rest(void)
{
    struct system system = {0};
    struct pool *pool = pool_on(&system, 0);
    uintptr_t first = (uintptr_t)pool_take(pool, 16384);
    for (int i = 0; i < 3; i++) {
        pool_take(pool, 16384); /* three fit in a chunk of 64 KB */
    }
    size_t rest = 65536 - 3 * 16384;
    for (size_t size = 8192; size >= 1024; size /= 2) {
        uintptr_t block = (uintptr_t)pool_take(pool, size);
        CHECK(block - first < 3 * 16384 + rest);
    }
    pool_free(pool);
    CHECK_EQ(system.blocks, 0);
}

/* Random takes, resizes and gives, against what each block must hold. */
static void random_blocks(void)
{
    enum { BLOCKS = 300, STEPS = 60000 };
    static struct {
        uint8_t *at;
        size_t size;
    } blocks[BLOCKS];
    struct system system = {0};
    struct pool *pool = pool_on(&system, 0);
    struct rng rng;
    rng_init(&rng, 7);
    for (int step = 0; step < STEPS; step++) {
        size_t i = rng_below(&rng, BLOCKS);
        size_t most = rng_chance(&rng, 1, 20) ? 40000 : 700;
        size_t size = rng_below(&rng, most);
        size_t kept = size < blocks[i].size ? size : blocks[i].size;
        blocks[i].at = pool_resize(pool, blocks[i].at, blocks[i].size, size);
        CHECK((blocks[i].at == NULL) == (size == 0));
        if (!all_are(blocks[i].at, kept, (uint8_t)i)) {
            CHECK(!"a block has changed");
        }
        if (size > 0) memset(blocks[i].at, (int)i, size);
        blocks[i].size = size;
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        if (blocks[i].size > 0) {
            CHECK(all_are(blocks[i].at, blocks[i].size, (uint8_t)i));
        }
        pool_give(pool, blocks[i].at, blocks[i].size);
    }
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
    CHECK_EQ(system.blocks, 0);
}

/* A pool that is freed with blocks still out takes them along. */
static void free_all(void)
{
    struct system system = {0};
    struct pool *pool = pool_on(&system, 0);
    for (size_t size = 1; size < 100000; size = size * 3 / 2 + 1) {
        pool_take(pool, size);
    }
    pool_free(pool);
    CHECK_EQ(system.blocks, 0);
    pool_free(NULL);
}

static void ceiling(void)
{
    struct system system = {0};
    struct pool *pool = pool_on(&system, 1000);
    CHECK(!pool_full(pool));
    void *block = pool_take(pool, 1000);
    CHECK(pool_full(pool)); /* counted as 1008 */
    pool_give(pool, block, 1000);
    CHECK(!pool_full(pool));
    void *shared = pool_shared_take(pool, 1001);
    CHECK(pool_full(pool));
    CHECK_EQ(pool_bytes(pool), 1001);
    pool_shared_give(pool, shared, 1001);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_shared_give(pool, NULL, 3);
    pool_free(pool);

    struct pool *endless = pool_on(&system, 0);
    pool_take(endless, 1 << 20);
    CHECK(!pool_full(endless));
    pool_free(endless);
}

/* Does the process stop when `system` has no block, shared or not? */
static bool stops_without(struct system *system, bool is_shared)
{
    int status;
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        struct pool *pool = pool_on(system, 0);
        system->empty = true;
        REQUIRE(freopen("/dev/null", "w", stderr) != NULL);
        (void)(is_shared ? pool_shared_take(pool, 10) : pool_take(pool, 10));
        _exit(0);
    }
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void no_memory(void)
{
    struct system system = {.empty = true};
    CHECK(pool_new((struct memory){system_grow, &system}, 0) == NULL);
    system.empty = false;
    CHECK(stops_without(&system, false));
    CHECK(stops_without(&system, true));
}

enum { SHARED = 4000, GIVERS = 4 };

static struct {
    struct pool *pool;
    void *blocks[SHARED];
} shared;

static void *give_every_fourth(void *context)
{
    for (size_t i = (uintptr_t)context; i < SHARED; i += GIVERS) {
        pool_shared_give(shared.pool, shared.blocks[i], i + 1);
    }
    return NULL;
}

/* Other threads give back while this one takes and gives its own. */
static void shared_blocks(void)
{
    /* The system below must be callable from any thread: it counts nothing. */
    shared.pool = pool_new((struct memory){plain_grow, NULL}, 0);
    size_t total = 0;
    for (size_t i = 0; i < SHARED; i++) {
        shared.blocks[i] = pool_shared_take(shared.pool, i + 1);
        memset(shared.blocks[i], 1, i + 1);
        total += i + 1;
    }
    CHECK_EQ(pool_bytes(shared.pool), total);
    pthread_t threads[GIVERS];
    for (uintptr_t i = 0; i < GIVERS; i++) {
        REQUIRE(pthread_create(&threads[i], NULL, give_every_fourth,
                               (void *)i) == 0);
    }
    for (int i = 0; i < 10000; i++) {
        void *own = pool_take(shared.pool, 64);
        CHECK(pool_bytes(shared.pool) >= 64);
        pool_give(shared.pool, own, 64);
    }
    for (int i = 0; i < GIVERS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_EQ(pool_bytes(shared.pool), 0);
    pool_free(shared.pool);
}

int main(void)
{
    RUN(every_size);
    RUN(reuse);
    RUN(chunk_rest);
    RUN(random_blocks);
    RUN(free_all);
    RUN(ceiling);
    RUN(no_memory);
    RUN(shared_blocks);
    return check_result();
}
